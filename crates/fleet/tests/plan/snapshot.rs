//! Snapshots of small fleets, and what becomes of them when a plan is carried out.

use std::{collections::BTreeMap, num::NonZeroU16};

use baton_fleet::plan::{Balance, Candidate, Plan, Situation, Standing, plan};
use baton_model::{
    Capacity, Generation, InstanceId, ShardKey, ShardNumber, StoreMillis, Tier, Version, Weight,
};

pub(crate) type Shards = BTreeMap<ShardKey, Option<InstanceId>>;
pub(crate) type Pins = BTreeMap<ShardKey, InstanceId>;

pub(crate) const CAPACITY_MAX: u32 = 100_000;

pub(crate) fn id(number: u128) -> InstanceId {
    InstanceId::new(number)
}

pub(crate) fn shard(number: u32) -> ShardKey {
    ShardKey { app: "app".parse().unwrap(), generation: Generation(0), number: ShardNumber(number) }
}

pub(crate) fn candidate(number: u128) -> Candidate {
    Candidate {
        id: id(number),
        standing: Standing::Target,
        tier: Tier(0),
        zone: "a".parse().unwrap(),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(CAPACITY_MAX),
        version: Version::default(),
        joined_at: StoreMillis(0),
        settled: true,
    }
}

pub(crate) fn version(minor: u32) -> Version {
    Version { minor, ..Version::default() }
}

/// Shards numbered on from 0: `held[i]` of them with instance `i + 1`, then the orphans.
pub(crate) fn held(held: &[u32], orphans: u32) -> Shards {
    let holders =
        held.iter().zip(1..).flat_map(|(count, number)| (0..*count).map(move |_| Some(id(number))));
    holders
        .chain((0..orphans).map(|_| None))
        .zip(0..)
        .map(|(holder, number)| (shard(number), holder))
        .collect()
}

pub(crate) fn planned(
    candidates: &[Candidate],
    shards: &Shards,
    pins: &Pins,
    balance: Balance,
) -> Plan {
    plan(&Situation { candidates, shards, pins, balance })
}

pub(crate) fn carried_out(shards: &Shards, plan: &Plan) -> Shards {
    let mut after = shards.clone();
    for (shard, to) in &plan.claims {
        assert_eq!(after.insert(shard.clone(), Some(*to)), Some(None));
    }
    for movement in &plan.moves {
        let before = after.insert(movement.shard.clone(), Some(movement.to));
        assert_eq!(before, Some(Some(movement.from)), "{movement:?}");
    }
    after
}

pub(crate) fn counts(shards: &Shards) -> BTreeMap<InstanceId, usize> {
    let mut counts = BTreeMap::new();
    for holder in shards.values().flatten() {
        *counts.entry(*holder).or_insert(0) += 1;
    }
    counts
}

pub(crate) fn count_of(shards: &Shards, id: InstanceId) -> usize {
    counts(shards).get(&id).copied().unwrap_or(0)
}
