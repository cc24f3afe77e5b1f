//! One shard goes where an operator wants it.

use baton_e2e::{processes::valkey, scenario::Scenario};

use crate::{fleet, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_is_moved_by_resume() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let held = fleet.held_by("a").await;
    let shard = *held.first().expect("it holds some");
    let scenario = Scenario::begin("baton shard move", &fleet).await.about([shard].into());
    let moved = operator.types(&format!("shard move {shard} --to b --timeout 5m")).await;
    assert_eq!(moved.code, 0, "{moved:?}");
    assert!(fleet.held_by("b").await.contains(&shard));
    let again = operator.types(&format!("shard move {shard} --to b")).await;
    assert_eq!(again.code, 6, "{again:?}");
    seconds(3).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_is_restarted_by_resume() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let before = fleet.connections().await;
    let scenario = Scenario::begin("baton shard restart", &fleet).await;
    let restarted = operator.types("shard restart 3").await;
    assert_eq!(restarted.code, 0, "{restarted:?}");
    seconds(8).await;
    let after = fleet.connections().await;
    assert_eq!(before.difference(&after).count(), 1, "one connection is another");
    let outcome = scenario.end().await;
    assert_eq!((outcome.identifies, outcome.moves.len()), (0, 0));
}
