//! What hand-overs cost: by the hundred, and a thousand in a row. To be measured in a release build
//! on a machine that does nothing else.

use std::time::Duration;

use baton_e2e::{
    operator::Operator,
    processes::{Fleet, app, discord, valkey},
    scenario::{
        Scenario, hand_over,
        table::{Table, percentile},
    },
};
use baton_mock_discord::Settings;
use baton_model::{
    InstanceId, IntentId, Line, NewIntent, PinUntil, ShardCount, ShardKey, ShardNumber, Wish,
};
use baton_store::{Intents, Membership};
use tokio::time::{Instant, sleep};

/// A hundred for each of three instances: a shard is moved once a minute at the most.
const SHARDS: u32 = 330;

/// Each session gets an event so often.
const EVERY: Duration = Duration::from_millis(50);

/// Of the drained instance, which is there first and takes all of them.
const IDLE: u32 = 1_000;

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

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

/// Writes down that these shards are to go there: what `baton shard move` does.
async fn order(fleet: &Fleet, shards: &[ShardNumber], to: InstanceId) {
    for number in shards {
        let key = ShardKey { app: app(), generation: fleet.shape().generation, number: *number };
        let (by, reason) = (Line::shortened("operator"), Line::shortened(""));
        let wish = Wish::Pin { shard: key, to, until: PinUntil::Arrived };
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
        order(&fleet, shards, *to).await;
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
