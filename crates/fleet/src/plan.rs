//! Who should run what, with as few moves as can be.
//!
//! [`plan`] is a function of a snapshot: the same snapshot gives the same plan at every instance,
//! and a snapshot in which the plan has been carried out gives an empty one. It knows no time:
//! how many moves may be under way and whether a shard has been moved too recently is decided by
//! whoever carries the plan out.
//!
//! The idea: first decide *how many* shards each instance should run, rounding so that as few as
//! possible have to leave; then let only the surplus leave. With shares fixed, no plan
//! can need fewer moves than the sum of what instances hold above their share.

mod apportion;
mod fill;
mod rendezvous;
mod share;

use std::collections::BTreeMap;

use baton_model::{
    Capacity, InstanceId, InstanceRecord, ShardKey, StoreMillis, Tier, Version, Weight, Zone,
};

pub(crate) use self::rendezvous::planner_order;
pub use self::rendezvous::rendezvous_order;
use self::{fill::Board, share::shares};

/// What the plan may do with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It may be given shards.
    Target,
    /// It gives its shards away and is never a target.
    Leaving,
    /// It keeps what it has and gets nothing: it has only just joined, or its life is in doubt.
    Waiting,
}

/// An instance as the plan sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which instance.
    pub id: InstanceId,
    /// What may be done with it.
    pub standing: Standing,
    /// Its line of defence.
    pub tier: Tier,
    /// Its failure domain.
    pub zone: Zone,
    /// Its share relative to its tier and zone.
    pub weight: Weight,
    /// Its limit.
    pub capacity: Capacity,
    /// What it runs; newer ones are filled first.
    pub version: Version,
    /// When it joined; later ones are filled first among equal versions.
    pub joined_at: StoreMillis,
    /// Whether it has been well for so long that shards come back to it from a worse tier.
    pub settled: bool,
}

impl Candidate {
    /// A candidate with what its record says.
    #[must_use]
    pub fn new(id: InstanceId, record: &InstanceRecord, standing: Standing, settled: bool) -> Self {
        Self {
            id,
            standing,
            tier: record.tier,
            zone: record.zone.clone(),
            weight: record.weight,
            capacity: record.capacity,
            version: record.version,
            joined_at: record.joined_at,
            settled,
        }
    }
}

/// Whether shards may be moved for balance alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// Also moves that nothing forces.
    Now,
    /// Only orphans, pins, and what has to leave its instance.
    Waits,
}

/// Everything a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The instances that are alive. Shards of an instance not among them stay where they are.
    pub candidates: &'a [Candidate],
    /// Every shard that should run, with its holder; none means that it is an orphan.
    pub shards: &'a BTreeMap<ShardKey, Option<InstanceId>>,
    /// Where operators want shards to be. A move that an operator asked for is a pin, too, until
    /// it is done.
    pub pins: &'a BTreeMap<ShardKey, InstanceId>,
    /// Whether moves for balance may be part of the plan.
    pub balance: Balance,
}

/// Why a shard is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MoveReason {
    /// An operator wants it there.
    Pinned,
    /// Its instance is leaving.
    Leaving,
    /// Its instance holds more than its share.
    Balance,
}

/// One shard's way from one instance to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// Which shard.
    pub shard: ShardKey,
    /// Who holds it.
    pub from: InstanceId,
    /// Who should.
    pub to: InstanceId,
    /// What for.
    pub reason: MoveReason,
}

/// What should be done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// How many shards each possible target should run in the end.
    pub shares: BTreeMap<InstanceId, usize>,
    /// The first choice of claimant for every orphan that there is room for.
    pub claims: BTreeMap<ShardKey, InstanceId>,
    /// The moves, most urgent first: pins, then what has to leave, then balance.
    pub moves: Vec<Move>,
    /// Shards that have to go somewhere and that nobody has room for. They stay where they are,
    /// or stay orphans, until there is room.
    pub left_over: Vec<ShardKey>,
    /// Pinned shards whose instance cannot take them; they are placed like any other.
    pub pins_unmet: Vec<ShardKey>,
}

/// Decides who should run what.
#[must_use]
pub fn plan(situation: &Situation<'_>) -> Plan {
    let mut board = Board::new(situation);
    let shares = shares(&board.claimants(), board.demand());
    board.fill_orphans(&shares);
    board.fill_leaving(&shares);
    match situation.balance {
        Balance::Now => board.fill_surplus(&shares),
        Balance::Waits => {}
    }
    board.into_plan(&shares)
}
