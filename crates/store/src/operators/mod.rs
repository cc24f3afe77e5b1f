//! What a store does for operators: a part of what it does for instances, that can be asked for
//! from another process.
//!
//! Each of these is a [`Question`], a value that can be written down; so whoever has a store, and
//! whoever only has a connection to the process that has it, are asked in the same words. What
//! makes an instance (beating, claiming, appending, permits to IDENTIFY) is not among them: over
//! such a connection nobody joins a fleet.
//!
//! What a question promises is what the method of the same name promises; it is answered by that.

pub mod question;
pub mod wire;

use std::future::Future;

use baton_model::{
    AppName, AppShape, Beat, Expected, InstanceId, InstanceReport, Intent, IntentId, Lane,
    LeaseRow, NewIntent, StoredApp, Subject,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    BreakError, Command, CommandError, CommandResult, Conflict, DeadLetter, FieldsError, FoundApp,
    FoundConsumerReport, FoundEntry, FoundHappening, GroupAddress, Happening, IntendError,
    LaneView, Poll, PutAppError, Redelivery, RestoreError, RestoredLane, Safety, SessionStartLimit,
    ShardAddress, Store, StoreError, StreamId, Trim, Trimmable, Trimmed,
};

/// Something that operators ask of a store.
pub trait Question: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is answered.
    type Answer: Serialize + DeserializeOwned + Send;

    /// Why there is no answer.
    type Error: Serialize + DeserializeOwned + From<StoreError> + Send;

    /// Which question it is, on a wire.
    const NAME: &'static str;

    /// Asks the store.
    fn put<S: Store>(
        self,
        store: &S,
    ) -> impl Future<Output = Result<Self::Answer, Self::Error>> + Send;
}

/// The answer to a question, to come.
macro_rules! answer {
    ($answer:ty) => { answer!($answer, StoreError) };
    ($answer:ty, $error:ty) => { impl Future<Output = Result<$answer, $error>> + Send };
}

/// A store as operators see it. Each method asks the question of its name.
pub trait ForOperators: Clone + Send + Sync + 'static {
    /// Asks anything.
    fn ask<Q: Question>(&self, question: Q) -> answer!(Q::Answer, Q::Error);

    /// As [`Membership::poll`](crate::Membership::poll).
    fn poll(&self) -> answer!(Poll) {
        self.ask(question::Look {})
    }

    /// As [`Membership::safety`](crate::Membership::safety).
    fn safety(&self) -> answer!(Safety) {
        self.ask(question::Safe {})
    }

    /// As [`Membership::forget`](crate::Membership::forget).
    fn forget(&self, id: InstanceId, beat: Beat) -> answer!(()) {
        self.ask(question::Forget { id, beat })
    }

    /// As [`Reports::reports`](crate::Reports::reports).
    fn reports(&self) -> answer!(Vec<(InstanceId, Result<InstanceReport, FieldsError>)>) {
        self.ask(question::AllReports {})
    }

    /// As [`Reports::consumer_reports`](crate::Reports::consumer_reports).
    fn consumer_reports(&self, app: &AppName) -> answer!(Vec<(String, FoundConsumerReport)>) {
        self.ask(question::ConsumerReports { app: app.clone() })
    }

    /// As [`Apps::apps`](crate::Apps::apps).
    fn apps(&self) -> answer!(Vec<(AppName, AppShape)>) {
        self.ask(question::AllApps {})
    }

    /// As [`Apps::app_shape`](crate::Apps::app_shape).
    fn app_shape(&self, app: &AppName) -> answer!(Option<AppShape>) {
        self.ask(question::Shape { app: app.clone() })
    }

    /// As [`StoredApps::stored_apps`](crate::StoredApps::stored_apps).
    fn stored_apps(&self) -> answer!(Vec<(AppName, FoundApp)>) {
        self.ask(question::AllStoredApps {})
    }

    /// As [`StoredApps::put_app`](crate::StoredApps::put_app).
    fn put_app(&self, name: &AppName, seen: u64, app: &StoredApp) -> answer!(u64, PutAppError) {
        self.ask(question::PutApp { name: name.clone(), seen, app: app.clone() })
    }

    /// As [`Leases::rows`](crate::Leases::rows).
    fn rows(&self, shards: &[ShardAddress]) -> answer!(Vec<Option<LeaseRow>>) {
        self.ask(question::Rows { shards: shards.to_vec() })
    }

    /// As [`Leases::break_lease`](crate::Leases::break_lease).
    fn break_lease(&self, shard: &ShardAddress, expected: Expected) -> answer!((), BreakError) {
        self.ask(question::BreakLease { shard: shard.clone(), expected })
    }

    /// As [`IdentifyBudget::identify_limit`](crate::IdentifyBudget::identify_limit).
    fn identify_limit(&self, app: &AppName) -> answer!(Option<SessionStartLimit>) {
        self.ask(question::IdentifyLimit { app: app.clone() })
    }

    /// As [`Intents::intend`](crate::Intents::intend).
    fn intend(&self, intent: &NewIntent) -> answer!(Option<Intent>, IntendError) {
        self.ask(question::Intend { intent: intent.clone() })
    }

    /// As [`Intents::withdraw`](crate::Intents::withdraw).
    fn withdraw(&self, subject: &Subject, id: IntentId) -> answer!(bool) {
        self.ask(question::Withdraw { subject: subject.to_string(), id })
    }

    /// As [`Journal::note`](crate::Journal::note).
    fn note(&self, happening: &Happening) -> answer!(()) {
        self.ask(question::Note { happening: happening.clone() })
    }

    /// As [`Journal::happenings`](crate::Journal::happenings).
    fn happenings(
        &self,
        after: StreamId,
        count: usize,
    ) -> answer!(Vec<(StreamId, FoundHappening)>) {
        self.ask(question::Happenings { after, count })
    }

    /// As [`Journal::recent`](crate::Journal::recent).
    fn recent(&self, before: StreamId, count: usize) -> answer!(Vec<(StreamId, FoundHappening)>) {
        self.ask(question::Recent { before, count })
    }

    /// As [`Conflicts::conflicts`](crate::Conflicts::conflicts).
    fn conflicts(&self, after: StreamId, count: usize) -> answer!(Vec<(StreamId, Conflict)>) {
        self.ask(question::LastConflicts { after, count })
    }

    /// As [`Events::entries`](crate::Events::entries).
    fn entries(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> answer!(Vec<(StreamId, FoundEntry)>) {
        self.ask(question::Entries { app: app.clone(), lane, after, count })
    }

    /// As [`Events::trim`](crate::Events::trim).
    fn trim(&self, app: &AppName, lane: Lane, trim: &Trim) -> answer!(Trimmed) {
        self.ask(question::TrimLane { app: app.clone(), lane, trim: *trim })
    }

    /// As [`Events::trimmable`](crate::Events::trimmable).
    fn trimmable(&self, app: &AppName, lane: Lane, trim: &Trim) -> answer!(Trimmable) {
        self.ask(question::TrimmableOfLane { app: app.clone(), lane, trim: *trim })
    }

    /// As [`Commands::send_command`](crate::Commands::send_command).
    fn send_command(
        &self,
        app: &AppName,
        lane: Lane,
        command: &Command,
    ) -> answer!(StreamId, CommandError) {
        self.ask(question::SendCommand { app: app.clone(), lane, command: command.clone() })
    }

    /// As [`Commands::results`](crate::Commands::results).
    fn results(
        &self,
        app: &AppName,
        lane: Lane,
        reply_to: &str,
        after: StreamId,
    ) -> answer!(Vec<(StreamId, CommandResult)>) {
        let (app, reply_to) = (app.clone(), reply_to.to_owned());
        self.ask(question::Results { app, lane, reply_to, after })
    }

    /// As [`Lanes::lane`](crate::Lanes::lane).
    fn lane(&self, app: &AppName, lane: Lane) -> answer!(LaneView) {
        self.ask(question::ViewLane { app: app.clone(), lane })
    }

    /// As [`Lanes::remove_group`](crate::Lanes::remove_group).
    fn remove_group(&self, group: GroupAddress<'_>) -> answer!(bool) {
        self.ask(question::RemoveGroup { group: group.into() })
    }

    /// As [`Lanes::dead_letters`](crate::Lanes::dead_letters).
    fn dead_letters(
        &self,
        group: GroupAddress<'_>,
        after: StreamId,
        count: usize,
    ) -> answer!(Vec<DeadLetter>) {
        self.ask(question::DeadLetters { group: group.into(), after, count })
    }

    /// As [`Lanes::drop_dead_letters`](crate::Lanes::drop_dead_letters).
    fn drop_dead_letters(&self, group: GroupAddress<'_>, ids: &[StreamId]) -> answer!(u64) {
        self.ask(question::DropDeadLetters { group: group.into(), ids: ids.to_vec() })
    }

    /// As [`Lanes::redeliver`](crate::Lanes::redeliver).
    fn redeliver(&self, group: GroupAddress<'_>, letter: StreamId) -> answer!(Redelivery) {
        self.ask(question::Redeliver { group: group.into(), letter })
    }

    /// As [`Transfer::restore_lane`](crate::Transfer::restore_lane).
    fn restore_lane(&self, lane: &RestoredLane) -> answer!((), RestoreError) {
        self.ask(question::RestoreLane { lane: lane.clone() })
    }

    /// As [`Transfer::restore_apps`](crate::Transfer::restore_apps).
    fn restore_apps(&self, apps: &[(AppName, AppShape)]) -> answer!((), RestoreError) {
        self.ask(question::RestoreApps { apps: apps.to_vec() })
    }
}

impl<S: Store> ForOperators for S {
    fn ask<Q: Question>(&self, question: Q) -> answer!(Q::Answer, Q::Error) {
        question.put(self)
    }
}
