//! Instances are emptied, and filled again.

use std::time::Duration;

use baton_e2e::{
    operator::{Operator, said},
    processes::{Fleet, discord, valkey},
    scenario::{Outcome, Scenario},
};
use baton_mock_discord::{Fault, Settings};
use baton_model::ShardCount;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;

use crate::{SHARDS, fleet, seconds};

/// Fifty for each of three instances.
const BUSY: u32 = 150;

/// Ends a scenario in which everything was moved by RESUME, if at all.
async fn nobody_identifies(scenario: Scenario<'_>) -> Outcome {
    let outcome = scenario.end().await;
    assert_eq!(outcome.identifies, 0);
    outcome
}

fn signal(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    kill_process(pid.expect("it runs"), signal).expect("it lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_empties_an_instance_and_an_undrain_lets_it_come_back() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let held = fleet.held_by("a").await;
    let scenario = Scenario::begin("baton drain", &fleet).await.about(held.clone());
    let drain = operator.types("drain a --reason test").await;
    assert_eq!(drain.code, 0, "{drain:?}");
    assert!(
        drain.data.starts_with(&format!("a drained: {} shards moved", held.len())),
        "{drain:?}"
    );
    assert!(drain.besides.contains("0 identifies"), "the plan comes first: {drain:?}");
    assert_eq!(fleet.held_by("a").await.len(), 0);
    let again = operator.types("drain a").await;
    assert_eq!(again.code, 6, "{again:?}");
    seconds(3).await;
    let outcome = nobody_identifies(scenario).await;
    assert_eq!(outcome.moves.len(), held.len(), "each once");
    assert_eq!(operator.types("undrain a").await.code, 0);
    let balanced = operator.types("wait --for balanced --timeout 3m").await;
    assert_eq!(balanced.code, 0, "{balanced:?}");
    assert!(!fleet.held_by("a").await.is_empty(), "it is as any other again");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_busy_shards_are_moved_sixteen_at_a_time() {
    let valkey = valkey();
    let settings = Settings {
        guilds: 4 * BUSY,
        shards: ShardCount(BUSY.try_into().expect("not 0")),
        // How they come up is not what this is about.
        max_concurrency: BUSY,
        ..discord()
    };
    let mut fleet = Fleet::over(&valkey, settings, BUSY).await;
    fleet.under_load(Duration::from_millis(100)).await;
    let operator = Operator::of(&fleet);
    let held = fleet.held_by("a").await;
    assert!(held.len() >= 50, "{} are too few", held.len());
    let cold_start = fleet.verdicts().await;
    let scenario = Scenario::begin("drain of 50 busy shards", &fleet).await;
    let scenario = scenario.about(held.clone()).forgiving(cold_start);
    let drain = operator.types("drain a --timeout 5m").await;
    assert_eq!(drain.code, 0, "{drain:?}");
    assert!(drain.data.contains("50 resumed, 0 identified"), "{drain:?}");
    seconds(2).await;
    let outcome = nobody_identifies(scenario).await;
    assert_eq!(outcome.moves.len(), held.len(), "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_drains_at_once_move_every_shard_to_the_one_that_is_left() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let scenario = Scenario::begin("two drains at once", &fleet).await;
    let (first, second) = tokio::join!(operator.types("drain a"), operator.types("drain b"));
    assert_eq!((first.code, second.code), (0, 0), "{first:?} {second:?}");
    let all = usize::try_from(SHARDS).expect("it fits");
    assert_eq!(fleet.held_by("c").await.len(), all);
    seconds(3).await;
    nobody_identifies(scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_is_taken_back_half_way() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let scenario = Scenario::begin("undrain half-way", &fleet).await;
    // Nobody can connect, so the drain cannot get far.
    fleet.fault(Fault::SilentAfterUpgrade {}).await;
    let held = fleet.held_by("a").await;
    let begun = operator.types("drain a --detach").await;
    assert_eq!(begun.code, 0, "{begun:?}");
    seconds(6).await;
    assert_eq!(fleet.held_by("a").await, held, "what runs stays where it runs");
    let status = operator.types("status").await;
    assert!(status.data.contains("1 draining"), "the operator is told: {status:?}");
    assert_eq!(operator.types("undrain a").await.code, 0);
    fleet.heal().await;
    seconds(5).await;
    assert_eq!(fleet.held_by("a").await, held);
    nobody_identifies(scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_waits_while_discord_greets_nobody_and_then_goes_on() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let scenario = Scenario::begin("drain while Discord greets nobody", &fleet).await;
    fleet.fault(Fault::SilentAfterUpgrade {}).await;
    let late = operator.types("drain a --timeout 8s").await;
    assert_eq!(late.code, 75, "it goes on: {late:?}");
    fleet.heal().await;
    let drained = operator.types("wait --for drained=a --timeout 2m").await;
    assert_eq!(drained.code, 0, "{drained:?}");
    seconds(3).await;
    nobody_identifies(scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_that_passes_its_deadline_is_given_up() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let scenario = Scenario::begin("drain given up", &fleet).await;
    fleet.fault(Fault::SilentAfterUpgrade {}).await;
    let given_up = operator.types("drain a --deadline 5s --timeout 5m").await;
    assert_eq!(given_up.code, 6, "{given_up:?}");
    assert!(given_up.besides.contains("stay"), "{given_up:?}");
    let intents = operator.types("intent ls -o jsonl").await;
    assert_eq!(intents.data, "", "it stands no more");
    fleet.heal().await;
    nobody_identifies(scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_watching_stops_nothing() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let scenario = Scenario::begin("ctrl-c while a drain goes on", &fleet).await;
    fleet.fault(Fault::SilentAfterUpgrade {}).await;
    let drain = operator.begins("drain a");
    seconds(4).await;
    signal(&drain, Signal::INT);
    let stopped = said(&drain.wait_with_output().await.expect("it ends"));
    assert_eq!(stopped.code, 130, "{stopped:?}");
    assert!(stopped.besides.contains("the drain goes on"), "{stopped:?}");
    fleet.heal().await;
    assert_eq!(operator.types("wait --for drained=a --timeout 2m").await.code, 0);
    seconds(3).await;
    nobody_identifies(scenario).await;
}

/// What happens to whom while a drain is on its way.
async fn killed_while_draining(name: &'static str, killed: &str) {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let scenario = Scenario::begin(name, &fleet).await;
    let drain = operator.begins("drain a --timeout 5m");
    tokio::time::sleep(Duration::from_millis(700)).await;
    fleet.gateway(killed).signal(Signal::KILL);
    let ended = said(&drain.wait_with_output().await.expect("it ends"));
    assert_eq!(ended.code, 0, "what is left goes to the others: {ended:?}");
    let owned = operator.types("wait --for all-live --timeout 5m").await;
    assert_eq!(owned.code, 0, "{owned:?}");
    seconds(3).await;
    nobody_identifies(scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_of_a_drain_is_killed() {
    killed_while_draining("drain: source killed", "a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_of_a_drain_is_killed() {
    killed_while_draining("drain: target killed", "b").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_of_a_drain_freezes() {
    let valkey = valkey();
    let (fleet, operator) = fleet(&valkey).await;
    let scenario = Scenario::begin("drain: target frozen", &fleet).await;
    let drain = operator.begins("drain a --timeout 5m");
    tokio::time::sleep(Duration::from_millis(700)).await;
    fleet.gateway("b").signal(Signal::STOP);
    let ended = said(&drain.wait_with_output().await.expect("it ends"));
    assert_eq!(ended.code, 0, "{ended:?}");
    seconds(20).await;
    fleet.gateway("b").signal(Signal::CONT);
    seconds(10).await;
    let live = operator.types("wait --for all-live --timeout 5m").await;
    assert_eq!(live.code, 0, "{live:?}");
    nobody_identifies(scenario).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_moves_every_shard_about_once() {
    let valkey = valkey();
    let (mut fleet, operator) = fleet(&valkey).await;
    let uneven = above_their_share(&fleet).await;
    let watching = fleet.watch();
    for (old, new) in [("a", "d"), ("b", "e"), ("c", "f")] {
        restart(&mut fleet, &operator, old, new).await;
    }
    let moves = watching.moves().await;
    let shards = usize::try_from(SHARDS).expect("it fits");
    let most = shards * 105 / 100 + uneven;
    assert!(moves.len() <= most, "{shards} shards, {uneven} too many somewhere: {moves:?}");
    let report = fleet.judge().await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(fleet.identifies().await, shards);
}

/// How many shards are where there are too many. Whoever starts a moment late finds less than its
/// share, and such a shard goes first to who has too few, and moves once more when that one goes.
async fn above_their_share(fleet: &Fleet) -> usize {
    let share = usize::try_from(SHARDS).expect("it fits") / fleet.gateways.len();
    let mut above = 0;
    for name in fleet.gateways.keys() {
        above += fleet.held_by(name).await.len().saturating_sub(share);
    }
    above
}

/// A new instance first, then the old one's shards, then its process.
async fn restart(fleet: &mut Fleet, operator: &Operator, old: &'static str, new: &'static str) {
    fleet.start(new);
    let up = operator.types(&format!("wait --for up={new} --timeout 5m")).await;
    assert_eq!(up.code, 0, "{up:?}");
    let drained = operator.types(&format!("drain {old} --timeout 2m")).await;
    assert_eq!(drained.code, 0, "{drained:?}");
    let mut old = fleet.gateways.remove(old).expect("it runs");
    old.signal(Signal::TERM);
    assert_eq!(old.ended().await.code(), Some(0), "{}", old.log());
}
