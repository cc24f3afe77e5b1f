//! Three nodes that run Valkey and Sentinel as the job says, each at an address of its own.

use std::{
    collections::BTreeSet,
    env, fs,
    net::TcpListener,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use baton_e2e::processes::{Fleet, discord};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    allocation::{Place, allocate},
    gateway::{Nomad, PASSWORD, SHARDS},
    job::job,
};

const PATIENCE: Duration = Duration::from_secs(120);
const OPERATOR: &str = "theoperatorspassword";
const SECRETS: [(&str, &str); 5] = [
    ("gateway_password", PASSWORD),
    ("consumer_password", "theconsumerspassword"),
    ("operator_password", OPERATOR),
    ("replica_password", "thereplicaspassword"),
    ("sentinel_password", "thesentinelspassword"),
];

/// Three nodes, at three addresses of loopback.
struct Nodes {
    job: Value,
    ports: [u16; 2],
    nodes: Vec<Node>,
    folder: TempDir,
}

/// A node: what runs there ends with it.
struct Node {
    address: String,
    running: Vec<Child>,
}

impl Drop for Node {
    fn drop(&mut self) {
        for child in &mut self.running {
            // It may have ended by itself.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Nodes {
    fn start() -> Self {
        let ports = [free_everywhere(), free_everywhere()];
        let values = [
            "first_primary=127.0.0.1".to_owned(),
            format!("port={}", ports[0]),
            format!("sentinel_port={}", ports[1]),
        ];
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let programs = folder.path().join("programs");
        fs::create_dir(&programs).expect("a folder");
        let server = env::var_os("BATON_TEST_VALKEY").expect("eval \"$(scripts/servers)\"");
        symlink(server, programs.join("valkey-server")).expect("linked");
        let mut nodes = Self { job: job("valkey", &values), ports, nodes: Vec::new(), folder };
        for number in 1..=3 {
            let node = nodes.node(format!("127.0.0.{number}"));
            nodes.nodes.push(node);
        }
        nodes
    }

    /// The tasks of the job at one node. What is on its volume stays.
    fn node(&self, address: String) -> Node {
        let data = self.folder.path().join(&address);
        fs::create_dir_all(&data).expect("a folder");
        let running =
            ["valkey", "sentinel"].map(|task| self.task(task, &address, &data)).into_iter();
        Node { running: running.collect(), address }
    }

    fn task(&self, task: &str, address: &str, data: &Path) -> Child {
        let programs = self.folder.path().join("programs");
        let path = format!("{}:/usr/bin:/bin", programs.display());
        let node = [("NOMAD_IP_valkey", address), ("NOMAD_IP_sentinel", address)];
        let place = Place {
            folder: &self.folder.path().join(format!("{address}-{task}")),
            node: &node,
            secrets: &SECRETS,
            over: &[("PATH", &path), ("DATA", data.to_str().expect("text"))],
        };
        let program = allocate(&self.job, task, Path::new("/bin/sh"), &place);
        let log = fs::File::create(self.log(address, task)).expect("a log");
        let program = Command::new(program).stdin(Stdio::null()).stdout(log).spawn();
        program.expect("it starts")
    }

    fn log(&self, address: &str, task: &str) -> PathBuf {
        self.folder.path().join(format!("{address}-{task}.log"))
    }

    /// How the job's documents tell to reach it; with a login if one is given.
    fn url(&self, login: &str) -> String {
        let port = self.ports[1];
        let sentinels = (1..=3).map(|number| format!("127.0.0.{number}:{port}"));
        let sentinels: Vec<_> = sentinels.collect();
        format!("valkey-sentinel://{login}{}/baton", sentinels.join(","))
    }

    /// What the server at an address says of replication.
    fn replication(&self, address: &str) -> redis::RedisResult<String> {
        let url = format!("redis://operator:{OPERATOR}@{address}:{}", self.ports[0]);
        let mut connection = redis::Client::open(url)?.get_connection_with_timeout(LOOK)?;
        redis::cmd("INFO").arg("replication").query(&mut connection)
    }

    async fn until(&self, what: &str, is_true: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_true() {
            assert!(Instant::now() < end, "waited until {what}\n{}", self.logs());
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn until_complete(&self) {
        self.until("two replicas follow and three Sentinels know each other", || {
            let followed = self.replication("127.0.0.1");
            let sentinels = (1..=3).all(|number| {
                let url = format!("redis://127.0.0.{number}:{}", self.ports[1]);
                sentinel_says(&url).is_ok_and(|said| said.contains("slaves=2,sentinels=3"))
            });
            followed.is_ok_and(|said| said.matches("state=online").count() == 2) && sentinels
        })
        .await;
    }

    fn logs(&self) -> String {
        let all = self.nodes.iter().flat_map(|node| {
            ["valkey", "sentinel"].map(|task| {
                let log = fs::read_to_string(self.log(&node.address, task)).unwrap_or_default();
                format!("== {task} at {}\n{log}", node.address)
            })
        });
        all.collect()
    }
}

const LOOK: Duration = Duration::from_secs(2);

fn sentinel_says(url: &str) -> redis::RedisResult<String> {
    let mut connection = redis::Client::open(url)?.get_connection_with_timeout(LOOK)?;
    redis::cmd("INFO").arg("sentinel").query(&mut connection)
}

/// A port that is free at all three addresses.
fn free_everywhere() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = first.local_addr().expect("an address").port();
        let others = [2, 3].map(|number| TcpListener::bind(format!("127.0.0.{number}:{port}")));
        if others.iter().all(Result::is_ok) {
            return port;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_primarys_node_is_lost_and_comes_back_and_no_shard_moves() {
    let mut nodes = Nodes::start();
    nodes.until_complete().await;
    let fleet = Fleet::new(discord(), SHARDS, nodes.url(&format!("operator:{OPERATOR}@"))).await;
    let mut nomad = Nomad::new(fleet, &nodes.url(""));
    nomad.start("a").await;
    nomad.start("b").await;
    nomad.fleet.until_all_live().await;
    nomad.fleet.load(Duration::from_millis(200)).await;
    sleep(Duration::from_secs(2)).await;
    let held = [nomad.fleet.held_by("a").await, nomad.fleet.held_by("b").await];
    let sockets: BTreeSet<_> = nomad.fleet.connections().await;

    let began = Instant::now();
    drop(nodes.nodes.remove(0));
    nodes
        .until("another is the primary", || {
            let said = ["127.0.0.2", "127.0.0.3"].map(|address| nodes.replication(address));
            said.into_iter().flatten().any(|said| said.contains("role:master"))
        })
        .await;
    println!("another primary after {:.1?}", began.elapsed());
    sleep(Duration::from_secs(5)).await;
    let node = nodes.node("127.0.0.1".to_owned());
    nodes.nodes.push(node);
    nodes
        .until("the one that was lost follows", || {
            let said = nodes.replication("127.0.0.1");
            said.is_ok_and(|said| {
                said.contains("role:slave") && said.contains("master_link_status:up")
            })
        })
        .await;

    nomad.is_judged_clean().await;
    assert_eq!([nomad.fleet.held_by("a").await, nomad.fleet.held_by("b").await], held);
    assert_eq!(nomad.fleet.connections().await, sockets, "a socket was dropped");
}

/// Whoever can reach a Sentinel may ask it, and change nothing; nobody reaches a server unnamed.
#[tokio::test(flavor = "multi_thread")]
async fn only_who_says_who_he_is_gets_anything_done() {
    let nodes = Nodes::start();
    nodes.until_complete().await;
    let ask = |url: String, words: &[&str]| -> redis::RedisResult<redis::Value> {
        let mut connection = redis::Client::open(url)?.get_connection_with_timeout(LOOK)?;
        redis::cmd(words[0]).arg(&words[1..]).query(&mut connection)
    };
    let [server, sentinel] = nodes.ports;
    for words in
        [&["SENTINEL", "FAILOVER", "baton"][..], &["SENTINEL", "REMOVE", "baton"], &["SHUTDOWN"]]
    {
        let refused = ask(format!("redis://127.0.0.1:{sentinel}"), words).expect_err("refused");
        assert!(refused.to_string().contains("permission"), "{words:?}: {refused}");
    }
    ask(format!("redis://127.0.0.1:{sentinel}"), &["SENTINEL", "CKQUORUM", "baton"]).expect("told");
    let refused = ask(format!("redis://127.0.0.1:{server}"), &["PING"]).expect_err("refused");
    assert!(refused.to_string().to_lowercase().contains("auth"), "{refused}");
    let gateway = format!("redis://gateway:{PASSWORD}@127.0.0.1:{server}");
    let refused = ask(gateway, &["FLUSHALL"]).expect_err("refused");
    assert!(refused.to_string().contains("permission"), "{refused}");
    // The runbook's way to make another one the primary.
    let operator = format!("redis://operator:{OPERATOR}@127.0.0.1:{sentinel}");
    // A Sentinel promotes only whom it has asked lately: some seconds after it was found.
    let begins = || ask(operator.clone(), &["SENTINEL", "FAILOVER", "baton"]).is_ok();
    nodes.until("it begins", begins).await;
    nodes
        .until("another is the primary", || {
            nodes.replication("127.0.0.1").is_ok_and(|said| said.contains("role:slave"))
        })
        .await;
}
