//! Programs with unmodified `@discordjs/brokers` behind real gateways and a real Valkey: they are
//! handed what Discord sent, once and in order, whatever dies; what they send reaches Discord once;
//! what they leave behind is cleaned up.

use std::{collections::BTreeMap, time::Duration};

use baton_e2e::{
    brokers::Worker,
    processes::{Fleet, PATIENCE, discord, program, valkey},
};
use baton_mock_discord::{Input, Settings, load::Content};
use baton_model::{EventName, Marker};
use baton_store::ROUTER;
use baton_test_servers::Server;
use redis::streams::StreamInfoGroupsReply;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const GROUP: &str = "workers";

const SHARDS: u32 = 4;

/// What such a worker may have in hand: ten of each stream, twice if it has not acknowledged those
/// before.
const IN_HAND: usize = 2 * 10 * EVENTS.len();

/// What a worker subscribes to. Discord invents events, so one of them is new to everybody.
const EVENTS: [&str; 4] = ["READY", "GUILD_CREATE", "MESSAGE_CREATE", "OF_ALL_KINDS"];

/// Everything that JSON can say and that might be said otherwise in MessagePack.
const OF_ALL_KINDS: &str = r#"{
    "ids":["613425648685547541",613425648685547541,18446744073709551615],
    "whole":[0,-0,127,128,255,256,65535,65536,4294967295,4294967296,9007199254740991,
        9007199254740993,-1,-32,-33,-128,-129,-32769,-2147483649,-9223372036854775808],
    "fractions":[0.1,1.0,1e21,-2.5e-7,1.7976931348623157e308,5e-324,
        123456789012345678901234567890],
    "texts":["","ä","\u00e4\n\t\"\\\/","😀","\ud83d\ude00","\u202ex","\u0000"],
    "truths":[true,false,null],"empty":[[],{},[[]],{"":{}}],"same":1,"same":2,
    "deep":[{"a":[{"b":[{"c":{"d":[1,[2,[3]]]}}]}]}]}"#;

/// Gateways that also write for brokers.
fn start(fleet: &mut Fleet, names: &[&'static str]) {
    let gateway = program("baton-gateway");
    let variables = [
        ("BATON_APPS__APP__BROKERS__MODE", "also"),
        ("BATON_APPS__APP__BROKERS__GROUP_IDLE_MAX", "10s"),
    ];
    for name in names {
        fleet.start_another(name, &gateway, &variables);
    }
}

async fn until(what: &str, fleet: &Fleet, is_so: impl AsyncFn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "not so: {what}\n{}", fleet.logs());
        sleep(Duration::from_millis(100)).await;
    }
}

/// Where everything stands that a dispatch of this name and shard was, in order.
type Sequences = BTreeMap<(String, u64), Vec<Value>>;

/// What the lanes hold, which has been compared with Discord's ledger.
async fn written(fleet: &Fleet) -> Sequences {
    let mut sequences = Sequences::new();
    for entry in fleet.written().await {
        if !entry.name.as_str().starts_with(Marker::PREFIX) {
            let key = (entry.name.as_str().to_owned(), u64::from(entry.shard.0));
            let frame = serde_json::from_slice(&entry.bytes).expect("JSON");
            sequences.entry(key).or_default().push(as_javascript_has_it(frame));
        }
    }
    sequences
}

/// What a worker was handed.
fn received(worker: &Worker) -> Sequences {
    let mut sequences = Sequences::new();
    for (name, all) in worker.received() {
        for mut data in all {
            assert_eq!(data.as_object().map(serde_json::Map::len), Some(2), "{data}");
            let shard = data["shardId"].as_u64().expect("a shard's number");
            let payload = as_javascript_has_it(data["payload"].take());
            sequences.entry((name.clone(), shard)).or_default().push(payload);
        }
    }
    sequences
}

/// JavaScript knows doubles only.
fn as_javascript_has_it(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().expect("a number") + 0.0),
        Value::Array(list) => list.into_iter().map(as_javascript_has_it).collect(),
        Value::Object(map) => {
            let each = map.into_iter().map(|(key, value)| (key, as_javascript_has_it(value)));
            Value::Object(each.collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

fn count(sequences: &Sequences) -> usize {
    sequences.values().map(Vec::len).sum()
}

/// Sees to it that everything that was found was expected, once and in this order; says how much of
/// what was expected was not found.
fn missing(found: &Sequences, expected: &Sequences) -> usize {
    for (key, found) in found {
        let expected = expected.get(key).map_or(&[][..], Vec::as_slice);
        let mut rest = expected.iter();
        for one in found {
            assert!(rest.any(|it| it == one), "{key:?}: not there, or not there any more: {one}");
        }
    }
    count(expected) - count(found)
}

fn wanted(mut sequences: Sequences) -> Sequences {
    sequences.retain(|(name, _), _| EVENTS.contains(&name.as_str()));
    sequences
}

async fn emit(fleet: &Fleet, name: &str, data: &str) {
    let content = Content::Given { name: EventName::new(name), data: data.into() };
    fleet.discord.input(Input::Emit { slice: None, content }).await;
}

/// How many deliveries the group has not acknowledged.
fn pending(server: &Server, stream: &str) -> usize {
    let words = ["XPENDING", stream, GROUP];
    let (pending, ..): (usize, Option<String>, Option<String>, redis::Value) =
        server.command(&words).expect("told");
    pending
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_handed_what_discord_sent_once_and_in_order_whatever_dies() {
    let mut valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    start(&mut fleet, &["a", "b"]);
    let worker = Worker::start(&fleet, GROUP, &EVENTS);
    fleet.until_all_live().await;
    fleet.load(Duration::from_millis(5)).await;
    let is_under_way =
        async || worker.received().get("MESSAGE_CREATE").is_some_and(|it| it.len() > 200);
    until("messages come", &fleet, is_under_way).await;

    fleet.gateway("a").signal(Signal::KILL);
    fleet.gateways.remove("a");
    start(&mut fleet, &["c"]);
    sleep(Duration::from_secs(4)).await;
    fleet.until_all_live().await;
    emit(&fleet, "OF_ALL_KINDS", OF_ALL_KINDS).await;
    valkey.kill();
    sleep(Duration::from_secs(1)).await;
    valkey.restart();
    fleet.until_all_live().await;
    fleet.gateway("b").signal(Signal::TERM);
    sleep(Duration::from_secs(3)).await;
    emit(&fleet, "OF_ALL_KINDS", OF_ALL_KINDS).await;

    let report = fleet.judge().await;
    assert!(report.is_clean(), "{report:?}");
    let expected = wanted(written(&fleet).await);
    assert!(count(&expected) > 1_000, "{}", count(&expected));
    assert_eq!(expected.keys().filter(|(name, _)| name == "OF_ALL_KINDS").count(), SHARDS as usize);
    // Version 1.0.0 never asks again for what was delivered to it and lost on its way, as when the
    // server dies: that stays pending. What nobody ever read, or read twice, would show.
    let stuck = || EVENTS.iter().map(|event| pending(&valkey, event)).sum::<usize>();
    until("all is read", &fleet, async || count(&received(&worker)) + stuck() >= count(&expected))
        .await;
    sleep(Duration::from_secs(1)).await;
    let (missing, stuck) = (missing(&received(&worker), &expected), stuck());
    assert!(missing <= stuck && stuck <= IN_HAND, "{missing} missing, {stuck} pending");
    let errors = worker.errors();
    assert!(!errors.contains("NOGROUP"), "{errors}");
    assert_eq!(worker.leave().await.code(), Some(0));
}

/// With so much to replay that a crash loses nothing.
fn discord_with_guilds() -> Settings {
    Settings { guilds: 640, ..discord() }
}

fn voice(channel: u32) -> Value {
    json!({"guild_id": "1", "channel_id": channel.to_string(), "self_mute": false})
}

/// How often Discord was asked for each channel, and by which shard.
async fn asked(fleet: &Fleet) -> BTreeMap<(u64, u32), usize> {
    let mut asked = BTreeMap::new();
    let commands = fleet.discord.look(|discord| discord.commands().latest.clone()).await;
    for command in commands.iter().filter(|command| command.op == 4) {
        let channel = command.d["channel_id"].as_str().expect("a text").parse().expect("a number");
        *asked.entry((channel, command.slice.0.0)).or_default() += 1;
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_sends_reaches_discord_once_and_nothing_holds_it_up() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord_with_guilds(), SHARDS).await;
    start(&mut fleet, &["a", "b", "c"]);
    fleet.until_all_live().await;
    fleet.load(Duration::from_millis(50)).await;
    let mut worker = Worker::start(&fleet, GROUP, &["MESSAGE_CREATE"]);
    valkey.command::<String>(&["XADD", "gateway_send", "*", "data", "junk"]).expect("added");
    valkey.command::<String>(&["XADD", "gateway_send", "*", "x", "y"]).expect("added");
    let send = |worker: &mut Worker, channel: u32| {
        let payload = json!({"op": 4, "d": voice(channel)});
        worker.publish(&json!({"payload": payload, "shardId": channel % SHARDS}));
    };
    for channel in 0..40 {
        send(&mut worker, channel);
        if channel % 10 == 5 {
            worker.publish(&json!({"payload": {"op": 4, "d": voice(999)}, "shardId": SHARDS}));
            worker.publish(&json!({"payload": {"op": 6, "d": {"seq": 1}}, "shardId": 1}));
            worker.publish(&json!({"op": 4}));
        }
        sleep(Duration::from_millis(20)).await;
    }
    until("the first have come", &fleet, async || asked(&fleet).await.len() == 40).await;

    // Whoever routes is killed. Nothing is in flight at that moment: such a command might be sent
    // again, as any that was in flight when its shard's instance died.
    sleep(Duration::from_secs(1)).await;
    let mut holder = None;
    for name in ["a", "b", "c"] {
        if fleet.held_by(name).await.iter().any(|shard| shard.0 == 0) {
            holder = Some(name);
        }
    }
    fleet.gateway(holder.expect("somebody holds it")).signal(Signal::KILL);
    for channel in 40..80 {
        send(&mut worker, channel);
        sleep(Duration::from_millis(20)).await;
    }
    until("all have come", &fleet, async || asked(&fleet).await.len() >= 80).await;
    let expected = (0..80).map(|channel| ((channel.into(), channel % SHARDS), 1)).collect();
    assert_eq!(asked(&fleet).await, expected);
    let verdicts = fleet.verdicts().await;
    assert!(verdicts.is_empty(), "{verdicts:?}");
    let groups: StreamInfoGroupsReply =
        valkey.command(&["XINFO", "GROUPS", "gateway_send"]).expect("listed");
    let [router] = &groups.groups[..] else { panic!("one group, whoever routes: {groups:?}") };
    assert_eq!((router.name.as_str(), router.lag), (ROUTER, Some(0)));
}

fn groups(server: &Server, stream: &str) -> Vec<String> {
    let groups: StreamInfoGroupsReply =
        server.command(&["XINFO", "GROUPS", stream]).expect("listed");
    groups.groups.into_iter().map(|group| group.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_workers_leave_behind_are_removed_and_those_of_the_living_stay() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    start(&mut fleet, &["a"]);
    fleet.until_all_live().await;
    let events = ["MESSAGE_CREATE"];
    let living = Worker::start(&fleet, GROUP, &events);
    let leaving = Worker::start(&fleet, "of-one-that-left", &events);
    let crashing = Worker::start(&fleet, "of-one-that-crashed", &events);
    until("three groups read", &fleet, async || {
        valkey.command::<i64>(&["EXISTS", events[0]]).expect("told") == 1
            && groups(&valkey, events[0]).len() == 3
    })
    .await;
    emit(&fleet, events[0], r#"{"id":"1"}"#).await;
    let count_of = |worker: &Worker| worker.received().values().map(Vec::len).sum::<usize>();
    let shards = SHARDS as usize;
    let have_read = async || [&living, &leaving, &crashing].iter().all(|it| count_of(it) == shards);
    until("all have read", &fleet, have_read).await;
    assert_eq!(leaving.leave().await.code(), Some(0));
    assert_eq!(groups(&valkey, events[0]).len(), 3, "version 1.0.0 leaves its group behind");
    drop(crashing);
    until("the groups are gone", &fleet, async || groups(&valkey, events[0]) == [GROUP]).await;
    emit(&fleet, events[0], r#"{"id":"2"}"#).await;
    until("the living one reads on", &fleet, async || count_of(&living) == 2 * shards).await;
    assert_eq!(living.errors(), "");
}
