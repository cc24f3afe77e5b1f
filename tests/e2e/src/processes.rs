//! Real gateway processes over a real Valkey, in real time.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    time::Duration,
};

use baton_mock_discord::{
    Fault, Input, Settings,
    audit::{Report, audit},
    load::{Mix, Pace},
    server::{Addresses, Server},
    verdict::Rule,
};
use baton_model::{AppName, AppShape, Generation, LaneCount, ShardCount};
use baton_store_valkey::{Valkey, ValkeyConfig};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::{judgement::entries, witness::Witness};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// How long the streams must stand still until all is taken to have arrived.
const QUIET: Duration = Duration::from_secs(3);

/// The fleet's name in the store.
const FLEET: &str = "e2e";

/// One gateway process. Dropping it kills it.
pub struct Gateway {
    child: Child,
    log: PathBuf,
}

/// A simulated Discord, a store, and gateway processes.
pub struct Fleet {
    /// Discord.
    pub discord: Server,
    /// The store, as the test sees it.
    pub store: Valkey,
    /// The processes that run, by name.
    pub gateways: BTreeMap<&'static str, Gateway>,
    folder: TempDir,
    url: String,
    shape: AppShape,
}

/// The only app.
///
/// # Panics
/// Never.
#[must_use]
pub fn app() -> AppName {
    "app".parse().expect("a name")
}

/// A Discord that is 20 ms away, with guilds enough to replay what a minute brings.
#[must_use]
pub fn discord() -> Settings {
    Settings {
        guilds: 640,
        guild_create_bytes: 2_000,
        max_concurrency: 16,
        connections_in_10_s_max: 20,
        ..Settings::default()
    }
}

impl Gateway {
    fn start(name: &str, config: &Path, folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let lines = fs::File::create(&log).expect("a log file");
        let child = Command::new(binary())
            .arg("--config")
            .arg(config)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(lines)
            .spawn()
            .expect("the gateway starts");
        Self { child, log }
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("it lives");
    }

    /// What it answers when it is asked for this path.
    ///
    /// # Panics
    /// If it does not answer.
    pub async fn asked(&self, path: &str) -> String {
        let log = self.log();
        let (_, rest) = log.split_once("http=").expect("it says where it listens");
        let address = rest.split_whitespace().next().expect("an address");
        let address = address.parse().expect("an address");
        crate::asking::get(address, path).await.body
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// If it does not.
    pub async fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            sleep(LOOK).await;
        }
        panic!("it does not end:\n{}", self.log());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself. A stopped one dies of this as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Fleet {
    /// A Discord like this and an app of so many shards over the store at this url; no gateway.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn new(settings: Settings, shards: u32, url: String) -> Self {
        let token = settings.tokens.first().expect("a token").clone();
        let discord = Server::start(settings, 7, Addresses::LOOPBACK).await.expect("it listens");
        discord.input(Input::Fault(Fault::Latency { ms: 20 })).await;
        let config = ValkeyConfig::new(url.parse().expect("a url"), FLEET.parse().expect("a name"));
        let store = Valkey::open(config).await.expect("a store");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("token"), token).expect("written");
        let shape = AppShape {
            generation: Generation(0),
            shards: ShardCount(shards.try_into().expect("not 0")),
            lanes: LaneCount(4.try_into().expect("not 0")),
        };
        let fleet = Self { discord, store, gateways: BTreeMap::new(), folder, url, shape };
        fs::write(fleet.config(), fleet.toml()).expect("written");
        fleet
    }

    /// Into what the app is cut.
    #[must_use]
    pub const fn shape(&self) -> AppShape {
        self.shape
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("baton.toml")
    }

    /// Where the bot's token is.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    fn toml(&self) -> String {
        let (url, gateway, rest) =
            (&self.url, self.discord.gateway_url(), self.discord.addresses().rest);
        let token = self.token_file();
        let token = token.display();
        let AppShape { shards, lanes, .. } = self.shape;
        let lanes = lanes.0;
        format!(
            "fleet = \"{FLEET}\"\n\
             [store]\nurl = \"{url}\"\n\
             [http]\nlisten = \"127.0.0.1:0\"\n\
             [instance]\nworkers = 2\n\
             [apps.app]\ntoken = \"file:{token}\"\nintents = [\"guilds\"]\n\
             shards = {shards}\nlanes = {lanes}\n\
             gateway_url = \"{gateway}\"\napi_url = \"http://{rest}/api/v10\"\n"
        )
    }

    /// Starts a gateway.
    pub fn start(&mut self, name: &'static str) {
        let gateway = Gateway::start(name, &self.config(), self.folder.path());
        self.gateways.insert(name, gateway);
    }

    /// A gateway that runs.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn gateway(&self, name: &str) -> &Gateway {
        self.gateways.get(name).unwrap_or_else(|| panic!("no gateway {name}"))
    }

    /// Three gateways, all shards live, under load.
    pub async fn under_load(&mut self, every: Duration) {
        for name in ["a", "b", "c"] {
            self.start(name);
        }
        self.until_all_live().await;
        self.load(every).await;
        sleep(Duration::from_secs(2)).await;
    }

    /// Waits until every shard has a session, an owner and a connection.
    ///
    /// # Panics
    /// If that does not come about.
    pub async fn until_all_live(&self) {
        let shards = self.shape.shards.0.get() as usize;
        let is_live = async {
            loop {
                let witness = Witness::look(&self.store, &app(), self.shape).await;
                let resumed = self.discord.look(|discord| discord.live_sessions()).await;
                if witness.is_some_and(|witness| witness.owned() == shards) && resumed == shards {
                    return;
                }
                sleep(LOOK).await;
            }
        };
        if timeout(PATIENCE, is_live).await.is_err() {
            panic!("not all shards are live\n{}", self.logs());
        }
    }

    /// Puts load on every session.
    ///
    /// # Panics
    /// Never.
    pub async fn load(&self, every: Duration) {
        let every_ms = u64::try_from(every.as_millis()).expect("it fits");
        let pace = Pace { mix: Mix::Messages, every_ms, events: 1, burst: None };
        self.discord.input(Input::Load(Some(pace))).await;
    }

    /// Watches who owns what, until what is returned is asked.
    #[must_use]
    pub fn watch(&self) -> crate::witness::Watching {
        crate::witness::Watching::start(self.store.clone(), app(), self.shape)
    }

    /// Ends the load, waits until the streams stand still, and compares them with the ledger.
    ///
    /// # Panics
    /// If they do not come to rest.
    pub async fn judge(&self) -> Report {
        self.discord.input(Input::Load(None)).await;
        self.until_all_live().await;
        let end = Instant::now() + PATIENCE;
        let mut length = 0;
        let mut since = Instant::now();
        while since.elapsed() < QUIET {
            assert!(Instant::now() < end, "the streams do not come to rest\n{}", self.logs());
            let now = entries(&self.store, &app(), self.shape.lanes).await.len();
            if now != length {
                (length, since) = (now, Instant::now());
            }
            sleep(Duration::from_millis(300)).await;
        }
        let ledger = self.discord.look(|discord| discord.ledger().clone()).await;
        audit(&ledger, &entries(&self.store, &app(), self.shape.lanes).await)
    }

    /// How often each rule was broken.
    pub async fn verdicts(&self) -> BTreeMap<Rule, u64> {
        self.discord.look(|discord| discord.verdicts().counts.clone()).await
    }

    /// How many sessions there have been: each cost one IDENTIFY.
    pub async fn identifies(&self) -> usize {
        self.discord.look(|discord| discord.ledger().sessions.len()).await
    }

    /// What all gateways have logged.
    #[must_use]
    pub fn logs(&self) -> String {
        let logs = self.gateways.iter().map(|(name, it)| format!("== {name}\n{}", it.log()));
        logs.collect::<Vec<_>>().join("\n")
    }
}

/// The gateway's program, built once per run of the tests: in the way in which all tests are built,
/// or its dependencies would be built a second time with other features.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let all = ["test", "--locked", "--quiet", "--workspace", "--no-run"];
        let built = Command::new(cargo).args(all).status().expect("cargo runs");
        assert!(built.success(), "the gateway does not build");
        // Tests lie in `deps`, programs beside it.
        let test = env::current_exe().expect("a path");
        let folder = test.parent().and_then(Path::parent).expect("a folder");
        folder.join("baton-gateway")
    })
}
