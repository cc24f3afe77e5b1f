//! The planner's lease and its advice.

use baton_model::Epoch;

use super::scope::Scope;
use crate::{ClaimError, Expected, Store, TargetsError};

/// Takes over the planner's lease from whoever has it: cases share the fleet's one planner.
async fn become_planner<S: Store>(s: &S, scope: &Scope, number: u8) -> Epoch {
    loop {
        let row = s.poll().await.expect("polled").planner;
        let expected = Expected::unchanged(row.as_ref());
        match s.claim_planner(expected, scope.instance(number)).await {
            Ok(grant) => return grant.epoch,
            Err(ClaimError::Lost(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

pub(super) async fn the_planners_lease_follows_the_rules_of_claims<S: Store>(s: S, scope: Scope) {
    let first = become_planner(&s, &scope, 1).await;
    let stale = s.claim_planner(Expected::Missing, scope.instance(2)).await;
    assert!(matches!(stale, Err(ClaimError::Lost(Some(_)))));
    let second = become_planner(&s, &scope, 2).await;
    assert!(second > first);
}

pub(super) async fn targets_are_replaced_as_a_whole<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    let targets = |numbers: std::ops::Range<u32>| {
        let target = |number| (scope.shard(number).shard, scope.instance(7));
        numbers.map(target).collect::<Vec<_>>()
    };
    // Another case may become the planner in between; then this one does again.
    loop {
        let epoch = become_planner(&s, &scope, 1).await;
        let written = [
            s.write_targets(me, epoch, &targets(0..3_000)).await,
            s.write_targets(me, epoch, &targets(1_000..4_000)).await,
        ];
        let found = s.targets().await.expect("read");
        let still = s.write_targets(me, epoch, &targets(0..0)).await;
        if written.iter().chain([&still]).any(|done| *done == Err(TargetsError::Fenced)) {
            continue;
        }
        assert_eq!(found, targets(1_000..4_000));
        return;
    }
}

pub(super) async fn only_the_planner_writes_targets<S: Store>(s: S, scope: Scope) {
    let epoch = become_planner(&s, &scope, 1).await;
    let target = [(scope.shard(0).shard, scope.instance(1))];
    let other = s.write_targets(scope.instance(2), epoch, &target).await;
    assert_eq!(other, Err(TargetsError::Fenced));
    for wrong in [epoch.0 - 1, epoch.0 + 1] {
        let late = s.write_targets(scope.instance(1), Epoch(wrong), &target).await;
        assert_eq!(late, Err(TargetsError::Fenced));
    }
    let found = s.targets().await.expect("read");
    assert!(!found.contains(&target[0]), "nothing of it was written");
}
