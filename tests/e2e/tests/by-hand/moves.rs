//! What hand-overs cost, by the hundred: warm, cold, and a thousand in a row. To be measured in a
//! release build on a machine that does nothing else.

use std::time::Duration;

use baton_e2e::{
    operator::Operator,
    processes::{Fleet, app, discord, program, valkey},
    scenario::{
        Scenario, hand_over,
        table::{Table, percentile},
    },
};
use baton_mock_discord::{Fault, Settings};
use baton_model::{
    InstanceId, IntentId, Line, NewIntent, PinUntil, ShardCount, ShardKey, ShardNumber, Wish,
    limits::MOVES_AT_ONCE_MAX,
};
use baton_store::{Intents, Membership};
use tokio::time::{Instant, sleep};

/// A hundred for each of three instances: a shard is moved once a minute at the most.
const SHARDS: u32 = 330;

/// Sixteen cold moves take four seconds: with more of them, lanes would be cut to their length.
const COLD: u32 = 120;

/// Each session gets an event so often.
const EVERY: Duration = Duration::from_millis(50);

/// Of the drained instance, which is there first and takes all of them.
const IDLE: u32 = 1_000;

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// A user of the store who may do everything but tell hints.
const MUTE: [&str; 9] =
    ["ACL", "SETUSER", "mute", "on", ">secret", "~*", "&*", "+@all", "-spublish"];

/// A Discord for so many shards, which come up at once: that is not what this is about.
fn large(shards: u32) -> Settings {
    Settings {
        guilds: 2 * shards,
        guild_create_bytes: 500,
        shards: ShardCount(shards.try_into().expect("not 0")),
        max_concurrency: 200,
        identifies_a_day: 2 * shards,
        ..discord()
    }
}

fn id(fleet: &Fleet, name: &str) -> InstanceId {
    fleet.gateway(name).id().expect("it has said who it is")
}

/// Writes down that these shards are to go there, as `baton shard move` does, or are to stay there.
async fn order(fleet: &Fleet, shards: &[ShardNumber], to: InstanceId, until: PinUntil) {
    for number in shards {
        let key = ShardKey { app: app(), generation: fleet.shape().generation, number: *number };
        let (by, reason) = (Line::shortened("operator"), Line::shortened(""));
        let wish = Wish::Pin { shard: key, to, until };
        let intent = NewIntent { id: IntentId(u64::from(number.0)), wish, by, reason };
        fleet.store.intend(&intent).await.expect("it is taken");
    }
}

async fn until_all_moved(fleet: &Fleet) {
    let began = Instant::now();
    while !fleet.store.poll().await.expect("a store").intents.is_empty() {
        assert!(began.elapsed() < PATIENCE, "not all have moved\n{}", fleet.logs());
        sleep(Duration::from_millis(20)).await;
    }
}

fn count(log: &str, notice: &str) -> usize {
    log.matches(&format!("notice={notice}\n")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_moved_over_warm_sockets() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, large(SHARDS), SHARDS).await;
    fleet.under_load(EVERY).await;
    let cold_start = fleet.verdicts().await;
    let scenario = Scenario::begin("warm moves", &fleet).await.forgiving(cold_start);
    let mut ordered = Vec::new();
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "a")] {
        let shards = fleet.held_by(from).await.into_iter().collect::<Vec<_>>();
        ordered.push((shards, id(&fleet, to)));
    }
    for (shards, to) in &ordered {
        order(&fleet, shards, *to, PinUntil::Arrived).await;
    }
    until_all_moved(&fleet).await;
    sleep(Duration::from_secs(2)).await;
    let outcome = scenario.end().await;
    let gaps = hand_over::gaps(&fleet).await;
    assert_eq!((outcome.identifies, outcome.moves.len()), (0, SHARDS as usize));
    assert_eq!(gaps.len(), SHARDS as usize, "events came before and after each");
    let logs = fleet.logs();
    assert_eq!((count(&logs, "Warm"), count(&logs, "Cold")), (SHARDS as usize, 0));
    hand_over::leave_lines("planned moves, warm", &gaps, Duration::from_millis(200));
}

/// A move is cold where the target gets no HELLO in its time and its word of that is lost: told
/// that the target cannot connect, the source keeps its shard. So the target is one that may not
/// tell hints, and Discord does not greet its first connection for each shard.
#[tokio::test(flavor = "multi_thread")]
async fn shards_are_moved_to_an_instance_without_a_socket() {
    let valkey = valkey();
    valkey.command::<()>(&MUTE).expect("a user");
    let mut fleet = Fleet::over(&valkey, large(COLD), COLD).await;
    let url = format!("valkey://mute:secret@127.0.0.1:{}", valkey.port());
    for name in ["a", "c"] {
        fleet.start(name);
    }
    fleet.start_another("b", &program("baton-gateway"), &[("BATON_STORE__URL", &url)]);
    fleet.until_all_live().await;
    fleet.load(EVERY).await;
    sleep(Duration::from_secs(2)).await;
    let to = id(&fleet, "b");
    let cold_start = fleet.verdicts().await;
    let scenario = Scenario::begin("cold moves", &fleet).await.forgiving(cold_start);
    let others = fleet.held_by("a").await.into_iter().chain(fleet.held_by("c").await);
    let shards: Vec<_> = others.collect();
    for some in shards.chunks(MOVES_AT_ONCE_MAX) {
        let connections = u32::try_from(some.len()).expect("a few");
        fleet.fault(Fault::SilentNext { connections }).await;
        // Balance would take back what is not pinned before the last has come.
        order(&fleet, some, to, PinUntil::TakenBack).await;
        until_held(&fleet, "b", some).await;
    }
    sleep(Duration::from_secs(2)).await;
    let outcome = scenario.end().await;
    let gaps = hand_over::gaps(&fleet).await;
    assert_eq!((outcome.identifies, outcome.moves.len()), (0, shards.len()));
    assert_eq!(gaps.len(), shards.len(), "events came before and after each");
    let log = fleet.gateway("b").log();
    assert_eq!((count(&log, "Warm"), count(&log, "Cold")), (0, shards.len()));
    hand_over::leave_lines("planned moves, cold", &gaps, Duration::from_millis(400));
}

async fn until_held(fleet: &Fleet, name: &str, shards: &[ShardNumber]) {
    let began = Instant::now();
    loop {
        let held = fleet.held_by(name).await;
        if shards.iter().all(|shard| held.contains(shard)) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "not all have moved\n{}", fleet.logs());
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_of_a_thousand_idle_shards_is_drained() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, large(IDLE), IDLE).await;
    let operator = Operator::of(&fleet);
    fleet.start("a");
    fleet.until_all_live().await;
    for name in ["b", "c"] {
        fleet.start(name);
        let up = operator.types(&format!("wait --for up={name} --timeout 1m")).await;
        assert_eq!(up.code, 0, "{up:?}");
    }
    assert_eq!(fleet.held_by("a").await.len(), IDLE as usize);
    let cold_start = fleet.verdicts().await;
    let scenario = Scenario::begin("drain of 1,000 idle shards", &fleet).await;
    let scenario = scenario.forgiving(cold_start);
    let began = Instant::now();
    let drained = operator.types("drain a --timeout 5m").await;
    println!("{:?}: {}", began.elapsed(), drained.data);
    assert_eq!(drained.code, 0, "{drained:?}");
    let outcome = scenario.end().await;
    assert_eq!((outcome.identifies, outcome.moves.len()), (0, IDLE as usize));
    let moves: Vec<_> = outcome.moves.iter().map(|(after, _)| *after).collect();
    let last = percentile(&moves, 100).expect("all moved");
    Table::Measures.goal("drain of 1,000 idle shards", last, Duration::from_secs(20));
}
