//! The nouns of Baton.
//!
//! One word, one meaning: what a *shard*, a *session*, an *epoch* or an *entry* is, is said here
//! once, as a type, and every other member uses these types at its boundaries. Nothing in this
//! crate acts: no I/O, no clock, no decisions. The one idea to take along is that a number never
//! travels naked: a [`Seq`] cannot be passed where an [`Epoch`] is wanted.
//!
//! | word | type | meaning |
//! |---|---|---|
//! | fleet | [`FleetName`] | all instances that share one store and one namespace in it |
//! | app | [`AppName`] | one Discord application (one bot token) |
//! | shape | [`AppShape`] | into how many shards and lanes an app is cut |
//! | shard | [`ShardKey`] | Discord's slice of an app, in one [`Generation`] of its shard count |
//! | lane | [`Lane`] | the unit of streaming; shard `n` writes to lane `n % lanes` |
//! | instance | [`InstanceId`] | one gateway process; a fresh id at every start |
//! | lease | [`LeaseRow`] | an instance's right to write a shard's events |
//! | epoch | [`Epoch`] | the number of that right; it only grows |
//! | session | [`SessionRow`] | Discord's session, and how far the stream has got in it |
//! | seq | [`Seq`] | Discord's number of a dispatch within its session |
//! | dispatch | [`Dispatch`] | an event as Discord sent it |
//! | marker | [`Marker`] | an entry that Baton itself writes, to say what no dispatch says |
//! | offer | [`Holding::Offered`] | a lease on its way from one instance to another |
//! | intent | [`Intent`] | what an operator wants, until it is done or taken back |
//! | report | [`InstanceReport`], [`ConsumerReport`] | what an instance, or a consumer, tells operators of itself |

mod app_shape;
mod consumer_report;
mod dispatch;
mod instance;
mod intent;
mod lane;
mod lease;
pub mod length;
pub mod limits;
mod line;
mod marker;
mod name;
mod random_id;
pub mod raw_bytes;
mod report;
mod session;
mod shard;
mod shard_ranges;
mod shard_state;
mod store_identity;
mod stored_app;
mod stream_id;
mod time;

pub use app_shape::AppShape;
pub use consumer_report::{ConsumerReport, HandlerReport};
pub use dispatch::{Dispatch, EventName, GuildId, TraceParent, TraceParentError};
pub use instance::{
    Beat, Capacity, InstanceId, InstanceIdError, InstanceRecord, Member, Phase, Presence, Tier,
    Version, VersionError, Weight,
};
pub use intent::{Intent, NewIntent, PinUntil, RestartHow, Subject, SubjectError, Wish};
pub use lane::{Lane, LaneCount};
pub use lease::{Epoch, Expected, Holding, LeaseRow, OfferId};
pub use line::{Line, LineError};
pub use marker::{Marker, SessionStart};
pub use name::{AppName, FleetName, NameError, Zone};
pub use random_id::{ConflictId, IntentId, RandomIdError};
pub use report::{AppCondition, AppReport, AppSource, HealthLevel, InstanceReport, ShardStates};
pub use session::{
    ResumeUrl, ResumeUrlError, RowSession, Seq, SessionId, SessionNumber, SessionRow,
};
pub use shard::{Generation, ShardCount, ShardKey, ShardKeyError, ShardNumber};
pub use shard_ranges::{ShardRanges, ShardRangesError};
pub use shard_state::{ShardState, ShardStateError};
pub use store_identity::{DataSetId, PrimaryId, StoreIdentity};
pub use stored_app::StoredApp;
pub use stream_id::{StreamId, StreamIdError};
pub use time::{Moment, StoreMillis, UnixMicros, whole_millis};
