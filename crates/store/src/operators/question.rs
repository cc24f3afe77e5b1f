//! The questions, each a value that can be written down.

use baton_model::{
    AppName, AppShape, Beat, Expected, InstanceId, InstanceReport, Intent, IntentId, Lane,
    LeaseRow, NewIntent, StoredApp, Subject,
};
use serde::{Deserialize, Serialize};

use super::Question;
use crate::{
    BreakError, Command, CommandError, CommandResult, Conflict, DeadLetter, FieldsError, FoundApp,
    FoundConsumerReport, FoundEntry, FoundHappening, GroupAddress, Happening, IntendError,
    LaneView, Poll, PutAppError, Redelivery, RestoreError, RestoredLane, Safety, SessionStartLimit,
    ShardAddress, Store, StoreError, StreamId, Trim, Trimmable, Trimmed,
};

/// A consumer group of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    app: AppName,
    lane: Lane,
    name: String,
}

impl From<GroupAddress<'_>> for Group {
    fn from(address: GroupAddress<'_>) -> Self {
        let GroupAddress { app, lane, name } = address;
        Self { app: app.clone(), lane, name: name.to_owned() }
    }
}

impl Group {
    fn address(&self) -> GroupAddress<'_> {
        GroupAddress { app: &self.app, lane: self.lane, name: &self.name }
    }
}

/// Makes each question, and calls `$visit` with all of their names.
macro_rules! questions {
    ($(
        $name:ident { $($field:ident: $type:ty),* } => $answer:ty, $error:ty:
            |$store:ident, $it:ident| $put:expr;
    )*) => {
        $(
            #[doc = concat!("The question `", stringify!($name), "`.")]
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name {
                $(
                    #[doc = concat!("As the method has `", stringify!($field), "`.")]
                    pub $field: $type,
                )*
            }

            impl Question for $name {
                type Answer = $answer;
                type Error = $error;
                const NAME: &'static str = stringify!($name);

                async fn put<S: Store>(self, $store: &S) -> Result<$answer, $error> {
                    let $it = self;
                    $put
                }
            }
        )*

        /// Reads a question of this name, puts it to the store, and writes the answer down. None if
        /// there is no such question.
        pub(super) async fn answered<S: Store>(
            store: &S,
            name: &str,
            body: &[u8],
        ) -> Option<Result<Vec<u8>, StoreError>> {
            match name {
                $(stringify!($name) => Some(super::wire::put::<$name, S>(store, body).await),)*
                _ => None,
            }
        }
    };
}

questions! {
    Look {} => Poll, StoreError: |store, _it| store.poll().await;
    Safe {} => Safety, StoreError: |store, _it| store.safety().await;
    Forget { id: InstanceId, beat: Beat } => (), StoreError:
        |store, it| store.forget(it.id, it.beat).await;
    AllReports {} => Vec<(InstanceId, Result<InstanceReport, FieldsError>)>, StoreError:
        |store, _it| store.reports().await;
    ConsumerReports { app: AppName } => Vec<(String, FoundConsumerReport)>, StoreError:
        |store, it| store.consumer_reports(&it.app).await;

    AllApps {} => Vec<(AppName, AppShape)>, StoreError: |store, _it| store.apps().await;
    Shape { app: AppName } => Option<AppShape>, StoreError:
        |store, it| store.app_shape(&it.app).await;
    AllStoredApps {} => Vec<(AppName, FoundApp)>, StoreError:
        |store, _it| store.stored_apps().await;
    PutApp { name: AppName, seen: u64, app: StoredApp } => u64, PutAppError:
        |store, it| store.put_app(&it.name, it.seen, &it.app).await;

    Rows { shards: Vec<ShardAddress> } => Vec<Option<LeaseRow>>, StoreError:
        |store, it| store.rows(&it.shards).await;
    BreakLease { shard: ShardAddress, expected: Expected } => (), BreakError:
        |store, it| store.break_lease(&it.shard, it.expected).await;
    IdentifyLimit { app: AppName } => Option<SessionStartLimit>, StoreError:
        |store, it| store.identify_limit(&it.app).await;

    Intend { intent: NewIntent } => Option<Intent>, IntendError:
        |store, it| store.intend(&it.intent).await;
    Withdraw { subject: String, id: IntentId } => bool, StoreError:
        |store, it| store.withdraw(&subject(&it.subject)?, it.id).await;

    Note { happening: Happening } => (), StoreError: |store, it| store.note(&it.happening).await;
    Happenings { after: StreamId, count: usize } => Vec<(StreamId, FoundHappening)>, StoreError:
        |store, it| store.happenings(it.after, it.count).await;
    Recent { before: StreamId, count: usize } => Vec<(StreamId, FoundHappening)>, StoreError:
        |store, it| store.recent(it.before, it.count).await;
    LastConflicts { after: StreamId, count: usize } => Vec<(StreamId, Conflict)>, StoreError:
        |store, it| store.conflicts(it.after, it.count).await;

    Entries { app: AppName, lane: Lane, after: StreamId, count: usize } =>
        Vec<(StreamId, FoundEntry)>, StoreError:
        |store, it| store.entries(&it.app, it.lane, it.after, it.count).await;
    TrimLane { app: AppName, lane: Lane, trim: Trim } => Trimmed, StoreError:
        |store, it| store.trim(&it.app, it.lane, &it.trim).await;
    TrimmableOfLane { app: AppName, lane: Lane, trim: Trim } => Trimmable, StoreError:
        |store, it| store.trimmable(&it.app, it.lane, &it.trim).await;
    SendCommand { app: AppName, lane: Lane, command: Command } => StreamId, CommandError:
        |store, it| store.send_command(&it.app, it.lane, &it.command).await;
    Results { app: AppName, lane: Lane, reply_to: String, after: StreamId } =>
        Vec<(StreamId, CommandResult)>, StoreError:
        |store, it| store.results(&it.app, it.lane, &it.reply_to, it.after).await;

    ViewLane { app: AppName, lane: Lane } => LaneView, StoreError:
        |store, it| store.lane(&it.app, it.lane).await;
    RemoveGroup { group: Group } => bool, StoreError:
        |store, it| store.remove_group(it.group.address()).await;
    DeadLetters { group: Group, after: StreamId, count: usize } => Vec<DeadLetter>, StoreError:
        |store, it| store.dead_letters(it.group.address(), it.after, it.count).await;
    DropDeadLetters { group: Group, ids: Vec<StreamId> } => u64, StoreError:
        |store, it| store.drop_dead_letters(it.group.address(), &it.ids).await;
    Redeliver { group: Group, letter: StreamId } => Redelivery, StoreError:
        |store, it| store.redeliver(it.group.address(), it.letter).await;

    RestoreLane { lane: RestoredLane } => (), RestoreError:
        |store, it| store.restore_lane(&it.lane).await;
    RestoreApps { apps: Vec<(AppName, AppShape)> } => (), RestoreError:
        |store, it| store.restore_apps(&it.apps).await;
}

fn subject(text: &str) -> Result<Subject, StoreError> {
    text.parse().map_err(|_| StoreError::refused(format!("{text:?} is no subject of an intent")))
}
