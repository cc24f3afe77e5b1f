//! Waiting for commands: what it costs, and what it survives.

mod support;

use std::time::Duration;

use baton_model::{
    Lane, ShardNumber,
    limits::{COMMANDS_AWAITED, COMMANDS_POLL_BUSY, COMMANDS_STIRRED},
};
use baton_store::{Command, Commands, StreamId, Unhappy, conformance::Scope};
use baton_store_valkey::Valkey;
use baton_test_servers::{Program, Server};
use support::{open_at, seed};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// Only what never comes is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server, a store on it, and names.
struct Scene {
    server: Server,
    store: Valkey,
    scope: Scope,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(Program::Valkey, &[]);
        let store = open_at(&server).await;
        Self { server, store, scope: Scope::new(seed()) }
    }

    /// Waits for the first command of a lane, as often as it takes.
    fn await_first(&self, lane: u16) -> JoinHandle<()> {
        let (store, app) = (self.store.clone(), self.scope.app().clone());
        tokio::spawn(async move {
            while let Err(error) = store.await_commands(&app, Lane(lane), StreamId::START).await {
                assert!(error.is_retryable(), "{error}");
                sleep(Duration::from_millis(20)).await;
            }
        })
    }

    async fn send(&self, lane: u16) {
        let command = Command {
            shard: ShardNumber(u32::from(lane)),
            expires: None,
            reply_to: String::new(),
            trace: None,
            frame: "{}".into(),
        };
        self.store.send_command(self.scope.app(), Lane(lane), &command).await.expect("sent");
    }

    /// Sends the next command as soon as the one before has been told of and read.
    async fn be_busy(&self) {
        self.send(0).await;
        let (reads, connections) = (self.reads(), self.connections());
        let began = Instant::now();
        let mut after = StreamId::START;
        for _ in 0..25 {
            let (app, lane) = (self.scope.app(), Lane(0));
            let told = self.store.await_commands(app, lane, after);
            timeout(PATIENCE, told).await.expect("in time").expect("told");
            let read = self.store.commands(app, lane, after, 100).await.expect("read");
            after = read.last().expect("a command").0;
            self.send(0).await;
        }
        let paces = began.elapsed().as_millis() / COMMANDS_POLL_BUSY.as_millis() + 1;
        let reads = self.reads() - reads;
        assert!(u128::from(reads) <= paces * 2, "{reads} in {paces} paces");
        // One to wait, and two of this test's questions.
        let connections = self.connections() - connections;
        assert!(connections <= 3, "{connections}");
    }

    /// How often the server was asked.
    fn reads(&self) -> u64 {
        let stats = self.server.command::<String>(&["INFO", "commandstats"]).expect("stats");
        let reads = stats.lines().find_map(|line| line.strip_prefix("cmdstat_xread:calls="));
        let count = reads.and_then(|rest| rest.split(',').next());
        count.map_or(0, |count| count.parse().expect("a number"))
    }

    /// How many connections the server has ever accepted. Each question of this test is one.
    fn connections(&self) -> u64 {
        let info = self.server.command::<String>(&["INFO", "stats"]).expect("info");
        let line = info.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        line.expect("the line").trim().parse().expect("a number")
    }

    /// Waits until the server holds as many blocked clients.
    async fn blocked(&self, wanted: usize) {
        let seen = async {
            while self.blocked_now() != wanted {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, seen).await.expect("in time");
    }

    fn blocked_now(&self) -> usize {
        let info = self.server.command::<String>(&["INFO", "clients"]).expect("info");
        let blocked = info.lines().find_map(|line| line.strip_prefix("blocked_clients:"));
        blocked.expect("the line").trim().parse().expect("a number")
    }
}

#[tokio::test]
async fn one_connection_waits_for_all_lanes_and_asks_seldom() {
    let scene = Scene::new().await;
    let waiting: Vec<_> = (0..64).map(|lane| scene.await_first(lane)).collect();
    sleep(COMMANDS_STIRRED + COMMANDS_POLL_BUSY * 2).await;
    scene.blocked(1).await;
    let before = scene.reads();
    sleep(COMMANDS_AWAITED * 2).await;
    let reads = scene.reads() - before;
    assert!((1..=3).contains(&reads), "{reads}");
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    for lane in [7, 63, 0] {
        scene.send(lane).await;
    }
    for (lane, waiting) in (0..).zip(waiting) {
        match lane {
            0 | 7 | 63 => timeout(PATIENCE, waiting).await.expect("in time").expect("told"),
            _ => waiting.abort(),
        }
    }
}

#[tokio::test]
async fn who_comes_while_others_wait_is_let_in_at_once() {
    let scene = Scene::new().await;
    let first = scene.await_first(0);
    sleep(COMMANDS_STIRRED + COMMANDS_POLL_BUSY * 2).await;
    scene.blocked(1).await;
    let began = Instant::now();
    let second = scene.await_first(1);
    sleep(Duration::from_millis(100)).await;
    scene.send(1).await;
    timeout(PATIENCE, second).await.expect("in time").expect("told");
    assert!(began.elapsed() < COMMANDS_AWAITED / 2, "{:?}", began.elapsed());
    scene.blocked(1).await;
    scene.send(0).await;
    timeout(PATIENCE, first).await.expect("in time").expect("told");
}

#[tokio::test]
async fn a_busy_lane_is_told_at_a_steady_pace_over_the_same_connection() {
    let scene = Scene::new().await;
    scene.be_busy().await;
    let idle = scene.await_first(1);
    scene.be_busy().await;
    assert!(!idle.is_finished());
    idle.abort();
}

#[tokio::test]
async fn a_broken_connection_and_a_lost_server_are_survived() {
    let scene = Scene::new().await;
    let waiting = scene.await_first(0);
    scene.blocked(1).await;
    scene.server.command::<i64>(&["CLIENT", "KILL", "TYPE", "normal"]).expect("killed");
    scene.blocked(1).await;
    scene.server.command::<()>(&["FLUSHALL"]).expect("flushed");
    assert!(!waiting.is_finished());
    scene.send(0).await;
    timeout(PATIENCE, waiting).await.expect("in time").expect("told");
}

#[tokio::test]
async fn who_gives_up_leaves_nothing_behind() {
    let scene = Scene::new().await;
    let waiting = scene.await_first(0);
    sleep(COMMANDS_STIRRED + COMMANDS_POLL_BUSY * 2).await;
    scene.blocked(1).await;
    waiting.abort();
    assert!(waiting.await.expect_err("given up").is_cancelled());
    let Scene { server, store, .. } = scene;
    drop(store);
    let left = async {
        loop {
            let clients = server.command::<String>(&["CLIENT", "LIST"]).expect("a list");
            if clients.lines().count() == 1 {
                return; // Who asks.
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, left).await.expect("every connection is closed");
}
