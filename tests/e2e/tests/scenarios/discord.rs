//! Discord asks for it, forgets, falls silent.

use std::time::Duration;

use baton_e2e::{
    processes::{Fleet, discord, valkey},
    scenario::Scenario,
};
use baton_mock_discord::{Fault, Settings};
use baton_model::ShardNumber;

use crate::{EVERY, fleet, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn discord_asks_everybody_to_reconnect() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("op 7 storm", &fleet).await;
    fleet.fault(Fault::Reconnect { shard: None }).await;
    seconds(10).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, 0));
}

/// Three of sixty.
#[tokio::test(flavor = "multi_thread")]
async fn discord_declares_sessions_invalid() {
    let invalid = [0, 20, 40].map(ShardNumber);
    let valkey = valkey();
    let settings = Settings { max_concurrency: 60, ..discord() };
    let mut fleet = Fleet::over(&valkey, settings, 60).await;
    fleet.under_load(Duration::from_millis(200)).await;
    let scenario = Scenario::begin("op 9 for 5 % of the shards", &fleet).await;
    let scenario = scenario.about(invalid.into());
    for shard in invalid {
        fleet.fault(Fault::Invalidate { resumable: false, shard: Some(shard) }).await;
    }
    seconds(15).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, invalid.len()));
    let markers = [("BATON_SESSION_STARTED".to_owned(), invalid.len())];
    assert_eq!(outcome.streams.markers, markers.into(), "one each");
    assert!(outcome.streams.back.keys().eq(&invalid), "{:?}", outcome.streams.back);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_for_resumes_is_dead() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("resume host dead, connections dropped", &fleet).await;
    fleet.fault(Fault::DeadResumeHost {}).await;
    fleet.fault(Fault::DropTcp { shard: None }).await;
    seconds(15).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, 0), "by the gateway's own url");
    assert_eq!(outcome.streams.back.len(), outcome.dropped);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hello_comes() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("HELLO withheld for 20 s", &fleet).await;
    fleet.fault(Fault::SilentAfterUpgrade {}).await;
    fleet.fault(Fault::DropTcp { shard: None }).await;
    seconds(20).await;
    fleet.heal().await;
    seconds(15).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, 0));
    assert_eq!(outcome.streams.back.len(), outcome.dropped);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_through_a_socket() {
    let valkey = valkey();
    let settings = Settings { heartbeat_interval: Duration::from_secs(5), ..discord() };
    let fleet = Fleet::over(&valkey, settings, crate::SHARDS).await;
    baton_e2e::scenario::half_open::play("half-open socket, heartbeats every 5 s", fleet).await;
}
