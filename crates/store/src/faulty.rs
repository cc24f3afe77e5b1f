//! [`Faulty`]: a store whose connection is bad, from a seed.
//!
//! It wraps any store and does to each call what a network does: delays it, loses the request,
//! or loses the answer after the store has acted. Callers cannot tell the last two apart, which
//! is the point: whatever is written over a store has to hold over a faulty one.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baton_model::{
    AppName, Beat, DataSetId, Epoch, Expected, InstanceId, InstanceRecord, Lane, LeaseRow, OfferId,
    Seq, SessionNumber, SessionRow, StoreMillis,
};

use crate::{
    AcceptError, Append, AppendError, BeatError, BeginError, ClaimError, Command, CommandError,
    Commands, Entry, Events, Grant, Hold, HoldError, IdentifyBudget, Leases, Membership,
    NewSession, Planning, Poll, SessionStartLimit, ShardAddress, StoreError, StreamId, Take,
    Targets, TargetsError,
};

/// How often what goes wrong, in percent of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// The request never arrives; the caller gets no answer.
    pub lost_request_percent: u8,
    /// The store acts, but the caller gets no answer.
    pub lost_reply_percent: u8,
    /// The store says that it cannot at present.
    pub unavailable_percent: u8,
    /// Every call waits up to this long first.
    pub delay_max: Duration,
}

/// A store with a bad connection.
#[derive(Debug, Clone)]
pub struct Faulty<S> {
    store: S,
    faults: Faults,
    dice: Arc<AtomicU64>,
}

enum Fate {
    Served,
    RequestLost,
    ReplyLost,
    Unavailable,
}

impl<S> Faulty<S> {
    /// Wraps a store. The same seed and the same order of calls give the same faults.
    pub fn new(store: S, faults: Faults, seed: u64) -> Self {
        Self { store, faults, dice: Arc::new(AtomicU64::new(seed)) }
    }

    fn roll(&self, sides: u64) -> u64 {
        // splitmix64: every call takes the next number of one sequence, also across clones.
        let step = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mut bits = step.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % sides.max(1)
    }

    fn fate(&self) -> Fate {
        let Faults { lost_request_percent, lost_reply_percent, unavailable_percent, .. } =
            self.faults;
        let request = u64::from(lost_request_percent);
        let reply = request + u64::from(lost_reply_percent);
        let unavailable = reply + u64::from(unavailable_percent);
        match self.roll(100) {
            roll if roll < request => Fate::RequestLost,
            roll if roll < reply => Fate::ReplyLost,
            roll if roll < unavailable => Fate::Unavailable,
            _ => Fate::Served,
        }
    }

    async fn delay(&self) {
        let micros = u64::try_from(self.faults.delay_max.as_micros()).unwrap_or(u64::MAX);
        if micros > 0 {
            tokio::time::sleep(Duration::from_micros(self.roll(micros))).await;
        }
    }

    async fn through<T, E: From<StoreError>>(
        &self,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        self.delay().await;
        match self.fate() {
            Fate::Served => call.await,
            Fate::RequestLost => Err(StoreError::unknown("request lost").into()),
            Fate::ReplyLost => {
                // What the store answered is lost, whatever it was.
                drop(call.await);
                Err(StoreError::unknown("reply lost").into())
            }
            Fate::Unavailable => Err(StoreError::unavailable("made so").into()),
        }
    }
}

impl<S: Leases + Sync> Leases for Faulty<S> {
    async fn rows(&self, shards: &[ShardAddress]) -> Result<Vec<Option<LeaseRow>>, StoreError> {
        self.through(self.store.rows(shards)).await
    }

    async fn claim(
        &self,
        shard: &ShardAddress,
        expected: Expected,
        me: InstanceId,
    ) -> Result<Grant, ClaimError> {
        self.through(self.store.claim(shard, expected, me)).await
    }

    async fn offer(&self, hold: &Hold, to: InstanceId, offer: OfferId) -> Result<(), HoldError> {
        self.through(self.store.offer(hold, to, offer)).await
    }

    async fn accept(
        &self,
        hold: &Hold,
        offer: OfferId,
        me: InstanceId,
    ) -> Result<Grant, AcceptError> {
        self.through(self.store.accept(hold, offer, me)).await
    }

    async fn retract(&self, hold: &Hold, offer: OfferId) -> Result<(), HoldError> {
        self.through(self.store.retract(hold, offer)).await
    }

    async fn release(&self, hold: &Hold) -> Result<(), HoldError> {
        self.through(self.store.release(hold)).await
    }

    async fn reassert(
        &self,
        hold: &Hold,
        session: Option<&SessionRow>,
    ) -> Result<LeaseRow, HoldError> {
        self.through(self.store.reassert(hold, session)).await
    }

    async fn forget_resume_url(
        &self,
        hold: &Hold,
        session: SessionNumber,
    ) -> Result<(), HoldError> {
        self.through(self.store.forget_resume_url(hold, session)).await
    }
}

impl<S: Events + Sync> Events for Faulty<S> {
    async fn append(&self, append: &Append) -> Result<Seq, AppendError> {
        self.through(self.store.append(append)).await
    }

    /// A connection that breaks in the middle: some appends are answered, some only done, the
    /// rest never arrives.
    async fn append_all(&self, appends: &[Append]) -> Vec<Result<Seq, AppendError>> {
        self.delay().await;
        let length = appends.len() as u64;
        let (done, answered) = match self.fate() {
            Fate::Served => (length, length),
            Fate::RequestLost | Fate::Unavailable => (0, 0),
            Fate::ReplyLost => {
                let done = self.roll(length + 1);
                (done, self.roll(done + 1))
            }
        };
        let done = usize::try_from(done).unwrap_or(appends.len());
        let answered = usize::try_from(answered).unwrap_or(appends.len());
        let mut answers = self.store.append_all(&appends[..done]).await;
        answers.truncate(answered);
        let broken = || Err(StoreError::unknown("connection broke").into());
        answers.resize_with(appends.len(), broken);
        answers
    }

    async fn begin_session(
        &self,
        hold: &Hold,
        session: &NewSession,
    ) -> Result<SessionNumber, BeginError> {
        self.through(self.store.begin_session(hold, session)).await
    }

    async fn entries(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, Entry)>, StoreError> {
        self.through(self.store.entries(app, lane, after, count)).await
    }
}

impl<S: Commands + Sync> Commands for Faulty<S> {
    async fn send_command(
        &self,
        app: &AppName,
        lane: Lane,
        command: &Command,
    ) -> Result<StreamId, CommandError> {
        self.through(self.store.send_command(app, lane, command)).await
    }

    async fn commands(
        &self,
        app: &AppName,
        lane: Lane,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, Command)>, StoreError> {
        self.through(self.store.commands(app, lane, after, count)).await
    }

    async fn commands_done(&self, shard: &ShardAddress) -> Result<StreamId, StoreError> {
        self.through(self.store.commands_done(shard)).await
    }

    async fn set_commands_done(&self, hold: &Hold, done: StreamId) -> Result<(), HoldError> {
        self.through(self.store.set_commands_done(hold, done)).await
    }
}

impl<S: Membership + Sync> Membership for Faulty<S> {
    type Presence = S::Presence;

    async fn ensure_data_set(&self, candidate: DataSetId) -> Result<DataSetId, StoreError> {
        self.through(self.store.ensure_data_set(candidate)).await
    }

    async fn beat(
        &self,
        me: InstanceId,
        beat: Beat,
        record: &InstanceRecord,
    ) -> Result<StoreMillis, BeatError> {
        self.through(self.store.beat(me, beat, record)).await
    }

    async fn forget(&self, id: InstanceId, beat: Beat) -> Result<(), StoreError> {
        self.through(self.store.forget(id, beat)).await
    }

    async fn poll(&self) -> Result<Poll, StoreError> {
        self.through(self.store.poll()).await
    }

    async fn hold_presence(&self, me: InstanceId) -> Result<Self::Presence, StoreError> {
        self.through(self.store.hold_presence(me)).await
    }
}

impl<S: Planning + Sync> Planning for Faulty<S> {
    async fn claim_planner(&self, expected: Expected, me: InstanceId) -> Result<Grant, ClaimError> {
        self.through(self.store.claim_planner(expected, me)).await
    }

    async fn release_planner(&self, me: InstanceId, epoch: Epoch) -> Result<(), StoreError> {
        self.through(self.store.release_planner(me, epoch)).await
    }

    async fn write_targets(
        &self,
        me: InstanceId,
        epoch: Epoch,
        targets: Targets<'_>,
    ) -> Result<(), TargetsError> {
        self.through(self.store.write_targets(me, epoch, targets)).await
    }
}

impl<S: IdentifyBudget + Sync> IdentifyBudget for Faulty<S> {
    async fn take_identify(&self, app: &AppName, bucket: u32) -> Result<Take, StoreError> {
        self.through(self.store.take_identify(app, bucket)).await
    }

    async fn learn_limit(&self, app: &AppName, limit: SessionStartLimit) -> Result<(), StoreError> {
        self.through(self.store.learn_limit(app, limit)).await
    }

    async fn identify_limit(&self, app: &AppName) -> Result<Option<SessionStartLimit>, StoreError> {
        self.through(self.store.identify_limit(app)).await
    }
}
