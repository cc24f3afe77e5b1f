//! The planner's lease and its advice.

use baton_model::{Epoch, Expected, Holding, InstanceId, ShardKey};

use super::scope::Scope;
use crate::{ClaimError, Store, Targets, TargetsError};

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
    let stale = s.claim_planner(Expected::NEVER_LEASED, scope.instance(2)).await;
    assert!(matches!(stale, Err(ClaimError::Lost(Some(_)))));
    let second = become_planner(&s, &scope, 2).await;
    assert!(second > first);
}

pub(super) async fn targets_are_set_and_cleared<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    let target = |number, instance| (scope.shard(number).shard, scope.instance(instance));
    let set: Vec<_> = (0..3_000).map(|number| target(number, 7)).collect();
    let clear: Vec<_> = (0..2_999).map(|number| scope.shard(number).shard).collect();
    // Another case may become the planner in between; then this one does again.
    loop {
        let epoch = become_planner(&s, &scope, 1).await;
        let written = [
            s.write_targets(me, epoch, Targets { set: &set, clear: &[] }).await,
            s.write_targets(me, epoch, Targets { set: &[target(9_999, 8)], clear: &clear }).await,
        ];
        if written.contains(&Err(TargetsError::Fenced)) {
            continue;
        }
        assert_eq!(written, [Ok(()), Ok(())]);
        assert_eq!(targets(&s, &scope).await, [target(2_999, 7), target(9_999, 8)]);
        return;
    }
}

pub(super) async fn only_the_planner_writes_targets<S: Store>(s: S, scope: Scope) {
    let epoch = become_planner(&s, &scope, 1).await;
    let target = [(scope.shard(0).shard, scope.instance(1))];
    let change = Targets { set: &target, clear: &[] };
    let other = s.write_targets(scope.instance(2), epoch, change).await;
    assert_eq!(other, Err(TargetsError::Fenced));
    for wrong in [epoch.0 - 1, epoch.0 + 1] {
        let late = s.write_targets(scope.instance(1), Epoch(wrong), change).await;
        assert_eq!(late, Err(TargetsError::Fenced));
    }
    assert_eq!(targets(&s, &scope).await, [], "nothing of it was written");
}

pub(super) async fn a_planner_that_stops_gives_its_lease_back<S: Store>(s: S, scope: Scope) {
    let me = scope.instance(1);
    loop {
        let epoch = become_planner(&s, &scope, 1).await;
        s.release_planner(scope.instance(2), epoch).await.expect("nothing to give back");
        s.release_planner(me, Epoch(epoch.0 - 1)).await.expect("nothing to give back");
        let row = s.poll().await.expect("polled").planner.expect("a row");
        if row.epoch != epoch {
            continue; // another case became the planner
        }
        assert_eq!(row.holding, Holding::Owned { owner: me });
        s.release_planner(me, epoch).await.expect("given back");
        s.release_planner(me, epoch).await.expect("the answer was lost");
        let row = s.poll().await.expect("polled").planner.expect("a row");
        assert!(row.holding == Holding::Free || row.epoch > epoch, "{row:?}");
        let late = s.write_targets(me, epoch, Targets { set: &[], clear: &[] }).await;
        assert_eq!(late, Err(TargetsError::Fenced));
        return;
    }
}

/// The case's own targets.
async fn targets<S: Store>(s: &S, scope: &Scope) -> Vec<(ShardKey, InstanceId)> {
    let mut targets = s.poll().await.expect("polled").targets;
    assert!(targets.is_sorted());
    targets.retain(|(shard, _)| shard.app == *scope.app());
    targets
}
