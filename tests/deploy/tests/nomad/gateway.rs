//! A fleet that runs as the gateway's job says, through what Nomad does to it.
//!
//! The instances are started with the job's arguments, environment and files, and stopped and
//! started in the order that Nomad documents: a canary first, and each replacement only after the
//! one before has ended. What a Nomad adds to that (its drivers, its own checks) is not here.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use baton_e2e::{
    asking,
    processes::{Fleet, discord, program, valkey},
};
use baton_model::{
    AppShape, Generation, ShardCount,
    limits::{DRAIN_LIMIT, KILL_TIMEOUT},
};
use baton_test_servers::Server;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    allocation::{Place, allocate},
    job::{job, text},
    runbooks,
};

/// How long a newcomer has to stay ready. The job says a minute, after which drains need not wait
/// for shards that have just moved; here they do.
const HEALTHY: Duration = Duration::from_secs(6);
const PATIENCE: Duration = Duration::from_secs(240);
pub(crate) const SHARDS: u32 = 12;
pub(crate) const PASSWORD: &str = "apasswordthatnobodymaysee";

/// The job on this machine.
pub(crate) struct Nomad {
    pub(crate) fleet: Fleet,
    job: Value,
    token: String,
    folder: TempDir,
}

impl Nomad {
    /// Over a store at this url, where there is a user `gateway` with [`PASSWORD`].
    pub(crate) fn new(fleet: Fleet, store_url: &str) -> Self {
        let token = fs::read_to_string(fleet.token_file()).expect("a token");
        let job = Self::job(&fleet, store_url);
        let folder = tempfile::tempdir().expect("a folder");
        Self { fleet, job, token, folder }
    }

    fn job(fleet: &Fleet, store_url: &str) -> Value {
        let values = [
            format!("store_url={store_url}"),
            format!("fleet={}", fleet.name()),
            format!("shards={}", fleet.shape().shards.0),
            format!("lanes={}", fleet.shape().lanes.0),
            format!("discord_gateway_url={}", fleet.discord.gateway_url()),
            format!("discord_api_url=http://{}/api/v10", fleet.discord.addresses().rest),
        ];
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        job("gateway", &values)
    }

    /// Starts an instance and waits until Nomad would call it healthy.
    pub(crate) async fn start(&mut self, name: &'static str) {
        let program = self.placed(name);
        self.fleet.start_another(name, &program, &[]);
        let end = Instant::now() + PATIENCE;
        let mut since = None;
        while since.is_none_or(|since: Instant| since.elapsed() < HEALTHY) {
            assert!(Instant::now() < end, "{name} is not healthy\n{}", self.fleet.logs());
            since = self.is_ready(name).await.then(|| since.unwrap_or_else(Instant::now));
            sleep(Duration::from_millis(200)).await;
        }
    }

    async fn is_ready(&self, name: &str) -> bool {
        let gateway = self.fleet.gateway(name);
        if !gateway.log().contains("http=") {
            return false;
        }
        asking::get(gateway.http(), "/readyz").await.status == 200
    }

    fn placed(&self, name: &str) -> PathBuf {
        let node = [
            ("node.unique.name", "node"),
            ("node.datacenter", "dc1"),
            ("NOMAD_SHORT_ALLOC_ID", name),
            ("NOMAD_ADDR_http", "127.0.0.1:0"),
        ];
        let secrets = [("token", self.token.as_str()), ("store_password", PASSWORD)];
        let place = Place {
            folder: &self.folder.path().join(name),
            node: &node,
            secrets: &secrets,
            // The tests read who an instance is from its log.
            over: &[("BATON_LOG__FORMAT", "text")],
        };
        allocate(&self.job, "gateway", &program("baton-gateway"), &place)
    }

    /// `SIGTERM`, and `SIGKILL` after the kill timeout, which must not be needed.
    async fn stop(&mut self, name: &str) {
        let began = Instant::now();
        let mut gateway = self.fleet.gateways.remove(name).expect("it runs");
        gateway.signal(Signal::TERM);
        let status = gateway.ended().await;
        let took = began.elapsed();
        assert_eq!(status.code(), Some(0), "{name}:\n{}", gateway.log());
        assert!(took < KILL_TIMEOUT, "{name} would have been killed after {KILL_TIMEOUT:?}");
        assert!(!gateway.log().contains(PASSWORD) && !gateway.log().contains(&self.token));
        println!("{name} ended {took:.1?} after SIGTERM (its drain may take {DRAIN_LIMIT:?})");
    }

    pub(crate) async fn is_judged_clean(&self) {
        let report = self.fleet.judge().await;
        assert!(report.is_clean(), "{report:?}\n{}", self.fleet.logs());
        let verdicts = self.fleet.verdicts().await;
        assert!(verdicts.is_empty(), "{verdicts:?}\n{}", self.fleet.logs());
        let identifies = self.fleet.identifies().await;
        assert_eq!(identifies, SHARDS as usize, "one for each shard, and none for what was done");
        println!("lost 0, doubled 0, reordered 0, altered 0; IDENTIFYs 0 after the start");
    }
}

/// The user that docs/valkey.md describes.
fn add_user(server: &Server) {
    let document = text("docs/valkey.md");
    let line = document.lines().find(|line| line.starts_with("user gateway on ")).expect("a user");
    let line = line.replace(">password", &format!(">{PASSWORD}"));
    let mut words = vec!["ACL", "SETUSER"];
    words.extend(line.split_whitespace().skip(1));
    let () = server.command(&words).expect("a user is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_a_stop_and_a_dead_client_cost_no_event_and_no_identify() {
    let valkey = valkey();
    add_user(&valkey);
    let fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    let url = fleet.url().to_owned();
    let mut nomad = Nomad::new(fleet, &url);
    for name in ["a", "b", "c"] {
        nomad.start(name).await;
    }
    nomad.fleet.until_all_live().await;
    nomad.fleet.load(Duration::from_millis(200)).await;

    // A new version: one canary, then one at a time, each after the one before has ended.
    nomad.start("canary").await;
    assert!(nomad.fleet.held_by("canary").await.is_empty(), "it is healthy without a shard");
    nomad.stop("a").await;
    nomad.start("d").await;
    nomad.stop("b").await;
    nomad.start("e").await;
    nomad.stop("c").await;
    nomad.fleet.until_all_live().await;

    // nomad alloc stop, and nomad node drain with one instance on the node.
    nomad.stop("canary").await;
    nomad.start("f").await;

    nomad.fleet.until_all_live().await;
    runbooks::commands_work(&nomad.fleet).await;

    // A client is gone, with its instance.
    nomad.fleet.gateway("d").signal(Signal::KILL);
    nomad.fleet.until_all_live().await;
    nomad.start("g").await;
    nomad.is_judged_clean().await;
}

/// docs/runbook/reshard.md.
#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_that_was_stopped_starts_with_more_shards() {
    let valkey = valkey();
    add_user(&valkey);
    let fleet = Fleet::over(&valkey, discord(), 4).await;
    let url = fleet.url().to_owned();
    let mut nomad = Nomad::new(fleet, &url);
    nomad.start("a").await;
    nomad.fleet.until_all_live().await;
    nomad.stop("a").await;

    let line = runbooks::command("reshard", "valkey-cli HSET ");
    let line = line.replace("{FLEET}", &format!("{{{}}}", nomad.fleet.name()));
    let line = line.replace("APP", "app").replace("SHARDS", "6").replace("LANES", "4");
    let words: Vec<_> =
        line.split_whitespace().skip(1).map(|word| word.trim_matches('\'')).collect();
    let () = valkey.command(&words).expect("it is written down");
    let shape = nomad.fleet.shape();
    let shards = ShardCount(6.try_into().expect("not 0"));
    nomad.fleet.cut_into(AppShape { generation: Generation(1), shards, ..shape });
    nomad.job = Nomad::job(&nomad.fleet, &url);
    nomad.start("b").await;
    nomad.fleet.until_all_live().await;
    assert_eq!(nomad.fleet.held_by("b").await.len(), 6);
    assert_eq!(nomad.fleet.identifies().await, 4 + 6);
    assert!(nomad.fleet.verdicts().await.is_empty());
}
