//! How many dispatches a second the simulated Discord writes on one core, and what it holds in
//! memory meanwhile.
//!
//! The server is tied to the first core and this, the client, to the second. A thousand shards are
//! owed a little more each time, until less arrives than is owed: what arrives then is what one
//! core writes. Run by hand: it needs both cores for itself.

#[path = "../../tests/program/client.rs"]
#[expect(dead_code, reason = "tests look closer at what comes")]
mod client;
#[path = "../../tests/program/running.rs"]
#[expect(dead_code, reason = "tests look closer at how it ends")]
mod running;

mod counting;

use std::{
    fs,
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use client::Client;
use running::Program;

const SERVER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";

const SHARDS: u32 = 1_000;

/// How long a load stands before it is measured, and how long it is measured.
const SETTLING: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(4);

/// Milliseconds between two dispatches to each shard, one load after the other.
const LOADS: [u32; 7] = [100, 50, 40, 25, 20, 16, 10];

/// The part of what is owed that has to arrive, or else the load is too much.
const ENOUGH: f64 = 0.97;

/// All that has arrived at any client.
#[derive(Debug, Default)]
struct Arrived {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// What was measured under one load.
struct Figures {
    owed: u32,
    dispatches: f64,
    megabytes: f64,
    server_busy: f64,
    client_busy: f64,
}

fn main() {
    tie("--all-tasks", std::process::id(), CLIENT_CORE);
    for compression in ["plain", "zlib-stream", "zstd-stream"] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(measure(compression));
    }
}

async fn measure(compression: &str) {
    let query = match compression {
        "plain" => "v=10&encoding=json".to_owned(),
        other => format!("v=10&encoding=json&compress={other}"),
    };
    let program = start();
    let arrived = Arc::new(Arrived::default());
    connect_all(&program, &query, &arrived).await;
    let (pid, me) = (program.pid(), std::process::id());
    println!("\n{compression}: {SHARDS} shards, idle {} MB", rss_mb(pid));
    println!("  owed/s  dispatches/s   MB/s  server  client  of a core/s");
    for every_ms in LOADS {
        load(program.address("admin"), every_ms).await;
        sleep(SETTLING).await;
        let before = (Instant::now(), arrived.now(), cpu_s(pid), cpu_s(me));
        sleep(MEASURED).await;
        let seconds = before.0.elapsed().as_secs_f64();
        let (messages, bytes) = arrived.now();
        let figures = Figures {
            owed: SHARDS * 1_000 / every_ms,
            dispatches: (messages - before.1.0) as f64 / seconds,
            megabytes: (bytes - before.1.1) as f64 / seconds / 1e6,
            server_busy: (cpu_s(pid) - before.2) / seconds,
            client_busy: (cpu_s(me) - before.3) / seconds,
        };
        figures.print();
        if figures.dispatches < f64::from(figures.owed) * ENOUGH {
            break;
        }
    }
    println!("  at the end {} MB", rss_mb(pid));
}

/// A server on its core, with few words in the ledger so that memory means connections.
fn start() -> Program {
    let mut tied = Command::new("taskset");
    tied.args(["--cpu-list", SERVER_CORE]).arg(running::command().get_program());
    tied.args(["--gateway-port=0", "--resume-port=0", "--rest-port=0", "--admin-port=0"]);
    tied.args(["--json", "--ledger-max=100000"]);
    tied.args([format!("--shards-max={SHARDS}"), format!("--max-concurrency={SHARDS}")]);
    Program::spawn(tied)
}

async fn connect_all(program: &Program, query: &str, arrived: &Arc<Arrived>) {
    for shard in 0..SHARDS {
        let connect = Client::connect(program.address("gateway"), query).await;
        let mut client = connect.expect("it connects");
        client.message().await.expect("HELLO");
        client.identify(shard, SHARDS).await.expect("sent");
        client.message().await.expect("READY");
        let arrived = Arc::clone(arrived);
        tokio::spawn(client.count(move |counted| {
            arrived.messages.fetch_add(counted.messages, Relaxed);
            arrived.bytes.fetch_add(counted.bytes, Relaxed);
        }));
    }
    sleep(SETTLING).await;
}

async fn load(admin: SocketAddr, every_ms: u32) {
    let body = format!(r#"{{"mix":"messages","every_ms":{every_ms},"events":1}}"#);
    let mut stream = TcpStream::connect(admin).await.expect("it connects");
    let length = body.len();
    let request = format!(
        "POST /load HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n\
         {body}",
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

impl Arrived {
    fn now(&self) -> (u64, u64) {
        (self.messages.load(Relaxed), self.bytes.load(Relaxed))
    }
}

impl Figures {
    fn print(&self) {
        let Self { owed, dispatches, megabytes, server_busy, client_busy } = self;
        let (server, client) = (server_busy * 100.0, client_busy * 100.0);
        let of_a_core = dispatches / server_busy;
        println!(
            "{owed:8} {dispatches:13.0} {megabytes:6.1} \
             {server:6.0}% {client:6.0}% {of_a_core:12.0}"
        );
    }
}

fn tie(what: &str, pid: u32, core: &str) {
    let words = [what, "--cpu-list", "--pid", core, &pid.to_string()];
    let tied = Command::new("taskset").args(words).output();
    assert!(tied.is_ok_and(|tied| tied.status.success()), "taskset {words:?}");
}

fn rss_mb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1_024
}

/// Time that a process has spent on a core, of which Linux counts a hundredth each.
fn cpu_s(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, after_name) = stat.rsplit_once(") ").expect("a name");
    let fields: Vec<_> = after_name.split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}
