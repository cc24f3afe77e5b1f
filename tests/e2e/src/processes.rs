//! Real gateway processes over a real Valkey, in real time.

mod gateway;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use baton_mock_discord::{
    ConnectionId, Fault, Input, Settings,
    audit::{Entry, Report, audit},
    load::{Mix, Pace},
    server::{Addresses, Server},
    verdict::Rule,
};
use baton_model::{AppName, AppShape, Generation, LaneCount, ShardCount, ShardNumber};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server as ValkeyServer};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

pub use self::gateway::Gateway;
use crate::{judgement::entries, witness::Witness};

/// How long anything may take. Only what never happens is wrong.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// The pause between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// How long the streams must stand still until all is taken to have arrived.
const QUIET: Duration = Duration::from_secs(3);

/// How far away Discord is.
const LATENCY: Fault = Fault::Latency { ms: 20 };

/// The fleet's name in the store.
const FLEET: &str = "e2e";

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
    heartbeat_interval: Duration,
}

/// A program of this workspace.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    gateway::built().join(name)
}

/// The only app.
///
/// # Panics
/// Never.
#[must_use]
pub fn app() -> AppName {
    "app".parse().expect("a name")
}

/// A Valkey whose data survive its end.
#[must_use]
pub fn valkey() -> ValkeyServer {
    let settings = ["--appendonly", "yes", "--appendfsync", "always"];
    ValkeyServer::start(Program::Valkey, &settings)
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

/// The store at this url.
async fn opened(url: &str) -> Valkey {
    let config = ValkeyConfig::new(url.parse().expect("a url"), FLEET.parse().expect("a name"));
    Valkey::open(config).await.expect("a store")
}

impl Fleet {
    /// A Discord like this and an app of so many shards over the store at this url; no gateway.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn new(settings: Settings, shards: u32, url: String) -> Self {
        let token = settings.tokens.first().expect("a token").clone();
        let heartbeat_interval = settings.heartbeat_interval;
        let discord = Server::start(settings, 7, Addresses::LOOPBACK).await.expect("it listens");
        discord.input(Input::Fault(LATENCY)).await;
        let store = opened(&url).await;
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("token"), token).expect("written");
        let shape = AppShape {
            generation: Generation(0),
            shards: ShardCount(shards.try_into().expect("not 0")),
            lanes: LaneCount(4.try_into().expect("not 0")),
        };
        let gateways = BTreeMap::new();
        let fleet = Self { discord, store, gateways, folder, url, shape, heartbeat_interval };
        fs::write(fleet.config(), fleet.toml()).expect("written");
        fleet
    }

    /// A Discord like this and an app of so many shards over a server; no gateway.
    pub async fn over(server: &ValkeyServer, settings: Settings, shards: u32) -> Self {
        Self::new(settings, shards, format!("valkey://127.0.0.1:{}", server.port())).await
    }

    /// From here on the store is this one; gateways that run stay with theirs.
    ///
    /// # Panics
    /// If it cannot be opened.
    pub async fn move_to(&mut self, server: &ValkeyServer) {
        self.url = format!("valkey://127.0.0.1:{}", server.port());
        self.store = opened(&self.url).await;
        fs::write(self.config(), self.toml()).expect("written");
    }

    /// Where its store is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        FLEET
    }

    /// Into what the app is cut.
    #[must_use]
    pub const fn shape(&self) -> AppShape {
        self.shape
    }

    /// From here on the app is cut otherwise.
    pub const fn cut_into(&mut self, shape: AppShape) {
        self.shape = shape;
    }

    /// How often Discord wants to hear of its clients.
    #[must_use]
    pub const fn heartbeat_interval(&self) -> Duration {
        self.heartbeat_interval
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
        self.start_another(name, gateway::binary(), &[]);
    }

    /// Starts another program as a gateway, with these variables and no other: those that the tests
    /// are run with are none of its settings.
    pub fn start_another(
        &mut self,
        name: &'static str,
        program: &Path,
        variables: &[(&str, &str)],
    ) {
        let mut program = Command::new(program);
        program.env_clear().env("BATON_INSTANCE__NAME", name).envs(variables.iter().copied());
        program.arg("--config").arg(self.config());
        let gateway = Gateway::start(name, program, self.folder.path());
        self.gateways.insert(name, gateway);
    }

    /// Something goes wrong at Discord.
    pub async fn fault(&self, fault: Fault) {
        self.discord.input(Input::Fault(fault)).await;
    }

    /// Nothing goes wrong there any more.
    pub async fn heal(&self) {
        self.discord.input(Input::ClearFaults).await;
        self.discord.input(Input::Fault(LATENCY)).await;
    }

    /// The shards that a gateway holds.
    ///
    /// # Panics
    /// If there is no gateway of that name, or the store does not answer.
    pub async fn held_by(&self, name: &str) -> BTreeSet<ShardNumber> {
        let id = self.gateway(name).id().expect("it has said who it is");
        let witness = Witness::look(&self.store, &app(), self.shape).await;
        witness.expect("the store answers").held_by(id)
    }

    /// The connections that Discord has.
    pub async fn connections(&self) -> BTreeSet<ConnectionId> {
        self.discord.look(|discord| discord.connections().collect()).await
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
        self.until_even().await;
        self.load(every).await;
        sleep(Duration::from_secs(2)).await;
    }

    /// Waits until every gateway has its share. One that started late has nothing at first, since
    /// the others have claimed it all, and may not even have said who it is.
    async fn until_even(&self) {
        let is_even = async {
            while !self.is_even().await {
                sleep(LOOK).await;
            }
        };
        if timeout(PATIENCE, is_even).await.is_err() {
            panic!("not every gateway has its share\n{}", self.logs());
        }
    }

    async fn is_even(&self) -> bool {
        let witness = Witness::look(&self.store, &app(), self.shape).await;
        let witness = witness.expect("the store answers");
        let share = |gateway: &Gateway| Some(witness.held_by(gateway.id()?).len());
        let shares: Option<BTreeSet<_>> = self.gateways.values().map(share).collect();
        shares.is_some_and(|all| all.last() <= all.first().map(|least| least + 1).as_ref())
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
        self.judge_after(Vec::new()).await
    }

    /// The same, if the streams of another store came before these.
    ///
    /// # Panics
    /// If they do not come to rest.
    pub async fn judge_after(&self, mut before: Vec<Entry>) -> Report {
        self.discord.input(Input::Load(None)).await;
        self.until_all_live().await;
        let end = Instant::now() + PATIENCE;
        let mut length = 0;
        let mut since = Instant::now();
        while since.elapsed() < QUIET {
            assert!(Instant::now() < end, "the streams do not come to rest\n{}", self.logs());
            let now = self.written().await.len();
            if now != length {
                (length, since) = (now, Instant::now());
            }
            sleep(Duration::from_millis(300)).await;
        }
        let ledger = self.discord.look(|discord| discord.ledger().clone()).await;
        before.extend(self.written().await);
        audit(&ledger, &before)
    }

    /// What stands in the streams.
    pub async fn written(&self) -> Vec<Entry> {
        entries(&self.store, &app(), self.shape.lanes).await
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
