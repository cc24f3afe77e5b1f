//! What a supervisor wants done.

use std::time::Duration;

use super::Dispute;
use baton_fleet::{Bucket, Hint, RequestId};
use baton_model::{
    AppName, Beat, Epoch, Expected, InstanceId, InstanceRecord, IntentId, Lane, Moment, ShardKey,
    Subject,
};
use baton_shard::SocketId;
use baton_store::What;

/// Something to carry out. The order of errands to one shard counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Ask the store.
    Ask(Ask),
    /// Tell the other instances.
    Tell(Hint),
    /// Tell a shard's task; where there is none, start one.
    Errand(ShardKey, Errand),
    /// A shard's task may end.
    Dismiss(ShardKey),
    /// An operator should know.
    Remark(Remark),
    /// The process is to end.
    End(Ending),
}

/// A question to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Write the own line of the membership list.
    Beat(Beat, Box<InstanceRecord>),
    /// Look at everybody.
    Poll(RequestId),
    /// Read the rows of all shards, and then look whose store it was.
    Sweep(RequestId),
    /// Read one shard's row.
    Row(ShardKey),
    /// Give the data set a name, unless it has one.
    NameDataSet,
    /// Strike a dead instance off the membership list.
    Forget(InstanceId, Beat),
    /// Claim the planner's lease.
    ClaimPlanner(Expected),
    /// Give it back.
    ReleasePlanner(Epoch),
    /// Change the targets.
    WriteTargets {
        /// Under which planner's lease.
        epoch: Epoch,
        /// Shards that should go somewhere.
        set: Vec<(ShardKey, InstanceId)>,
        /// Shards whose move is over.
        clear: Vec<ShardKey>,
    },
    /// Remove what an operator wanted, because it is done.
    Withdraw(Subject, IntentId),
    /// Take a permit to IDENTIFY.
    TakePermit {
        /// Names the answer.
        request: RequestId,
        /// Of which app.
        app: AppName,
        /// In which of its buckets.
        bucket: Bucket,
    },
}

/// What a shard's task is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// For its machine, as it is.
    Input(baton_shard::Input),
    /// It may IDENTIFY, if it is still that socket's turn and before the permit ends.
    Permit {
        /// For which socket.
        socket: SocketId,
        /// When the permit ends.
        use_before: Moment,
    },
}

/// What an operator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Nobody has room for these shards, or can take these pins. Said whenever it changes.
    NoPlace {
        /// Shards that have to go somewhere.
        left_over: Vec<ShardKey>,
        /// Pinned shards that are somewhere else.
        pins_unmet: Vec<ShardKey>,
    },
    /// The limit of an ordered drain has come; what is left stays.
    DrainGivenUp,
    /// An operator wants an app's token sources read again.
    ReadToken {
        /// Which app.
        app: AppName,
    },
    /// An app that was to run no more has nothing here any more.
    Retired {
        /// Which app.
        app: AppName,
    },
    /// An app's daily budget of IDENTIFYs is used up to its reserve.
    BudgetExhausted {
        /// Which app.
        app: AppName,
        /// Until it is renewed.
        reset_after: Duration,
    },
    /// A lane's stream was longer than it may be, and entries went that a living consumer group had
    /// not read.
    Unread {
        /// Of which app.
        app: AppName,
        /// Which lane.
        lane: Lane,
        /// How many, since this was last said.
        entries: u64,
    },
    /// Discord rejects an app for good.
    Rejected {
        /// Which app.
        app: AppName,
        /// With which close code.
        code: u16,
    },
    /// Two believed that they were the one.
    Conflict(Dispute),
    /// This instance has done something that is noted down.
    Happened(What),
    /// A shard's task says something that concerns nobody but an operator.
    Shard(ShardKey, baton_shard::Notice),
}

/// Why the process is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Everything has been given away.
    Drained,
    /// The same, because memory ran short.
    Memory,
    /// Another process beats under this instance's id.
    Impostor,
}
