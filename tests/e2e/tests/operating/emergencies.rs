//! A lease is taken away from an instance that lives.

use baton_e2e::{processes::valkey, scenario::Scenario};
use rustix::process::Signal;

use crate::{fleet, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn leases_that_are_broken_under_load_cost_no_session() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let broken = fleet.held_by("a").await;
    let scenario = Scenario::begin("baton lease break", &fleet).await.about(broken.clone());
    for shard in &broken {
        let said = operator.types(&format!("lease break {shard} --confirm={shard}")).await;
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.besides.contains(&format!("app/0.{shard} is held by a (up)")), "{said:?}");
    }
    seconds(8).await;
    let live = operator.types("wait --for all-live --timeout 5m").await;
    assert_eq!(live.code, 0, "{live:?}");
    let shard = broken.first().expect("it held some");
    let history = operator.types(&format!("shard history {shard}")).await;
    assert!(history.data.contains("taken away from a"), "{history:?}");
    assert!(history.data.contains("lost to a later owner"), "its holder was fenced: {history:?}");
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_broken_that_its_holder_cannot_be_asked_for() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let shard = *fleet.held_by("a").await.first().expect("it holds some");
    let scenario = Scenario::begin("baton lease break: holder frozen", &fleet).await;
    fleet.gateway("a").signal(Signal::STOP);
    let broken = operator.types(&format!("lease break {shard} --confirm={shard}")).await;
    assert_eq!(broken.code, 0, "{broken:?}");
    seconds(2).await;
    assert!(!fleet.held_by("a").await.contains(&shard), "nobody waits for evidence");
    seconds(12).await;
    fleet.gateway("a").signal(Signal::CONT);
    seconds(8).await;
    let live = operator.types("wait --for all-live --timeout 5m").await;
    assert_eq!(live.code, 0, "{live:?}");
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
}
