//! Planning: the planner's lease and its targets.

use std::collections::BTreeSet;

use baton_model::{Epoch, Expected, InstanceId, PrimaryId, ShardKey};
use baton_store::{ClaimError, Targets, TargetsError};
use baton_store_embedded::state::{StoreState, Vantage};

use crate::scene::*;

#[test]
fn the_planners_lease_is_claimed_like_a_shards() {
    let mut state = empty();
    let first = state.claim_planner(NOON, Expected::NEVER_LEASED, ANNA).unwrap();
    assert_eq!(first.epoch, Epoch(NOON.0));
    let again = state.claim_planner(later(4), Expected::NEVER_LEASED, ANNA);
    assert_eq!(again, Ok(first.clone()), "repeated");
    let late = state.claim_planner(NOON, Expected::NEVER_LEASED, BERT);
    assert!(matches!(late, Err(ClaimError::Lost(Some(_)))));
    let over = Expected { holder: Some(ANNA), epoch: first.epoch };
    let second = state.claim_planner(NOON, over, BERT).unwrap();
    assert_eq!(second.epoch, Epoch(NOON.0 + 1));
}

fn targets(state: &StoreState) -> Vec<(ShardKey, InstanceId)> {
    let vantage = Vantage { primary: PrimaryId("p".into()), present: BTreeSet::new() };
    state.poll(NOON, vantage).targets
}

fn set(set: &[(ShardKey, InstanceId)]) -> Targets<'_> {
    Targets { set, clear: &[] }
}

#[test]
fn only_the_planner_under_its_epoch_writes_targets() {
    let mut state = empty();
    let anna = state.claim_planner(NOON, Expected::NEVER_LEASED, ANNA).unwrap();
    let plan = [(shard(0).shard, BERT)];
    for (who, epoch) in
        [(BERT, anna.epoch), (ANNA, Epoch(anna.epoch.0 - 1)), (ANNA, Epoch(anna.epoch.0 + 1))]
    {
        let refused = state.write_targets(who, epoch, set(&plan));
        assert_eq!(refused, Err(TargetsError::Fenced));
    }
    let refused = empty().write_targets(ANNA, anna.epoch, set(&plan));
    assert_eq!(refused, Err(TargetsError::Fenced));
    assert_eq!(targets(&state), []);
    state.write_targets(ANNA, anna.epoch, set(&plan)).unwrap();
    assert_eq!(targets(&state), plan);
}

#[test]
fn targets_are_set_and_cleared_one_by_one_and_read_by_shard() {
    let mut state = empty();
    let anna = state.claim_planner(NOON, Expected::NEVER_LEASED, ANNA).unwrap();
    let [first, second, third] = [0, 1, 2].map(|number| shard(number).shard);
    let plan = [(third.clone(), ANNA), (first.clone(), BERT)];
    state.write_targets(ANNA, anna.epoch, set(&plan)).unwrap();
    let moved = [(second.clone(), BERT)];
    let change = Targets { set: &moved, clear: &[first] };
    state.write_targets(ANNA, anna.epoch, change).unwrap();
    assert_eq!(targets(&state), [(second, BERT), (third, ANNA)]);
    state.take_changes();
    state.write_targets(ANNA, anna.epoch, change).unwrap();
    assert_eq!(state.take_changes(), [], "the same again");
}

#[test]
fn a_planner_gives_back_only_its_own_lease() {
    let mut state = empty();
    let anna = state.claim_planner(NOON, Expected::NEVER_LEASED, ANNA).unwrap();
    state.take_changes();
    state.release_planner(BERT, anna.epoch);
    state.release_planner(ANNA, Epoch(anna.epoch.0 - 1));
    assert_eq!(state.take_changes(), []);
    state.release_planner(ANNA, anna.epoch);
    let plan = state.write_targets(ANNA, anna.epoch, set(&[]));
    assert_eq!(plan, Err(TargetsError::Fenced));
    let free = Expected { holder: None, epoch: anna.epoch };
    let bert = state.claim_planner(NOON, free, BERT).unwrap();
    assert!(bert.epoch > anna.epoch);
}
