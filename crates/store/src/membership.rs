//! Membership: who takes part, and what an observer can see of them.

use std::future::Future;

use baton_model::{
    Beat, DataSetId, InstanceId, InstanceRecord, Intent, LeaseRow, Member, ShardKey, StoreIdentity,
    StoreMillis,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{StoreError, error::unhappy};

/// What one look at the store shows. All of it was true at one moment, at one primary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// Who answered, and from which data.
    pub identity: StoreIdentity,
    /// The store's clock.
    pub now: StoreMillis,
    /// All members, ordered by id.
    pub members: Vec<Member>,
    /// The planner's lease.
    pub planner: Option<LeaseRow>,
    /// Where the planner wants shards that are on the move, ordered by shard.
    pub targets: Vec<(ShardKey, InstanceId)>,
    /// What operators want, ordered by subject. What a newer Baton can be asked for and this one
    /// cannot is left out.
    pub intents: Vec<Intent>,
}

/// Why a beat was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BeatError {
    /// Another process beats under the same id, and is ahead. The later one must exit.
    #[error("another process uses this instance id and is at beat {0}")]
    Duplicate(Beat),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(BeatError);

/// Would the store, at this moment, keep what it acknowledges?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Safety {
    /// It takes writes and has what its topology needs to keep them: its replicas, a quorum of its
    /// Sentinels, all slots of its Cluster, its disk.
    Safe,
    /// It would refuse a write, or might lose it.
    Unsafe {
        /// What is missing, where, and what an operator should do.
        reason: String,
    },
}

/// Holds an instance's presence; the presence ends when this is dropped, or when the process dies.
pub trait PresenceGuard: Send + Sync + 'static {
    /// Is it held at present? A connection that broke is being made again.
    fn is_held(&self) -> bool;
}

/// The members of the fleet that this store handle was opened for.
pub trait Membership {
    /// What holds an instance's presence.
    type Presence: PresenceGuard;

    /// Gives the data set its identity if it has none, and returns the one it has.
    ///
    /// Of many that try at once with different candidates, one wins and all are told it.
    fn ensure_data_set(
        &self,
        candidate: DataSetId,
    ) -> impl Future<Output = Result<DataSetId, StoreError>> + Send;

    /// Writes an instance's beat and record, and returns the store's clock. The beat must be
    /// larger than the one stored. Repeating the same beat with the same record changes nothing.
    fn beat(
        &self,
        me: InstanceId,
        beat: Beat,
        record: &InstanceRecord,
    ) -> impl Future<Output = Result<StoreMillis, BeatError>> + Send;

    /// Removes an instance, if its beat is still this one: whoever beats is not to be forgotten.
    /// The wish that it should drain goes with it, and so does its report. Repeating it changes
    /// nothing.
    fn forget(
        &self,
        id: InstanceId,
        beat: Beat,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// One consistent look at everybody.
    fn poll(&self) -> impl Future<Output = Result<Poll, StoreError>> + Send;

    /// Is the store safe at present? Whoever is about to take a lease asks first: what is granted
    /// by a primary that has lost its majority may be granted once more by another.
    ///
    /// It writes nothing, and costs so little that it can be asked every second. An error means
    /// that there was no answer, which is no better than [`Safety::Unsafe`]. The answer is about
    /// this moment: fencing, and not this, keeps a stream to one writer.
    fn safety(&self) -> impl Future<Output = Result<Safety, StoreError>> + Send;

    /// Holds a connection by which others see that this process lives: the kernel closes it when
    /// the process dies, and the next poll shows it.
    fn hold_presence(
        &self,
        me: InstanceId,
    ) -> impl Future<Output = Result<Self::Presence, StoreError>> + Send;
}
