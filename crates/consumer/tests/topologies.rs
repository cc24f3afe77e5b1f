//! One consumer and one lane with Sentinels, and on a Cluster.

#[expect(dead_code, reason = "consumers are looked at elsewhere")]
mod support;

use std::{
    collections::BTreeMap,
    io,
    num::NonZeroU16,
    ops::RangeInclusive,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use baton_consumer::{AskError, Command, Commander, Consumer, Delivery, ShardNumber};
use baton_model::LaneCount;
use baton_test_servers::{Cluster, Program, SentinelTrio};
use support::{connection, consumer, entry, events, until, write};

/// The numbers of what was handled.
type Log = Arc<Mutex<Vec<u64>>>;

fn start(consumer: Consumer) -> Log {
    let log = Log::default();
    let noted = log.clone();
    let handler = move |delivery: Delivery| {
        noted.lock().expect("no panic").push(delivery.key().seq.0);
        async { Ok::<_, io::Error>(()) }
    };
    tokio::spawn(consumer.run(handler));
    log
}

async fn until_handled(log: &Log, seqs: impl Iterator<Item = u64>) {
    let seqs: Vec<_> = seqs.collect();
    until("all are handled", || {
        let log = log.lock().expect("no panic");
        seqs.iter().all(|seq| log.contains(seq))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_by_sentinels_is_followed() {
    for is_exclusive in [false, true] {
        let mut trio = SentinelTrio::start(Program::Valkey);
        let builder = consumer(&trio.url());
        let builder = if is_exclusive { builder.exclusive() } else { builder };
        let log = start(builder.build().expect("a consumer"));
        let some: Vec<_> = (1..=100).map(|seq| entry(seq, Some(seq % 3))).collect();
        write(&mut connection(trio.primary_port()), 0, &some);
        until_handled(&log, 1..=100).await;
        trio.fail_over();
        let more: Vec<_> = (101..=200).map(|seq| entry(seq, Some(seq % 3))).collect();
        write(&mut connection(trio.primary_port()), 0, &more);
        until_handled(&log, 101..=200).await;
        let last: Vec<_> = log.lock().expect("no panic").iter().rev().take(100).copied().collect();
        let of_one: Vec<_> = last.into_iter().rev().filter(|seq| seq % 3 == 1).collect();
        assert!(of_one.is_sorted(), "{of_one:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_shows_the_way_to_each_lane_and_so_does_its_failover() {
    for is_exclusive in [false, true] {
        let mut cluster = Cluster::start_with_replicas(Program::Valkey);
        let builder = consumer(&cluster.url()).lanes(LaneCount(NonZeroU16::new(2).expect("two")));
        let builder = if is_exclusive { builder.exclusive() } else { builder };
        let log = start(builder.build().expect("a consumer"));
        let client = cluster_client(&cluster);
        write_cluster(&client, 1..=100).await;
        until_handled(&log, 1..=100).await;
        cluster.fail_over(&events(0));
        write_cluster(&client, 101..=200).await;
        until_handled(&log, 101..=200).await;
    }
}

fn cluster_client(cluster: &Cluster) -> redis::cluster::ClusterClient {
    let urls = cluster.nodes().map(|node| format!("redis://127.0.0.1:{}", node.port()));
    redis::cluster::ClusterClient::new(urls).expect("addresses")
}

/// Writes to both lanes in turn; what is refused during a failover is written again.
async fn write_cluster(client: &redis::cluster::ClusterClient, seqs: RangeInclusive<u64>) {
    for seq in seqs {
        let mut add = redis::cmd("XADD");
        add.arg(events(u16::from(seq % 2 == 1))).arg("*");
        for (name, value) in entry(seq, Some(seq % 3)).encode() {
            add.arg(name).arg(value.as_ref());
        }
        let deadline = Instant::now() + support::PATIENCE;
        loop {
            let written = match client.get_async_connection().await {
                Ok(mut connection) => add.query_async::<()>(&mut connection).await,
                Err(error) => Err(error),
            };
            if written.is_ok() {
                break;
            }
            assert!(Instant::now() < deadline, "{written:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

const KNOWN: [&str; 3] = ["baton:{main}:apps", "bot", r#"{"generation":0,"shards":2,"lanes":2}"#];

/// Asks a shard until it is told what became of that; where a store fails over it may be in vain.
async fn ask(commander: &Commander, shard: u32) {
    let frame = r#"{"op":3,"d":{"status":"idle"}}"#;
    let deadline = Instant::now() + support::PATIENCE;
    loop {
        let command = Command::raw(ShardNumber(shard), frame);
        match commander.ask(command, Duration::from_secs(5)).await {
            Ok(()) => return,
            Err(error @ (AskError::NotSent(_) | AskError::NoResult(_))) => {
                assert!(Instant::now() < deadline, "{error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// Says of every command of a lane that it was sent, while something else is done.
async fn answering<T>(
    connection: &mut impl redis::aio::ConnectionLike,
    lane: u16,
    work: impl Future<Output = T>,
) -> T {
    let commands = format!("baton:{{bot.{lane}}}:commands");
    let mut answered = 0;
    let mut work = std::pin::pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(Duration::from_millis(50), &mut work).await {
            return done;
        }
        let found: redis::RedisResult<Vec<(String, BTreeMap<String, String>)>> =
            redis::cmd("XRANGE").arg(&commands).arg("-").arg("+").query_async(connection).await;
        for (id, fields) in found.unwrap_or_default().into_iter().skip(answered) {
            let key = format!("baton:{{bot.{lane}}}:results:{}", fields["re"]);
            let mut add = redis::cmd("XADD");
            add.arg(key).arg("*").arg("v").arg(1).arg("cmd").arg(id).arg("out").arg("sent");
            add.arg("why").arg("").arg("wait").arg("").arg("at").arg(0);
            add.query_async::<()>(connection).await.expect("written");
            answered += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_their_results_follow_a_failover_by_sentinels() {
    let mut trio = SentinelTrio::start(Program::Valkey);
    redis::cmd("HSET").arg(&KNOWN).exec(&mut connection(trio.primary_port())).expect("known");
    let commander = Commander::builder(&trio.url(), "bot").build().expect("a commander");
    for round in 0..2 {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", trio.primary_port()));
        let client = client.expect("an address");
        let mut own = client.get_multiplexed_async_connection().await.expect("a connection");
        answering(&mut own, 1, ask(&commander, 1)).await;
        if round == 0 {
            trio.fail_over();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_their_results_find_the_way_to_each_lane_of_a_cluster() {
    let mut cluster = Cluster::start_with_replicas(Program::Valkey);
    let client = cluster_client(&cluster);
    let mut own = client.get_async_connection().await.expect("a connection");
    redis::cmd("HSET").arg(&KNOWN).exec_async(&mut own).await.expect("known");
    let commander = Commander::builder(&cluster.url(), "bot").build().expect("a commander");
    for lane in [0, 1] {
        answering(&mut own, lane, ask(&commander, lane.into())).await;
    }
    cluster.fail_over(&events(0));
    let mut own = client.get_async_connection().await.expect("a connection");
    answering(&mut own, 0, ask(&commander, 0)).await;
}
