//! What can be seen of an instance at one moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_model::{AppName, AppShape, Epoch, Moment, Phase, ShardKey};
use baton_shard::{Actor, State};
use baton_store::Safety;

use crate::{app::Condition, lane_face::BrokersCounts, memory::Look};

/// One look at an instance. Nothing secret is in it: no token, no session, no address.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When it was taken.
    pub now: Moment,
    /// Whether the instance has ended, though its process still runs.
    pub has_ended: bool,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether it plans.
    pub is_planner: bool,
    /// Until when its leases are confirmed; none before the first acknowledged beat.
    pub confirmed_until: Option<Moment>,
    /// What the store last said of itself; none if it was not asked yet.
    pub store: Option<Safety>,
    /// How its apps stand.
    pub apps: BTreeMap<AppName, Condition>,
    /// Into what those are cut that are known by now.
    pub shapes: BTreeMap<AppName, AppShape>,
    /// Those of them that come from the store.
    pub stored_apps: BTreeSet<AppName>,
    /// Apps in the store that it cannot follow, and why.
    pub unusable_apps: BTreeMap<AppName, String>,
    /// The shards that have a task here.
    pub shards: Vec<ShardSeen>,
    /// By how much the shards' runtime is late at present.
    pub late: Duration,
    /// By how much it was late at its worst, at present or not long ago.
    pub late_lately: Duration,
    /// Its memory; none where that cannot be known.
    pub memory: Option<Look>,
    /// What all rings may hold together, in bytes.
    pub ring_bytes_max: usize,
    /// Dispatches received since the start.
    pub dispatches: u64,
    /// What was done for `@discordjs/brokers`, in all lanes together.
    pub brokers: BrokersCounts,
}

/// One look at a shard's task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardSeen {
    /// Which shard.
    pub shard: ShardKey,
    /// What it is about.
    pub state: State,
    /// For how long.
    pub state_for: Duration,
    /// Whose turn it is.
    pub waits_for: Actor,
    /// The lease that it holds.
    pub epoch: Option<Epoch>,
    /// For how long its session has been live.
    pub live_for: Option<Duration>,
    /// For how long it has held its lease, or waited for it, without events.
    pub deaf_for: Option<Duration>,
    /// For how long what it received has waited to be in the stream.
    pub lag: Duration,
    /// When its task last did something: so long ago.
    pub turned_ago: Duration,
    /// What its ring holds, in bytes.
    pub ring_bytes: usize,
    /// Dispatches that its task received.
    pub dispatches: u64,
    /// How long Discord took to answer its last heartbeat.
    pub heartbeat: Option<Duration>,
}

impl Seen {
    /// What all rings hold together, in bytes.
    #[must_use]
    pub fn ring_bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.ring_bytes).sum()
    }

    /// For how long the leases are still confirmed; none if they are not.
    #[must_use]
    pub fn confirmed_for(&self) -> Option<Duration> {
        let left = self.confirmed_until?.since(self.now);
        (!left.is_zero()).then_some(left)
    }
}
