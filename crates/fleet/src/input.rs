//! What a [`Fleet`](crate::Fleet) is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU16,
    time::Duration,
};

use baton_model::{
    AppName, Beat, Epoch, InstanceId, IntentId, LeaseRow, Member, ShardKey, StoreIdentity,
};
use serde::{Deserialize, Serialize};

use crate::{
    asking::RequestId,
    handover::Targets,
    identify::{History, PermitAnswer},
    planner::PlannerRow,
};

/// What instances tell each other by the way. A hint may be lost, late or false: it only makes
/// somebody look sooner, or do sooner what a poll would have asked for.
///
/// Its JSON is how instances of two versions understand each other during an upgrade. One that a
/// version does not know is lost on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case", deny_unknown_fields)]
pub enum Hint {
    /// An instance's presence is gone.
    Suspect {
        /// Whose.
        instance: InstanceId,
    },
    /// Leases have been released.
    Released,
    /// A lease has a new owner.
    Taken {
        /// Of which shard.
        shard: ShardKey,
        /// Under which number.
        epoch: Epoch,
        /// Who owns it.
        by: InstanceId,
    },
    /// The planner wants a shard elsewhere.
    Move {
        /// Which shard.
        shard: ShardKey,
        /// Where it should go.
        to: InstanceId,
    },
    /// The target of a move has its socket ready.
    Warmed {
        /// Which shard.
        shard: ShardKey,
        /// The target.
        by: InstanceId,
    },
    /// The target of a move does not get a socket ready.
    NotWarmed {
        /// Which shard.
        shard: ShardKey,
        /// The target.
        by: InstanceId,
    },
    /// A lease stands on offer. Whoever drives the target's machine has its row read.
    Offered {
        /// Of which shard.
        shard: ShardKey,
        /// To whom.
        to: InstanceId,
    },
}

/// What one poll of the membership shows. All of it was read from the same store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poll {
    /// Who answered.
    pub store: StoreIdentity,
    /// The membership list.
    pub members: Vec<Member>,
    /// The planner's lease.
    pub planner: PlannerRow,
    /// Where the planner wants shards that are on the move.
    pub targets: Targets,
}

/// What a sweep over all lease rows shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Who answered.
    pub store: StoreIdentity,
    /// Every shard that should run. One that was never leased stands here as a free row of epoch
    /// 0.
    pub rows: BTreeMap<ShardKey, LeaseRow>,
}

/// How a lease left this instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Departure {
    /// Another instance accepted it.
    HandedOver(InstanceId),
    /// It was given back.
    Released,
    /// The store refused an append: somebody else has it.
    Fenced,
}

/// Whether the store would keep, at this moment, what it grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreSafety {
    /// It has what its topology needs for that.
    Safe,
    /// It has not, or did not say so: what it grants may be granted once more by another.
    #[default]
    Unsafe,
}

/// An instance is to give everything away, until the order is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainOrder {
    /// Which order.
    pub id: IntentId,
    /// For how long it is tried; without end if none. What is left then stays.
    pub limit: Option<Duration>,
}

/// What operators want.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Orders {
    /// Instances that are to be empty.
    pub drains: BTreeMap<InstanceId, DrainOrder>,
    /// Where shards are to be. A move is a pin, too, until it is done.
    pub pins: BTreeMap<ShardKey, InstanceId>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The time of [`poll_timeout`](crate::Fleet::poll_timeout) has come.
    Wake,
    /// The connection that listens on the own presence channel is up.
    Connected,
    /// It is down.
    Disconnected,
    /// This instance can be given shards.
    Ready,
    /// The process is to end: this instance gives everything away, and releases after `limit` what
    /// it still has.
    Drain {
        /// How long it may take.
        limit: Duration,
    },
    /// The tasks of these shards make no progress.
    Stalled(BTreeSet<ShardKey>),

    /// The store has acknowledged a beat.
    BeatAcked(Beat),
    /// Answers [`Output::Poll`](crate::Output::Poll).
    Polled(RequestId, Box<Poll>),
    /// Answers it, too: there was no answer, or an error.
    PollFailed(RequestId),
    /// Answers [`Output::Sweep`](crate::Output::Sweep).
    Swept(RequestId, Sweep),
    /// Answers it, too.
    SweepFailed(RequestId),
    /// What the store says of itself, as often as it is asked. Before that it is not trusted.
    StoreSafety(StoreSafety),
    /// What operators want, all of it.
    Orders(Orders),
    /// Another instance says something.
    Hint(Hint),

    /// A claim was granted.
    Claimed {
        /// Of which shard.
        shard: ShardKey,
        /// Under which number.
        epoch: Epoch,
    },
    /// A claim was refused, because somebody was faster.
    ClaimLost(ShardKey),
    /// Nobody knows whether a claim was granted.
    ClaimUnknown(ShardKey),
    /// The claim on the planner's lease was granted.
    PlannerClaimed(Epoch),
    /// It was refused, or nobody knows.
    PlannerClaimLost,

    /// This instance has accepted an offer.
    Took {
        /// Of which shard.
        shard: ShardKey,
        /// Under which number.
        epoch: Epoch,
    },
    /// A lease has left this instance.
    LetGo {
        /// Of which shard.
        shard: ShardKey,
        /// How.
        departure: Departure,
    },
    /// A hand-over was taken back; the shard stays.
    HandOverFailed(ShardKey),

    /// Other shards should run than before, so the rows known are not all.
    ShardsChanged,
    /// How many buckets an app has.
    MaxConcurrency {
        /// Which app.
        app: AppName,
        /// As Discord says.
        buckets: NonZeroU16,
    },
    /// A shard needs to identify.
    IdentifyWanted {
        /// Which shard.
        shard: ShardKey,
        /// Whether it was live before.
        history: History,
    },
    /// It does not any more.
    IdentifyCancelled(ShardKey),
    /// Answers [`Output::TakePermit`](crate::Output::TakePermit).
    Permit(RequestId, PermitAnswer),
}

#[cfg(test)]
mod tests {
    use baton_model::{Generation, ShardNumber};

    use super::*;

    #[test]
    fn instances_of_other_versions_are_understood() {
        let (generation, number) = (Generation(0), ShardNumber(7));
        let shard = ShardKey { app: "bot".parse().expect("a name"), generation, number };
        let (me, epoch) = (InstanceId::new(7), Epoch(9));
        let key = r#"{"app":"bot","generation":0,"number":7}"#;
        for (hint, json) in [
            (Hint::Suspect { instance: me }, format!(r#"{{"say":"suspect","instance":"{me}"}}"#)),
            (Hint::Released, r#"{"say":"released"}"#.to_owned()),
            (
                Hint::Taken { shard: shard.clone(), epoch, by: me },
                format!(r#"{{"say":"taken","shard":{key},"epoch":9,"by":"{me}"}}"#),
            ),
            (
                Hint::Move { shard: shard.clone(), to: me },
                format!(r#"{{"say":"move","shard":{key},"to":"{me}"}}"#),
            ),
            (
                Hint::Warmed { shard: shard.clone(), by: me },
                format!(r#"{{"say":"warmed","shard":{key},"by":"{me}"}}"#),
            ),
            (
                Hint::Offered { shard, to: me },
                format!(r#"{{"say":"offered","shard":{key},"to":"{me}"}}"#),
            ),
        ] {
            assert_eq!(serde_json::to_string(&hint).expect("JSON"), json);
            assert_eq!(serde_json::from_str::<Hint>(&json).expect("a hint"), hint);
        }
    }
}
