//! Bad connections to a real Valkey: killed in the middle of a pipeline, frozen, broken while an
//! answer was on its way. What is written through them is exact all the same.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use baton_model::{Expected, Lane, Seq, StreamId};
use baton_store::{
    AppendError, Events, Leases, Membership, Unhappy,
    conformance::{Audit, Scope, append, live, stream},
};
use baton_test_servers::{Cluster, Program, Server};
use support::{Writer, open_at, seed};
use tokio::runtime::Builder;

/// Bounded waits are a promise; how long exactly depends on the machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that was answered is on disk. With the usual `everysec` a write may lie in the
/// server's memory while an earlier sync is under way, and SIGKILL takes it along.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

#[tokio::test(flavor = "multi_thread")]
async fn connections_killed_in_the_middle_of_pipelines_lose_and_double_nothing() {
    let server = Arc::new(Server::start(Program::Valkey, &[]));
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let mut writers = Vec::new();
    for number in 0..4 {
        let (hold, session) = live(&store, &scope.shard(number), scope.instance(1)).await;
        writers.push(Writer::new(store.clone(), hold, session));
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let killer = kill_connections(Arc::clone(&server), Arc::clone(&is_over));
    let tasks: Vec<_> = writers
        .into_iter()
        .map(|mut writer| {
            tokio::spawn(async move {
                writer.write_to(20_000).await;
                writer.unknown
            })
        })
        .collect();
    let mut unknown = 0;
    for task in tasks {
        unknown += task.await.expect("the writer ends");
    }
    is_over.store(true, Ordering::Relaxed);
    let kills = killer.join().expect("the killer ends");
    assert!(unknown > 0, "{kills} kills hit no pipeline that was under way");

    let shards = (0..4).map(|number| scope.shard(number).shard.number);
    let audit = Audit::of(&stream(&store, &scope).await, shards, 20_000);
    assert_eq!(audit, Audit::default(), "after {kills} kills, {unknown} unknown outcomes");
}

#[test]
fn a_connection_lives_where_the_store_was_opened_whoever_asks_first() {
    let server = Server::start(Program::Valkey, &[]);
    let a_runtime = || Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let (home, other) = (a_runtime().expect("threads"), a_runtime().expect("threads"));
    let (store, scope) = (home.block_on(open_at(&server)), Scope::new(seed()));
    let read = || store.entries(scope.app(), Lane(0), StreamId::START, 1);
    other.block_on(read()).expect("an answer to who asks first");
    drop(other);
    home.block_on(read()).expect("an answer over the same connection");
}

/// Kills every client's connection again and again; counts how often.
fn kill_connections(server: Arc<Server>, is_over: Arc<AtomicBool>) -> thread::JoinHandle<u32> {
    thread::spawn(move || {
        let mut kills = 0;
        while !is_over.load(Ordering::Relaxed) {
            let killed =
                server.command::<i64>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
            kills += u32::from(killed.is_ok());
            thread::sleep(Duration::from_millis(25));
        }
        kills
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_settled_by_the_next_append() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    store.append(&append(&hold, session, 0, 5)).await.expect("appended");

    server.freeze();
    // The request lies in the frozen server's socket: it will be served after the time-out.
    let lost = store.append(&append(&hold, session, 5, 9)).await.expect_err("no answer");
    assert!(lost.outcome_unknown() && lost.is_retryable(), "{lost}");
    server.thaw();
    assert_eq!(Writer::settle(&store, &append(&hold, session, 5, 9)).await, Ok(Seq(9)));
    let shards = [hold.address.shard.number];
    assert_eq!(Audit::of(&stream(&store, &scope).await, shards, 9), Audit::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_keeps_nobody_waiting_for_ever_and_takes_no_lease_away() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;

    server.freeze();
    let started = Instant::now();
    let appended = store.append(&append(&hold, session, 0, 1)).await.expect_err("frozen");
    let claimed = store.claim(&scope.shard(1), Expected::NEVER_LEASED, scope.instance(1)).await;
    let claimed = claimed.expect_err("frozen");
    let polled = store.poll().await.expect_err("frozen");
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    assert!(appended.is_retryable() && claimed.is_retryable() && polled.is_retryable());
    assert!(!matches!(appended, AppendError::Fenced | AppendError::Forgotten), "{appended}");
    server.thaw();

    assert_eq!(Writer::settle(&store, &append(&hold, session, 0, 2)).await, Ok(Seq(2)));
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = store.poll().await {
        assert!(error.is_retryable() && Instant::now() < deadline, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_unavailable_and_found_again() {
    let mut server = Server::start(Program::Valkey, &DURABLE);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    store.append(&append(&hold, session, 0, 3)).await.expect("appended");

    server.kill();
    for _ in 0..3 {
        let error = store.append(&append(&hold, session, 3, 4)).await.expect_err("away");
        assert!(error.is_retryable(), "{error}");
        let error = store.poll().await.expect_err("away");
        assert!(error.is_retryable(), "{error}");
    }
    server.restart();
    assert_eq!(Writer::settle(&store, &append(&hold, session, 3, 6)).await, Ok(Seq(6)));
    let shards = [hold.address.shard.number];
    assert_eq!(Audit::of(&stream(&store, &scope).await, shards, 6), Audit::default());
    let deadline = Instant::now() + PATIENCE;
    while let Err(error) = store.poll().await {
        assert!(error.is_retryable() && Instant::now() < deadline, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_its_replicas_is_unavailable_and_fences_nobody() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    let settings = [
        (["min-replicas-to-write", "1"], ["min-replicas-to-write", "0"]),
        (["maxmemory", "1"], ["maxmemory", "0"]),
    ];
    for ([name, bad], [_, good]) in settings {
        server.command::<()>(&["CONFIG", "SET", name, bad]).expect("set");
        let append = append(&hold, session, 0, 1);
        let appended = store.append(&append).await.expect_err(name);
        assert!(appended.is_retryable() && !appended.outcome_unknown(), "{name}: {appended}");
        let released = store.release(&hold).await.expect_err(name);
        assert!(released.is_retryable() && !released.outcome_unknown(), "{name}: {released}");
        server.command::<()>(&["CONFIG", "SET", name, good]).expect("set");
    }
    assert_eq!(Writer::settle(&store, &append(&hold, session, 0, 1)).await, Ok(Seq(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_that_is_dropped_closes_its_connections() {
    let server = Server::start(Program::Valkey, &[]);
    let connected = || {
        let info: String = server.command(&["INFO", "clients"]).expect("an answer");
        let mut lines = info.lines().filter_map(|line| line.strip_prefix("connected_clients:"));
        lines.next().and_then(|count| count.trim().parse::<u32>().ok()).expect("a count")
    };
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    live(&store, &scope.shard(0), scope.instance(1)).await;
    stream(&store, &scope).await;
    let presence = store.hold_presence(scope.instance(1)).await.expect("held");
    let twin = store.clone();
    drop(store);
    twin.poll().await.expect("a clone goes on");
    assert!(connected() >= 3, "two paths and a presence");
    drop(twin);
    drop(presence);
    let deadline = Instant::now() + PATIENCE;
    while connected() > 1 {
        assert!(Instant::now() < deadline, "{} connections are left", connected());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A machine that is gone refuses nothing: it says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_reached_although_a_named_node_says_nothing() {
    let cluster = Cluster::start(Program::Valkey);
    // Connections to it wait to be accepted for good.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = silent.local_addr().map(|address| (silent, address)).expect("an address");
    let nodes = cluster.url();
    let nodes = nodes.strip_prefix("valkey-cluster://").expect("a Cluster's");
    let store = support::open(&format!("valkey-cluster://{},{nodes}", silent.1)).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    let mut writer = Writer::new(store.clone(), hold, session);
    let written = tokio::time::timeout(PATIENCE, writer.write_to(10)).await;
    written.expect("the silent node takes no time of the others");
    let audit = Audit::of(&stream(&store, &scope).await, [scope.shard(0).shard.number], 10);
    assert_eq!(audit, Audit::default());
}
