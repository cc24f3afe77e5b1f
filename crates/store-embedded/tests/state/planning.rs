//! Planning: the planner's lease and its targets.

use baton_model::{Epoch, Holding};
use baton_store::{ClaimError, Expected, TargetsError};

use crate::scene::*;

#[test]
fn the_planners_lease_is_claimed_like_a_shards() {
    let mut state = empty();
    let first = state.claim_planner(NOON, Expected::Missing, ANNA).unwrap();
    assert_eq!(first.epoch, Epoch(NOON.0));
    let again = state.claim_planner(later(4), Expected::Missing, ANNA);
    assert_eq!(again, Ok(first.clone()), "repeated");
    let late = state.claim_planner(NOON, Expected::Missing, BERT);
    assert!(matches!(late, Err(ClaimError::Lost(Some(_)))));
    let over = Expected::Row { epoch: first.epoch, holding: Holding::Owned { owner: ANNA } };
    let second = state.claim_planner(NOON, over, BERT).unwrap();
    assert_eq!(second.epoch, Epoch(NOON.0 + 1));
}

#[test]
fn only_the_planner_under_its_epoch_writes_targets() {
    let mut state = empty();
    let anna = state.claim_planner(NOON, Expected::Missing, ANNA).unwrap();
    let plan = [(shard(0).shard, BERT)];
    for (who, epoch) in
        [(BERT, anna.epoch), (ANNA, Epoch(anna.epoch.0 - 1)), (ANNA, Epoch(anna.epoch.0 + 1))]
    {
        let refused = state.write_targets(who, epoch, &plan);
        assert_eq!(refused, Err(TargetsError::Fenced));
    }
    let refused = empty().write_targets(ANNA, anna.epoch, &plan);
    assert_eq!(refused, Err(TargetsError::Fenced));
    assert_eq!(state.targets(), []);
    state.write_targets(ANNA, anna.epoch, &plan).unwrap();
    assert_eq!(state.targets(), plan);
}

#[test]
fn a_plan_replaces_the_one_before_and_is_read_by_shard() {
    let mut state = empty();
    let anna = state.claim_planner(NOON, Expected::Missing, ANNA).unwrap();
    let first = [(shard(0).shard, BERT)];
    state.write_targets(ANNA, anna.epoch, &first).unwrap();
    let second = [(shard(2).shard, ANNA), (shard(1).shard, BERT)];
    state.write_targets(ANNA, anna.epoch, &second).unwrap();
    let expected = [(shard(1).shard, BERT), (shard(2).shard, ANNA)];
    assert_eq!(state.targets(), expected);
    state.take_changes();
    state.write_targets(ANNA, anna.epoch, &second).unwrap();
    assert_eq!(state.take_changes(), [], "the same plan again");
}
