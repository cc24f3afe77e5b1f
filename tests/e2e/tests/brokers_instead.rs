//! Streams of unmodified `@discordjs/brokers` instead of the lanes: what Discord's ledger has
//! stands there once and in order, whatever dies; what cannot stand there stands in the lane; and
//! every switch of the mode loses and doubles nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use baton_e2e::{
    brokers::Worker,
    operator::Operator,
    processes::{Fleet, PATIENCE, discord, program, valkey},
};
use baton_mock_discord::{Input, load::Content};
use baton_model::{EventName, Marker};
use baton_store::Brokers;
use baton_test_servers::Server;
use redis::streams::StreamRangeReply;
use rustix::process::Signal;
use serde_json::Value;
use tokio::time::{Instant, sleep};

const GROUP: &str = "workers";

const SHARDS: u32 = 4;

/// What a worker subscribes to.
const EVENTS: [&str; 3] = ["READY", "GUILD_CREATE", "MESSAGE_CREATE"];

/// What a worker may have in hand: ten of each stream, twice if it has not acknowledged those
/// before.
const IN_HAND: usize = 2 * 10 * EVENTS.len();

/// An event whose stream's key holds something else.
const IN_THE_WAY: &str = "IN_THE_WAY";

/// How long nothing must have come until all has.
const QUIET: Duration = Duration::from_secs(3);

fn start(fleet: &mut Fleet, names: &[&'static str]) {
    let gateway = program("baton-gateway");
    for name in names {
        fleet.start_another(name, &gateway, &[("BATON_APPS__APP__BROKERS__MODE", "instead")]);
    }
}

async fn until(what: &str, fleet: &Fleet, is_so: impl AsyncFn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "not so: {what}\n{}", fleet.logs());
        sleep(Duration::from_millis(100)).await;
    }
}

async fn emit(fleet: &Fleet, name: &str, data: &str) {
    let content = Content::Given { name: EventName::new(name), data: data.into() };
    fleet.discord.input(Input::Emit { slice: None, content }).await;
}

/// What stands in each stream of copies, in its order: the shard, and Discord's number.
async fn copies(fleet: &Fleet, server: &Server) -> BTreeMap<String, Vec<(u64, u64)>> {
    let app = baton_e2e::processes::app();
    let mut copies = BTreeMap::new();
    for stream in fleet.store.copied_streams(&app).await.expect("listed") {
        let found: StreamRangeReply = server.command(&["XRANGE", &stream, "-", "+"]).expect("read");
        let place = |entry: &redis::streams::StreamId| {
            let data: Vec<u8> = entry.get("data").expect("one field, data");
            let data: Value = rmp_serde::from_slice(&data).expect("MessagePack");
            assert_eq!(data["payload"]["t"], stream.as_str(), "{data}");
            let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{data}"));
            (number(&data["shardId"]), number(&data["payload"]["s"]))
        };
        let places = found.ids.iter().map(place).collect();
        copies.insert(stream, places);
    }
    copies
}

/// The lanes' dispatches: their names, shards and numbers, in the order of their lanes.
async fn in_lanes(fleet: &Fleet) -> Vec<(String, u64, u64)> {
    let written = fleet.written().await.into_iter();
    let dispatches = written.filter(|entry| !entry.name.as_str().starts_with(Marker::PREFIX));
    dispatches.map(|it| (it.name.as_str().to_owned(), it.shard.0.into(), it.seq.0)).collect()
}

/// What Discord has sent: each shard's numbers. There was one session for each.
async fn sent(fleet: &Fleet) -> BTreeMap<u64, Vec<u64>> {
    let ledger = fleet.discord.look(|discord| discord.ledger().clone()).await;
    assert_eq!(ledger.sessions.len(), SHARDS as usize, "nobody identified again");
    let sessions = ledger.sessions.values();
    sessions
        .map(|it| (it.slice.0.0.into(), it.sent.iter().map(|sent| sent.seq.0).collect()))
        .collect()
}

/// Stops the load, and waits until nothing more comes.
async fn come_to_rest(fleet: &Fleet, server: &Server) {
    fleet.discord.input(Input::Load(None)).await;
    fleet.until_all_live().await;
    let end = Instant::now() + PATIENCE;
    let (mut length, mut since) = (0, Instant::now());
    while since.elapsed() < QUIET {
        assert!(Instant::now() < end, "no rest\n{}", fleet.logs());
        let copied: usize = copies(fleet, server).await.values().map(Vec::len).sum();
        let now = copied + in_lanes(fleet).await.len();
        if now != length {
            (length, since) = (now, Instant::now());
        }
        sleep(Duration::from_millis(300)).await;
    }
}

/// Each shard's numbers in a stream grow: nothing stands there twice, or out of order.
fn ensure_in_order<'a>(what: &str, places: impl Iterator<Item = &'a (u64, u64)>) {
    let mut last = BTreeMap::new();
    for (shard, seq) in places {
        let before = last.insert(*shard, *seq);
        assert!(before < Some(*seq), "{what}: {seq} of shard {shard} comes behind {before:?}");
    }
}

/// How many deliveries the group has not acknowledged.
fn pending(server: &Server, stream: &str) -> usize {
    let words = ["XPENDING", stream, GROUP];
    let (pending, ..): (usize, Option<String>, Option<String>, redis::Value) =
        server.command(&words).expect("told");
    pending
}

#[tokio::test(flavor = "multi_thread")]
async fn what_discord_sent_stands_there_once_and_in_order_whatever_dies() {
    let mut valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    start(&mut fleet, &["a", "b"]);
    let worker = Worker::start(&fleet, GROUP, &EVENTS);
    fleet.until_all_live().await;
    valkey.command::<()>(&["SET", IN_THE_WAY, "somebody's"]).expect("set");
    fleet.load(Duration::from_millis(5)).await;
    let is_under_way =
        async || worker.received().get("MESSAGE_CREATE").is_some_and(|it| it.len() > 200);
    until("messages come", &fleet, is_under_way).await;

    fleet.gateway("a").signal(Signal::KILL);
    fleet.gateways.remove("a");
    start(&mut fleet, &["c"]);
    sleep(Duration::from_secs(4)).await;
    fleet.until_all_live().await;
    emit(&fleet, IN_THE_WAY, r#"{"id":"1"}"#).await;
    let status = async || Operator::of(&fleet).types("status").await.data;
    let told = "the store refuses copies for @discordjs/brokers";
    until("an operator is told", &fleet, async || status().await.contains(told)).await;
    valkey.kill();
    sleep(Duration::from_secs(1)).await;
    valkey.restart();
    fleet.until_all_live().await;
    fleet.gateway("b").signal(Signal::TERM);
    sleep(Duration::from_secs(3)).await;
    emit(&fleet, IN_THE_WAY, r#"{"id":"2"}"#).await;
    come_to_rest(&fleet, &valkey).await;

    let (copies, in_lanes) = (copies(&fleet, &valkey).await, in_lanes(&fleet).await);
    let mut found: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (stream, places) in &copies {
        ensure_in_order(stream, places.iter());
        places.iter().for_each(|(shard, seq)| found.entry(*shard).or_default().push(*seq));
    }
    let strangers = in_lanes.iter().filter(|(name, ..)| name != IN_THE_WAY).count();
    assert_eq!((strangers, in_lanes.len()), (0, 2 * SHARDS as usize), "{in_lanes:?}");
    in_lanes.iter().for_each(|(_, shard, seq)| found.entry(*shard).or_default().push(*seq));
    found.values_mut().for_each(|seqs| seqs.sort_unstable());
    let total: usize = found.values().map(Vec::len).sum();
    assert!(total > 1_000, "{total}");
    assert_eq!(found, sent(&fleet).await, "each once, and nothing else");

    // Version 1.0.0 never asks again for what was delivered to it and lost on its way.
    let wanted = || EVENTS.iter().map(|event| copies[*event].len()).sum::<usize>();
    let received = || worker.received().values().map(Vec::len).sum::<usize>();
    let stuck = || EVENTS.iter().map(|event| pending(&valkey, event)).sum::<usize>();
    until("all is read", &fleet, async || received() + stuck() >= wanted()).await;
    assert!(received() <= wanted() && stuck() <= IN_HAND, "{} {}", received(), stuck());
    assert_eq!(worker.leave().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_of_the_mode_loses_and_doubles_nothing() {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    let config = fleet.token_file().with_file_name("baton.toml");
    let without = fs::read_to_string(&config).expect("it is there");
    let set = |mode: &str| {
        let toml = format!("{without}\n[apps.app.brokers]\nmode = \"{mode}\"\n");
        fs::write(&config, toml).expect("written");
    };
    set("also");
    for name in ["a", "b"] {
        fleet.start(name);
    }
    fleet.until_all_live().await;
    fleet.load(Duration::from_millis(5)).await;
    let modes = ["instead", "also", "off", "instead", "also", "instead"];
    for (switches, mode) in (1..).zip(modes) {
        sleep(Duration::from_secs(2)).await;
        set(mode);
        for name in ["a", "b"] {
            fleet.gateway(name).signal(Signal::HUP);
        }
        let line = "takes effect at once";
        until("it is read", &fleet, async || {
            ["a", "b"]
                .iter()
                .all(|name| fleet.gateway(name).log().matches(line).count() >= switches)
        })
        .await;
    }
    sleep(Duration::from_secs(2)).await;
    come_to_rest(&fleet, &valkey).await;

    let (copies, in_lanes) = (copies(&fleet, &valkey).await, in_lanes(&fleet).await);
    for (stream, places) in &copies {
        ensure_in_order(stream, places.iter());
    }
    let in_lanes: Vec<_> = in_lanes.iter().map(|(_, shard, seq)| (*shard, *seq)).collect();
    ensure_in_order("the lanes", in_lanes.iter());
    let copied: BTreeSet<_> = copies.values().flatten().copied().collect();
    let in_lanes: BTreeSet<_> = in_lanes.into_iter().collect();
    let sent = sent(&fleet).await.into_iter();
    let sent: BTreeSet<_> =
        sent.flat_map(|(shard, seqs)| seqs.into_iter().map(move |seq| (shard, seq))).collect();
    let anywhere: BTreeSet<_> = copied.union(&in_lanes).copied().collect();
    assert_eq!(anywhere, sent);
    let both = copied.intersection(&in_lanes).count();
    let (copies_alone, lanes_alone) = (copied.len() - both, in_lanes.len() - both);
    assert!(both > 100 && copies_alone > 100 && lanes_alone > 100, "each mode was on for a while");
}
