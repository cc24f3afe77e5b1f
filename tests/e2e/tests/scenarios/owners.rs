//! An owner is gone, or stands still, or is asked to end.

use std::time::Duration;

use baton_e2e::{
    processes::valkey,
    scenario::{Scenario, table::Table},
};
use rustix::process::Signal;

use crate::{EVERY, fleet, seconds};

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_killed() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let held = fleet.held_by("a").await;
    let scenario = Scenario::begin("kill -9 of an owner", &fleet).await.about(held.clone());
    fleet.gateway("a").signal(Signal::KILL);
    seconds(15).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0, "taken over by RESUME");
    assert_eq!((outcome.moves.len(), outcome.dropped), (held.len(), held.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_stopped_for_a_moment() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let held = fleet.held_by("a").await;
    let scenario = Scenario::begin("SIGSTOP for 3 s", &fleet).await.about(held);
    fleet.gateway("a").signal(Signal::STOP);
    seconds(3).await;
    fleet.gateway("a").signal(Signal::CONT);
    seconds(15).await;
    let outcome = scenario.end().await;
    assert_eq!((outcome.moves.len(), outcome.identifies, outcome.dropped), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_stopped_and_wakes_up_to_find_itself_replaced() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let held = fleet.held_by("a").await;
    let scenario = Scenario::begin("SIGSTOP for 30 s", &fleet).await.about(held);
    fleet.gateway("a").signal(Signal::STOP);
    seconds(30).await;
    fleet.gateway("a").signal(Signal::CONT);
    seconds(10).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
    let taken_over = outcome.noticed().expect("its shards are taken over");
    Table::Goals.goal("SIGSTOP for 30 s: taken over", taken_over, Duration::from_secs(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_asked_to_end() {
    let valkey = valkey();
    let mut fleet = fleet(&valkey).await;
    fleet.under_load(EVERY).await;
    let held = fleet.held_by("a").await;
    let mut a = fleet.gateways.remove("a").expect("it runs");
    let scenario = Scenario::begin("SIGTERM of a gateway", &fleet).await.about(held);
    a.signal(Signal::TERM);
    let status = a.ended().await;
    assert_eq!(status.code(), Some(0), "{}", a.log());
    seconds(3).await;
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
}
