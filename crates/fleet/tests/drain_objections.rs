//! What speaks against a drain, for people who ask before they act.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the verdict")]

use std::{collections::BTreeMap, num::NonZeroU16};

use baton_fleet::{
    DrainObjection, drain_objections,
    plan::{Balance, Candidate, Situation, Standing},
};
use baton_model::{
    Capacity, Generation, InstanceId, ShardKey, ShardNumber, StoreMillis, Tier, Version, Weight,
};

const LEAVER: InstanceId = InstanceId::new(1);

fn candidate(number: u128, capacity: u32) -> Candidate {
    Candidate {
        id: InstanceId::new(number),
        standing: Standing::Target,
        tier: Tier(0),
        zone: "a".parse().unwrap(),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(capacity),
        version: Version::default(),
        joined_at: StoreMillis(0),
        settled: true,
    }
}

/// Four shards, all held by the one that would be drained.
fn objections(candidates: &[Candidate]) -> Vec<DrainObjection> {
    objections_beside(0, candidates)
}

/// The same, with orphans besides.
fn objections_beside(orphans: u32, candidates: &[Candidate]) -> Vec<DrainObjection> {
    let shards = (0..4 + orphans).map(|number| {
        let key = ShardKey {
            app: "app".parse().unwrap(),
            generation: Generation(0),
            number: ShardNumber(number),
        };
        (key, (number < 4).then_some(LEAVER))
    });
    let situation = Situation {
        candidates,
        shards: &shards.collect(),
        pins: &BTreeMap::new(),
        balance: Balance::Waits,
    };
    drain_objections(LEAVER, &situation)
}

#[test]
fn nothing_speaks_against_a_drain_that_others_can_take() {
    assert_eq!(objections(&[candidate(1, 4), candidate(2, 4)]), []);
}

#[test]
fn the_last_instance_had_better_stay() {
    let alone = objections(&[candidate(1, 4)]);
    assert_eq!(alone, [DrainObjection::LeavesNobody(LEAVER)]);
    let leaving = Candidate { standing: Standing::Leaving, ..candidate(2, 4) };
    let with_a_leaver = objections(&[candidate(1, 4), leaving]);
    assert_eq!(with_a_leaver, [DrainObjection::LeavesNobody(LEAVER)]);
}

#[test]
fn what_the_others_have_no_room_for_is_counted() {
    let objections = objections(&[candidate(1, 4), candidate(2, 1)]);
    let excess = DrainObjection::PassesCapacity { id: LEAVER, excess: 3 };
    assert_eq!(objections, [excess]);
}

#[test]
fn what_has_no_room_anyway_is_not_the_drains_fault() {
    let objections = objections_beside(6, &[candidate(1, 4), candidate(2, 4)]);
    let excess = DrainObjection::PassesCapacity { id: LEAVER, excess: 4 };
    assert_eq!(objections, [excess]);
}

#[test]
fn the_dead_and_the_draining_cannot_be_drained() {
    assert_eq!(objections(&[candidate(2, 4)]), [DrainObjection::NotAlive(LEAVER)]);
    let leaving = Candidate { standing: Standing::Leaving, ..candidate(1, 4) };
    assert_eq!(objections(&[leaving, candidate(2, 4)]), [DrainObjection::AlreadyLeaving(LEAVER)]);
}

#[test]
fn an_objection_says_what_to_do() {
    let id = "00000000000000000000000000000001";
    assert_eq!(
        DrainObjection::LeavesNobody(LEAVER).to_string(),
        format!("draining {id} would leave no instance to take its shards; start another first")
    );
}
