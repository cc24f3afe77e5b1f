//! What a [`Fleet`](crate::Fleet) wants done.

use std::time::Duration;

use baton_model::{
    AppName, Beat, Epoch, Expected, InstanceId, InstanceRecord, IntentId, Moment, ShardKey,
};

use crate::{asking::RequestId, identify::Bucket, input::Hint};

/// Something to be carried out by the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write the own line of the membership list, unless it has a higher beat already.
    Beat(Beat, Box<InstanceRecord>),
    /// Read the membership list, all presences, the planner's lease and the targets.
    Poll(RequestId),
    /// Read all lease rows.
    Sweep(RequestId),
    /// The leases held here are confirmed again.
    Confirmed,
    /// They are not: shards keep their sockets, but do not identify, offer or accept.
    Unconfirmed,
    /// The store is another one: every shard writes its row back from memory.
    Reassert,
    /// Give the data set a name, unless it has one.
    NameDataSet,
    /// Another process beats under this instance's id. One of the two must end: this one.
    Impostor,

    /// Claim a shard if its lease is still the expected one.
    Claim(ShardKey, Expected),
    /// The same for the planner's lease.
    ClaimPlanner(Expected),
    /// Give the planner's lease back.
    ReleasePlanner(Epoch),
    /// Change the targets, if the planner's lease still has this number.
    WriteTargets {
        /// The lease that permits it.
        epoch: Epoch,
        /// Shards that should go somewhere.
        set: Vec<(ShardKey, InstanceId)>,
        /// Shards whose move is over.
        clear: Vec<ShardKey>,
    },
    /// Strike a dead instance off the membership list, if its beat is still this one.
    Forget(InstanceId, Beat),
    /// Nobody has room for these shards, or can take these pins. Said whenever it changes.
    NoPlace {
        /// Shards that have to go somewhere.
        left_over: Vec<ShardKey>,
        /// Pinned shards that are somewhere else.
        pins_unmet: Vec<ShardKey>,
    },

    /// A shard will come here: get its socket ready.
    Warm(ShardKey),
    /// It will not: drop the socket.
    Cool(ShardKey),
    /// Offer a shard held here to another instance.
    HandOver(ShardKey, InstanceId),
    /// Somebody else holds the shard under a newer lease: stop it.
    Superseded(ShardKey),
    /// Give the lease of a shard held here back, with its session.
    Release(ShardKey),
    /// The limit of an ordered drain has come, and what is left stays.
    DrainGivenUp(IntentId),
    /// Nothing is left and the others know: the process may end.
    Drained,
    /// Tell the other instances.
    Tell(Hint),

    /// Ask the store for a permit to identify.
    TakePermit {
        /// Names the answer.
        request: RequestId,
        /// Of which app.
        app: AppName,
        /// In which of its buckets.
        bucket: Bucket,
    },
    /// The shard may send its IDENTIFY, but only before this moment.
    Identify {
        /// Which shard.
        shard: ShardKey,
        /// When the permit ends.
        use_before: Moment,
    },
    /// An app's daily budget is used up to its reserve. An operator should know.
    BudgetExhausted {
        /// Which app.
        app: AppName,
        /// Until it is renewed.
        reset_after: Duration,
    },
}

/// Why the machine wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WakeReason {
    /// The leases will not be confirmed any more.
    Confirmation,
    /// A beat is due.
    Beat,
    /// A poll is due, or its answer is overdue.
    Poll,
    /// The same for a sweep.
    Sweep,
    /// A step of the own drain is due.
    Drain,
    /// The planner's lease may be claimed, or the answer to a claim is overdue.
    Election,
    /// A hand-over is due.
    HandOver,
    /// An orphan may be claimed.
    Claim,
    /// Somebody has been here for long enough to be given shards.
    Join,
    /// A permit may be asked for.
    Identify,
}
