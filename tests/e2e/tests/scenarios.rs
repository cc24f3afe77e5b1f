//! Real processes, a real Valkey, real time: what goes wrong, and what it costs.
//!
//! Each scenario is judged by the ledger: lost 0, doubled 0, reordered 0, altered 0, no rule of
//! Discord's broken. Times are printed, never asserted.

use std::time::Duration;

use baton_e2e::{
    processes::{Fleet, discord},
    scenario::Scenario,
    witness::Witness,
};
use baton_mock_discord::{Fault, Input, Settings};
use baton_test_servers::{Program, SentinelTrio, Server};
use rustix::process::Signal;
use tokio::time::sleep;

const SHARDS: u32 = 12;

/// Every session gets so many events a second.
const EVERY: Duration = Duration::from_millis(50);

/// A Valkey whose data survive its end.
fn valkey() -> Server {
    let settings = ["--appendonly", "yes", "--appendfsync", "always"];
    Server::start(Program::Valkey, &settings)
}

async fn fleet(valkey: &Server) -> Fleet {
    let url = format!("valkey://127.0.0.1:{}", valkey.port());
    Fleet::new(discord(), SHARDS, url).await
}

async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_killed() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let mut scenario = Scenario::begin("kill -9 of an owner", &fleet).await;
    scenario.counts_from_now();
    fleet.gateway("a").signal(Signal::KILL);
    seconds(15).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0, "taken over by RESUME");
    assert!(!outcome.moves.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_stopped_for_a_moment() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("SIGSTOP for 3 s", &fleet).await;
    fleet.gateway("a").signal(Signal::STOP);
    seconds(3).await;
    fleet.gateway("a").signal(Signal::CONT);
    seconds(15).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_stopped_and_wakes_up_to_find_itself_replaced() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("SIGSTOP for 30 s", &fleet).await;
    fleet.gateway("a").signal(Signal::STOP);
    seconds(30).await;
    fleet.gateway("a").signal(Signal::CONT);
    seconds(10).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
    assert!(!outcome.moves.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn valkey_is_away_for_a_minute() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("Valkey away for 60 s", &fleet).await;
    let sockets = fleet.discord.look(|discord| discord.ledger().sessions.len()).await;
    valkey.freeze();
    seconds(60).await;
    valkey.thaw();
    seconds(10).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, 0));
    assert_eq!(sockets, fleet.discord.look(|discord| discord.ledger().sessions.len()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn valkey_is_restarted_empty() {
    let mut valkey = Server::start(Program::Valkey, &[]);
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let before = Witness::look(&fleet.store, &baton_e2e::processes::app(), fleet.shape()).await;
    fleet.discord.input(Input::Load(None)).await;
    seconds(3).await;
    let identifies = fleet.identifies().await;
    valkey.kill();
    valkey.restart();
    seconds(30).await;
    fleet.until_all_live().await;
    let after = Witness::look(&fleet.store, &baton_e2e::processes::app(), fleet.shape()).await;
    assert_eq!(before, after, "the owners write their rows back\n{}", fleet.logs());
    assert_eq!(fleet.identifies().await, identifies, "sessions lost: 0");
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
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_asks_everybody_to_reconnect() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let scenario = Scenario::begin("op 7 storm", &fleet).await;
    fleet.discord.input(Input::Fault(Fault::Reconnect { shard: None })).await;
    seconds(10).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_asked_to_end() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let mut a = fleet.gateways.remove("a").expect("it runs");
    let scenario = Scenario::begin("SIGTERM of a gateway", &fleet).await;
    a.signal(Signal::TERM);
    let status = a.ended().await;
    assert_eq!(status.code(), Some(0), "{}", a.log());
    seconds(3).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_shown_nowhere() {
    const TOKEN: &str = "MTk4NjIyNDgzNDcx.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
    let valkey = valkey();
    let url = format!("valkey://127.0.0.1:{}", valkey.port());
    let settings = Settings { tokens: vec![TOKEN.to_owned()], ..discord() };
    let mut fleet = Fleet::new(settings, SHARDS, url).await;
    fleet.start("a");
    fleet.until_all_live().await;
    let status = fleet.gateway("a").asked("/status").await;
    let metrics = fleet.gateway("a").asked("/metrics").await;
    fleet.discord.input(Input::Fault(Fault::ResetToken {})).await;
    seconds(5).await;
    let rejected = fleet.gateway("a").asked("/status").await;
    assert!(rejected.contains("4004"), "{rejected}");
    // All that Valkey holds stands in its append-only file.
    let stored = everything_in(valkey.folder());
    let log = fleet.gateway("a").log();
    assert!(stored.windows(6).any(|bytes| bytes == b"baton:"), "the store was looked at");
    for (place, text) in
        [("log", log), ("status", status), ("metrics", metrics), ("status, rejected", rejected)]
    {
        assert!(!text.is_empty() && !text.contains(TOKEN), "{place} shows the token");
    }
    assert!(!stored.windows(TOKEN.len()).any(|bytes| bytes == TOKEN.as_bytes()), "in the store");
}

fn everything_in(folder: &std::path::Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes.extend(everything_in(&path));
        } else {
            bytes.extend(std::fs::read(&path).expect("a file"));
        }
    }
    bytes
}
