//! The store is away, fails over, forgets everything.

use std::{collections::BTreeMap, time::Duration};

use baton_e2e::{
    processes::{Fleet, app, discord, valkey},
    scenario::{Scenario, table::Table},
    witness::Witness,
};
use baton_gateway::clock::unix_micros;
use baton_model::{InstanceId, ShardNumber};
use baton_test_servers::{Program, SentinelTrio, Server};

use crate::{EVERY, SHARDS, fleet, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn valkey_is_away_for_a_minute() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("Valkey away for 60 s", &fleet).await;
    valkey.freeze();
    seconds(60).await;
    let is_back = unix_micros();
    valkey.thaw();
    seconds(10).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies, outcome.dropped), (0, 0, 0));
    let caught_up = outcome.streams.caught_up(is_back);
    assert!(outcome.streams.pause > Duration::from_secs(59), "{:?}", outcome.streams.pause);
    Table::Goals.goal("Valkey away for 60 s: caught up", caught_up, Duration::from_secs(5));
    Table::never("Valkey away for 60 s: changes of hands", outcome.moves.len());
    Table::never("Valkey away for 60 s: sockets dropped", outcome.dropped);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_primary_is_killed_under_sentinel() {
    let mut trio = SentinelTrio::start(Program::Valkey);
    let mut fleet = Fleet::new(discord(), SHARDS, trio.url()).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("Valkey's primary killed, Sentinel", &fleet).await;
    trio.fail_over();
    seconds(20).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies, outcome.dropped), (0, 0, 0));
    let (about, pause) = ("Valkey's primary killed", outcome.streams.pause);
    Table::Goals.goal(&format!("{about}: appends pause"), pause, Duration::from_secs(3));
    Table::never(&format!("{about}: changes of hands"), outcome.moves.len());
    Table::never(&format!("{about}: sockets dropped"), outcome.dropped);
}

#[tokio::test(flavor = "multi_thread")]
async fn valkey_is_restarted_empty() {
    let mut valkey = Server::start(Program::Valkey, &[]);
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let before = owners(&fleet).await;
    let scenario = Scenario::begin("Valkey restarted empty", &fleet).await;
    valkey.kill();
    valkey.restart();
    seconds(30).await;
    fleet.until_all_live().await;
    let after = owners(&fleet).await;
    assert_eq!(before, after, "the owners write their rows back\n{}", fleet.logs());
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies, outcome.dropped), (0, 0, 0));
    let told = outcome.streams.markers.get("BATON_STREAM_LOST").copied();
    assert_eq!(told, Some(SHARDS as usize), "of each shard: {:?}", outcome.streams.markers);
    Table::never("Valkey restarted empty: sessions lost", outcome.identifies);
}

async fn owners(fleet: &Fleet) -> BTreeMap<ShardNumber, InstanceId> {
    let witness = Witness::look(&fleet.store, &app(), fleet.shape()).await;
    witness.expect("the store answers").owners()
}
