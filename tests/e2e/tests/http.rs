//! What an instance says of itself over HTTP, and how it protects itself, with real instances.

use std::{collections::BTreeSet, net::SocketAddr, sync::atomic::Ordering, time::Duration};

use baton_e2e::{
    asking::{ask, get},
    virtual_time::World,
};
use baton_gateway::{http::PATHS, supervisor::Ending};
use baton_mock_discord::{Fault, Input, Settings};
use baton_model::{InstanceId, limits::DRAIN_LIMIT};
use baton_store::{Conflict, ConflictKind, Conflicts, Faults, StreamId};
use serde_json::Value;

/// No request arrives, and every caller finds that out late.
const STALLED: Faults = Faults {
    lost_request_percent: 100,
    lost_reply_percent: 0,
    unavailable_percent: 0,
    delay_max: Duration::from_secs(2),
};

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn http(world: &World, number: u128) -> SocketAddr {
    world.instances[&number].http
}

async fn status(address: SocketAddr) -> Value {
    let answer = get(address, "/status").await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    serde_json::from_str(&answer.body).expect("JSON")
}

/// 503, and one of the lines begins so.
async fn is_not_ready_because(address: SocketAddr, beginning: &str) {
    let answer = get(address, "/readyz").await;
    assert_eq!(answer.status, 503);
    let says_so = answer.body.lines().any(|line| line.starts_with(beginning));
    assert!(says_so, "expected {beginning:?} in:\n{}", answer.body);
}

async fn is_alive(address: SocketAddr) {
    assert_eq!(get(address, "/livez").await.status, 200);
}

async fn is_ready(address: SocketAddr) {
    let answer = get(address, "/readyz").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_not_ready_before_the_store_has_confirmed_its_leases() {
    let mut world = World::new(Settings::default(), 1).await;
    world.start(1).await;
    world.set_faults(STALLED);
    seconds(1).await;
    let address = http(&world, 1);
    is_not_ready_because(address, "the instance is joining").await;
    is_not_ready_because(address, "the store has not acknowledged a beat yet").await;
    is_not_ready_because(address, "no lease is taken from the store").await;
    is_alive(address).await;
    world.set_faults(Faults::NONE);
    seconds(20).await;
    is_ready(address).await;
}

#[tokio::test(start_paused = true)]
async fn a_draining_instance_is_not_ready_and_is_left_to_run() {
    let mut world = World::of_four_shards(1).await;
    let address = http(&world, 1);
    is_ready(address).await;
    world.instances[&1].ear.fleet(baton_fleet::Input::Drain { limit: DRAIN_LIMIT });
    tokio::time::sleep(Duration::from_millis(500)).await;
    is_not_ready_because(address, "the instance is draining").await;
    is_alive(address).await;
    let running = world.instances.get_mut(&1).expect("it runs");
    assert_eq!(running.ending().await, Ending::Drained);
    let answer = get(address, "/livez").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.starts_with("the instance has ended"), "{}", answer.body);
}

#[tokio::test(start_paused = true)]
async fn neither_a_stalled_store_nor_a_discord_that_is_away_is_a_reason_to_restart() {
    let world = World::of_four_shards(1).await;
    world.load(Duration::from_millis(200)).await;
    world.set_faults(STALLED);
    world.discord.input(Input::Fault(Fault::Outage { ms: 100_000 })).await;
    let address = http(&world, 1);
    for _ in 0..9 {
        seconds(10).await;
        is_alive(address).await;
        is_not_ready_because(address, "leases have been unconfirmed for ").await;
        is_not_ready_because(address, "no lease is taken from the store: ").await;
    }
    let status_then = status(address).await;
    assert_eq!(status_then["health"]["level"], "unhealthy");
    assert_eq!(status_then["leases"]["confirmed_for_ms"], Value::Null);
    let reasons = status_then["health"]["reasons"].to_string();
    assert!(reasons.contains("4 shards without events for over 60 s"), "{reasons}");
    world.set_faults(Faults::NONE);
    seconds(60).await;
    is_ready(address).await;
    assert_eq!(status(address).await["health"]["level"], "healthy");
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn the_status_shows_every_shard() {
    let world = World::of_four_shards(1).await;
    let status = status(http(&world, 1)).await;
    assert_eq!(status["schema"], 1);
    assert_eq!(status["phase"], "up");
    assert_eq!(status["instance"]["id"], "00000000000000000000000000000001");
    assert_eq!(status["planner"], true);
    assert_eq!(status["health"], serde_json::json!({"level": "healthy", "reasons": []}));
    assert_eq!((&status["ready"], &status["live"]), (&Value::from(true), &Value::from(true)));
    assert_eq!(status["store"], serde_json::json!({"safe": true, "reason": null}));
    assert_eq!(status["apps"], serde_json::json!({"app": {"condition": "running"}}));
    assert_eq!(status["leases"]["held"], 4);
    let shards = status["shards"].as_array().expect("a list");
    let numbers: Vec<_> = shards.iter().map(|shard| shard["shard"].as_u64()).collect();
    assert_eq!(numbers, [Some(0), Some(1), Some(2), Some(3)]);
    for shard in shards {
        assert_eq!((&shard["state"], &shard["waits_for"]), (&"live".into(), &"discord".into()));
        assert!(shard["epoch"].as_u64() > Some(1_790_000_000_000), "{shard}");
        let age = shard["session_age_ms"].as_u64().expect("it is live");
        assert!((10_000..30_000).contains(&age), "{shard}");
        assert_eq!(shard["lag_ms"], 0);
        assert_eq!(shard["without_events_ms"], Value::Null);
        assert!(shard["turned_ms_ago"].as_u64() < Some(2_000), "{shard}");
        assert!(shard["dispatches"].as_u64() > Some(10), "{shard}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_status_shows_how_far_the_stream_is_behind_the_socket() {
    let world = World::of_four_shards(1).await;
    world.load(Duration::from_millis(200)).await;
    world.set_faults(STALLED);
    seconds(20).await;
    let lags = |status: &Value| -> Vec<u64> {
        let shards = status["shards"].as_array().expect("a list").iter();
        shards.map(|shard| shard["lag_ms"].as_u64().expect("a number")).collect()
    };
    let stalled = lags(&status(http(&world, 1)).await);
    assert!(stalled.iter().all(|lag| (15_000..=20_000).contains(lag)), "{stalled:?}");
    world.set_faults(Faults::NONE);
    seconds(20).await;
    let healed = lags(&status(http(&world, 1)).await);
    assert!(healed.iter().all(|lag| *lag < 1_000), "{healed:?}");
}

#[tokio::test(start_paused = true)]
async fn every_field_of_the_status_is_documented() {
    let world = World::of_four_shards(1).await;
    let status = status(http(&world, 1)).await;
    let documentation = include_str!("../../../docs/status.md");
    let mut fields = BTreeSet::new();
    collect_fields(&status, &mut fields);
    assert!(fields.len() > 30, "{fields:?}");
    for field in fields {
        let around = [("`", "`"), ("`", "."), (".", "`"), (".", ".")];
        let is_named = around
            .iter()
            .any(|(before, after)| documentation.contains(&format!("{before}{field}{after}")));
        assert!(is_named, "docs/status.md does not explain {field:?}");
    }
}

/// The names of all fields; those of `apps` are apps.
fn collect_fields(value: &Value, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                fields.insert(name.clone());
                match name.as_str() {
                    "apps" => value
                        .as_object()
                        .expect("apps by name")
                        .values()
                        .for_each(|app| collect_fields(app, fields)),
                    _ => collect_fields(value, fields),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect_fields(value, fields)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn the_metrics_are_what_the_status_says() {
    let world = World::of_four_shards(1).await;
    world.load(Duration::from_millis(200)).await;
    seconds(10).await;
    let (status, metrics) = (status(http(&world, 1)).await, get(http(&world, 1), "/metrics").await);
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{}", metrics.head);
    let of_dispatches = |line: &&str| line.starts_with("baton_dispatches_total{");
    let of_dispatches = metrics.body.lines().filter(of_dispatches);
    let values = of_dispatches.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok());
    assert_eq!(values.sum::<u64>(), status["dispatches"].as_u64().expect("a number"));
    for line in [
        "# TYPE baton_dispatches_total counter",
        "baton_health{level=\"healthy\"} 1",
        "baton_health{level=\"fatal\"} 0",
        "baton_phase{phase=\"up\"} 1",
        "baton_ready 1",
        "baton_planner 1",
        "baton_store_safe 1",
        "baton_app_running{app=\"app\"} 1",
        "baton_shards{app=\"app\",state=\"live\"} 4",
        "baton_leases_held{app=\"app\"} 4",
        "baton_runtime_late_seconds 0",
        "baton_memory_resident_bytes 10",
        "baton_memory_limit_bytes 100",
    ] {
        assert!(metrics.body.lines().any(|found| found == line), "{line} in\n{}", metrics.body);
    }
    // Every series is announced, once.
    let names = metrics.body.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names: Vec<_> = names.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(BTreeSet::from_iter(&names).len(), names.len(), "{names:?}");
    let is_sample = |line: &&str| !line.is_empty() && !line.starts_with('#');
    for sample in metrics.body.lines().filter(is_sample) {
        let name = sample.split(['{', ' ']).next().expect("a name");
        let suffixes = ["", "_bucket", "_sum", "_count"];
        let base = |suffix: &&str| name.strip_suffix(*suffix).is_some_and(|it| names.contains(&it));
        assert!(suffixes.iter().any(base), "{sample}");
        let value = sample.rsplit(' ').next().expect("a value");
        assert!(value.parse::<f64>().is_ok(), "{sample}");
    }
}

#[tokio::test(start_paused = true)]
async fn dispatches_are_counted_once_and_never_forgotten() {
    let mut world = World::of_four_shards(2).await;
    world.load(Duration::from_millis(200)).await;
    seconds(20).await;
    let dispatches = |status: Value| status["dispatches"].as_u64().expect("a number");
    let before = dispatches(status(http(&world, 1)).await);
    assert!(before > 0);
    world.discord.input(Input::Load(None)).await;
    world.instances[&1].ear.fleet(baton_fleet::Input::Drain { limit: DRAIN_LIMIT });
    let running = world.instances.get_mut(&1).expect("it runs");
    assert_eq!(running.ending().await, Ending::Drained);
    let after = status(http(&world, 1)).await;
    assert_eq!(after["leases"]["held"], 0);
    assert!(dispatches(after) >= before);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_path_is_answered_with_those_that_there_are() {
    let world = World::of_four_shards(1).await;
    let address = http(&world, 1);
    for path in ["/", "/healthz", "/status/1"] {
        let answer = get(address, path).await;
        assert_eq!(answer.status, 404);
        for (path, what) in PATHS {
            assert!(answer.body.contains(&format!("{path}  {what}\n")), "{}", answer.body);
        }
    }
    for (path, _) in PATHS {
        let full = get(address, path).await;
        assert_eq!((full.status, full.body.is_empty()), (200, false), "{path}");
        let head = ask(address, "HEAD", path).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        assert_eq!(ask(address, "POST", path).await.status, 405, "{path}");
    }
    let version: Value = serde_json::from_str(&get(address, "/version").await.body).expect("JSON");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
}

/// A token would let anybody be the bot; a session's id and url, with it, take the session over.
#[tokio::test(start_paused = true)]
async fn nothing_secret_is_shown() {
    let token = "c2VjcmV0-dG9rZW4.Zm9yLWUyZQ";
    let settings =
        Settings { tokens: vec![token.to_owned()], max_concurrency: 16, ..Settings::default() };
    let mut world = World::new(settings, 4).await;
    world.put_token(token);
    world.start(1).await;
    seconds(30).await;
    let address = http(&world, 1);
    let mut secrets = vec![token.to_owned()];
    for (id, url) in world.sessions_in_the_store().await {
        secrets.extend([id, url]);
    }
    assert_eq!(secrets.len(), 1 + 2 * 4);
    for (path, _) in PATHS.into_iter().chain([("/unknown", "")]) {
        let answer = get(address, path).await;
        for secret in &secrets {
            let is_shown = answer.head.contains(secret) || answer.body.contains(secret);
            assert!(!is_shown, "{path} shows {secret}:\n{}", answer.body);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_later_of_two_instances_with_one_id_ends() {
    let world = World::of_four_shards(1).await;
    world.load(Duration::from_millis(200)).await;
    let mut later = world.start_one_more(1).await;
    assert_eq!(later.ending().await, Ending::Impostor);
    let conflicts = conflicts(&world).await;
    let kinds: Vec<_> = conflicts.iter().map(|conflict| conflict.kind).collect();
    assert_eq!(kinds, [ConflictKind::Impostor]);
    seconds(20).await;
    is_ready(http(&world, 1)).await;
    assert_eq!(world.held_by(1), 4);
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(world.sessions().await, 4, "nobody identified again");
    let verdicts = world.verdicts().await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_was_cut_off_is_fenced_and_its_conflicts_can_be_read() {
    let world = World::of_four_shards(2).await;
    world.load(Duration::from_millis(200)).await;
    let held = world.held_by(1);
    assert!(held > 0);
    world.instances[&1].store.set_faults(STALLED);
    seconds(15).await;
    is_alive(http(&world, 1)).await;
    assert_eq!(world.held_by(2), 4, "the other has taken them over");
    world.instances[&1].store.set_faults(Faults::NONE);
    seconds(10).await;
    let conflicts = conflicts(&world).await;
    assert_eq!(conflicts.len(), held);
    for conflict in conflicts {
        assert_eq!(conflict.kind, ConflictKind::Fenced);
        assert_eq!(conflict.instances, BTreeSet::from([InstanceId::new(1)]));
        assert!(conflict.shard.is_some() && conflict.epochs.len() == 1, "{conflict:?}");
    }
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(world.sessions().await, 4, "nobody identified again");
}

async fn conflicts(world: &World) -> Vec<Conflict> {
    let conflicts = world.store.conflicts(StreamId::default(), 100).await.expect("a store");
    conflicts.into_iter().map(|(_, conflict)| conflict).collect()
}

#[tokio::test(start_paused = true)]
async fn an_instance_short_of_memory_gives_everything_away_and_ends_with_that_reason() {
    let mut world = World::of_four_shards(2).await;
    world.load(Duration::from_millis(200)).await;
    seconds(10).await;
    let memory = world.instances[&1].memory_percent.clone();
    // It looks every second; from between two looks, two seconds are two, which are no reason.
    tokio::time::sleep(Duration::from_millis(500)).await;
    memory.store(86, Ordering::Relaxed);
    seconds(2).await;
    is_not_ready_because(http(&world, 1), "memory is above 85 % of its limit").await;
    memory.store(85, Ordering::Relaxed);
    seconds(5).await;
    is_ready(http(&world, 1)).await;
    assert_eq!(world.held_by(1), 2);

    memory.store(86, Ordering::Relaxed);
    assert_eq!(world.end_of(1).await, Ending::Memory);
    seconds(10).await;
    assert_eq!(world.held_by(2), 4);
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(world.sessions().await, 4, "nobody identified again");
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_is_under_way_keeps_its_reason() {
    let mut world = World::of_four_shards(1).await;
    world.instances[&1].ear.fleet(baton_fleet::Input::Drain { limit: DRAIN_LIMIT });
    world.instances[&1].memory_percent.store(99, Ordering::Relaxed);
    world.instances[&1]
        .ear
        .input(baton_gateway::supervisor::Input::ShortOfMemory { limit: DRAIN_LIMIT });
    assert_eq!(world.end_of(1).await, Ending::Drained);
}
