//! A world in one process whose clock jumps to whatever happens next.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    num::NonZeroU16,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baton_gateway::{
    app::{AppSettings, ShardsWanted},
    clock::Clock,
    config::StoredAppsConfig,
    control::{Ear, Outlook, Stores},
    http,
    instance::{Instance, InstanceSettings},
    memory::{Bounds, Memory, Reading},
    supervisor::Ending,
    token::TokenSource,
    trimming::USUAL,
    tuning::{AppTuning, Tuning},
};
use baton_mock_discord::{
    Input, Settings,
    audit::{Entry, Report, audit},
    load::{Mix, Pace},
    server::{Addresses, Server},
    verdict::Rule,
};
use baton_model::{
    AppName, Capacity, Generation, InstanceId, Intent, IntentId, LaneCount, Line, NewIntent,
    ShardKey, ShardNumber, StoreMillis, Subject, Tier, Version, Weight, Wish,
    limits::{DRAIN_LIMIT, KILL_TIMEOUT, RING_BYTES_MAX},
};
use baton_store::{Faults, Faulty, Intents as _, Leases, Membership, ShardAddress, Trim};
use baton_store_embedded::{EmbeddedStore, Options};
use baton_telemetry::Telemetry;
use tokio::{
    net::TcpListener,
    runtime::Handle,
    task::{AbortHandle, JoinHandle},
    time::Instant,
};
use twilight_gateway::Intents;

use crate::{collector::instruments, judgement::entries};

/// When the store's clock starts: long enough after 1970 for epochs to look real.
const STORE_ZERO: u64 = 1_790_000_000_000;

/// One instance of a world.
pub struct Running {
    /// How to tell it something.
    pub ear: Ear,
    /// How to see what it does.
    pub outlook: Outlook,
    /// The store as it reaches it: what goes wrong on the way can be chosen.
    pub store: Faulty<EmbeddedStore>,
    /// Where it answers over HTTP.
    pub http: SocketAddr,
    /// How to change it while it runs.
    pub tuning: Arc<Tuning>,
    telemetry: Option<Telemetry>,
    /// What it takes its memory to be, in percent of what it may have.
    pub memory_percent: Arc<AtomicU64>,
    _serving: AbortOnDrop,
    task: JoinHandle<Ending>,
}

impl Running {
    /// Has it send what it told last.
    pub fn end_telemetry(&self) {
        if let Some(telemetry) = &self.telemetry {
            telemetry.end();
        }
    }

    /// Waits until it ends, and says in what.
    ///
    /// # Panics
    /// If it panics, or does not end in any time that it may take.
    pub async fn ending(&mut self) -> Ending {
        let ending = tokio::time::timeout(KILL_TIMEOUT, &mut self.task).await;
        ending.expect("it ends").expect("it does not panic")
    }
}

/// Ends a task with whoever needs it.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn percent_of(percent: Arc<AtomicU64>) -> Reading {
    let read = move || {
        let resident_bytes = percent.load(Ordering::Relaxed);
        Some(Memory { resident_bytes, limit_bytes: 100 })
    };
    Arc::new(read)
}

/// The simulated Discord, the embedded store and some instances.
pub struct World {
    /// Discord.
    pub discord: Server,
    /// The store.
    pub store: EmbeddedStore,
    /// The instances that run, by number.
    pub instances: BTreeMap<u128, Running>,
    /// What instances that start from here on run besides.
    pub others: Vec<AppSettings>,
    /// What instances that start from here on let apps in the store be.
    pub stored_apps: Option<StoredAppsConfig>,
    /// Where instances that start from here on send their traces, and how many events they trace:
    /// one in so many.
    pub traces: Option<(String, u64)>,
    /// What may change of the app, for instances that start from here on.
    pub tuning: AppTuning,
    clock: Clock,
    intents_drawn: AtomicU64,
    /// Into how many shards instances that start from here on cut the app.
    pub shards: u32,
    /// What instances that start from here on run.
    pub version: Version,
    /// What all rings of instances that start from here on may hold together.
    pub ring_bytes_max: usize,
    /// In which line of defence instances that start from here on stand.
    pub tier: Tier,
    lanes: LaneCount,
    token: tempfile::TempPath,
}

/// The app that every instance runs.
///
/// # Panics
/// Never.
#[must_use]
pub fn app() -> AppName {
    "app".parse().expect("a name")
}

impl World {
    /// A world in which so many instances hold four shards, all live.
    ///
    /// # Panics
    /// If they are not live after half a minute.
    pub async fn of_four_shards(instances: u128) -> Self {
        let settings = Settings { max_concurrency: 16, guilds: 40, ..Settings::default() };
        let mut world = Self::new(settings, 4).await;
        for number in 1..=instances {
            world.start(number).await;
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(world.sessions().await, 4, "every shard has identified");
        world
    }

    /// A world with a Discord like this, and no instance.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn new(settings: Settings, shards: u32) -> Self {
        // One test of many installs it; the others find it there.
        drop(rustls::crypto::ring::default_provider().install_default());
        let zero = Instant::now();
        let millis = move || {
            let since = u64::try_from(zero.elapsed().as_millis()).expect("it fits");
            StoreMillis(STORE_ZERO + since)
        };
        let options = Options { clock: Arc::new(millis), ..Options::default() };
        let discord = Server::start(settings, 7, Addresses::LOOPBACK).await.expect("it listens");
        let mut token = tempfile::NamedTempFile::new().expect("a file");
        std::io::Write::write_all(&mut token, b"token\n").expect("written");
        let store = EmbeddedStore::in_memory(options);
        // Whoever judges wants to see everything.
        let everything = Trim { min_age: Duration::from_secs(7 * 24 * 60 * 60), ..USUAL };
        Self {
            discord,
            store,
            instances: BTreeMap::new(),
            others: Vec::new(),
            stored_apps: None,
            traces: None,
            tuning: AppTuning { keep: everything, ..AppTuning::default() },
            clock: Clock::Runtime(zero),
            intents_drawn: AtomicU64::new(0),
            shards,
            version: Version::default(),
            ring_bytes_max: RING_BYTES_MAX,
            tier: Tier(0),
            lanes: LaneCount(NonZeroU16::new(2).expect("not 0")),
            token: token.into_temp_path(),
        }
    }

    /// How the app is to run.
    #[must_use]
    pub fn app_settings(&self) -> AppSettings {
        let addresses = self.discord.addresses();
        AppSettings {
            name: app(),
            tokens: vec![TokenSource::File(self.token.to_path_buf())],
            intents: Intents::GUILDS,
            shards: ShardsWanted::Fixed(self.shards.try_into().expect("not 0")),
            lanes: self.lanes,
            left_out: std::collections::BTreeSet::new(),
            tuning: self.tuning.clone(),
            large_threshold: 50,
            gateway_url: Some(self.discord.gateway_url()),
            api_url: Some(format!("http://{}/api/v10", addresses.rest)),
        }
    }

    /// Puts another token into the file from which instances read it.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn put_token(&self, token: &str) {
        std::fs::write(&self.token, token).expect("written");
    }

    /// Starts an instance.
    ///
    /// # Panics
    /// If the store does not answer.
    pub async fn start(&mut self, number: u128) {
        let running = self.start_one_more(number).await;
        self.instances.insert(number, running);
    }

    /// Starts an instance under an id that may be another's. The world does not know of it.
    ///
    /// # Panics
    /// If the store does not answer.
    pub async fn start_one_more(&self, number: u128) -> Running {
        let (telemetry, instruments) = instruments(self.traces.as_ref(), number);
        let settings = InstanceSettings {
            name: Line::shortened(&format!("i{number}")),
            tier: self.tier,
            zone: "here".parse().expect("a name"),
            weight: Weight(NonZeroU16::MIN),
            capacity: Capacity(10_000),
            version: self.version,
            bounds: Bounds::default(),
            ring_bytes_max: self.ring_bytes_max,
            instruments,
            stored_apps: self.stored_apps.clone(),
            company: baton_fleet::Company::Anybody,
            apps: [self.app_settings()].into_iter().chain(self.others.iter().cloned()).collect(),
        };
        let store = Faulty::new(self.store.clone(), Faults::NONE, 1);
        let stores = Stores { control: store.clone(), data: store.clone() };
        let id = InstanceId::new(number);
        let at = (self.clock, Handle::current());
        let mut instance = Instance::prepare(id, settings, stores, at).await.expect("a store");
        let memory_percent = Arc::new(AtomicU64::new(10));
        instance.reading = percent_of(memory_percent.clone());
        let (ear, outlook) = (instance.ear.clone(), instance.outlook.clone());
        let tuning = instance.tuning.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let http = listener.local_addr().expect("it listens");
        let serving = tokio::spawn(http::serve(listener, instance.observer.clone(), None));
        let _serving = AbortOnDrop(serving.abort_handle());
        let task = tokio::spawn(instance.run());
        Running { ear, outlook, store, http, tuning, telemetry, memory_percent, _serving, task }
    }

    /// Waits until an instance ends, and says in what.
    ///
    /// # Panics
    /// If it does not run, or panics.
    pub async fn end_of(&mut self, number: u128) -> Ending {
        self.instances.remove(&number).expect("it runs").ending().await
    }

    /// Chooses what goes wrong on everybody's way to the store.
    pub fn set_faults(&self, faults: Faults) {
        for running in self.instances.values() {
            running.store.set_faults(faults);
        }
    }

    /// Puts another token where the instances look for it.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn replace_token(&self, token: &str) {
        std::fs::write(&self.token, token).expect("written");
    }

    /// Ends an instance without a word: its sockets break, its leases stay, and nothing of what it
    /// was about to ask reaches the store.
    pub fn crash(&mut self, number: u128) {
        if let Some(running) = self.instances.remove(&number) {
            running.store.set_faults(Faults { lost_request_percent: 100, ..Faults::NONE });
            running.task.abort();
        }
    }

    /// Puts load on every session.
    pub async fn load(&self, every: Duration) {
        let every_ms = u64::try_from(every.as_millis()).expect("it fits");
        let pace = Pace { mix: Mix::Messages, every_ms, events: 1, burst: None };
        self.discord.input(Input::Load(Some(pace))).await;
    }

    /// Ends the load, lets everything come to rest, and compares the streams with the ledger.
    pub async fn judge(&self) -> Report {
        self.discord.input(Input::Load(None)).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let ledger = self.discord.look(|discord| discord.ledger().clone()).await;
        audit(&ledger, &self.entries().await)
    }

    /// To how many lanes the app writes.
    #[must_use]
    pub const fn lanes(&self) -> LaneCount {
        self.lanes
    }

    /// What the streams hold.
    pub async fn entries(&self) -> Vec<Entry> {
        entries(&self.store, &app(), self.lanes).await
    }

    /// How many shards an instance holds; none that does not run.
    #[must_use]
    pub fn held_by(&self, number: u128) -> usize {
        let Some(running) = self.instances.get(&number) else {
            return 0;
        };
        let faces = running.outlook.board.faces();
        let glances = faces.iter().filter_map(|(_, face)| face.glance());
        glances.filter(|glance| glance.epoch.is_some()).count()
    }

    /// Writes down what an operator wants.
    ///
    /// # Panics
    /// If the store does not take it.
    pub async fn intend(&self, wish: Wish) -> IntentId {
        let (by, reason) = (Line::shortened("operator"), Line::shortened("a test"));
        let id = IntentId(self.intents_drawn.fetch_add(1, Ordering::Relaxed));
        let intent = NewIntent { id, wish, by, reason };
        self.store.intend(&intent).await.expect("it is taken");
        id
    }

    /// Takes back what an operator wanted.
    ///
    /// # Panics
    /// If it did not stand there.
    pub async fn withdraw(&self, wish: Wish, id: IntentId) {
        let stood = self.store.withdraw(&wish.subject(), id).await.expect("it answers");
        assert!(stood, "{wish:?}");
    }

    /// What operators want, as far as it still stands.
    ///
    /// # Panics
    /// If the store does not say.
    pub async fn intents(&self) -> Vec<Subject> {
        let poll = self.store.poll().await.expect("it answers");
        poll.intents.iter().map(Intent::subject).collect()
    }

    /// Has an instance give everything away, and waits until it has.
    ///
    /// # Panics
    /// If it ends otherwise.
    pub async fn drain(&mut self, number: u128) {
        let running = self.instances.get(&number).expect("it runs");
        running.ear.fleet(baton_fleet::Input::Drain { limit: DRAIN_LIMIT });
        assert_eq!(self.end_of(number).await, Ending::Drained);
    }

    /// Of each session that a row holds: its id, and where it is resumed.
    ///
    /// # Panics
    /// If the store does not answer.
    pub async fn sessions_in_the_store(&self) -> Vec<(String, String)> {
        let shard = |number| ShardKey { app: app(), generation: Generation(0), number };
        let numbers = (0..self.shards).map(ShardNumber);
        let addresses: Vec<_> =
            numbers.map(|number| ShardAddress::new(shard(number), self.lanes)).collect();
        let rows = self.store.rows(&addresses).await.expect("a store");
        let sessions = rows.into_iter().flatten().filter_map(|row| row.session);
        sessions
            .filter_map(|session| {
                let url = session.resume_url?;
                Some((session.id.as_str().to_owned(), url.as_str().to_owned()))
            })
            .collect()
    }

    /// How often each rule was broken.
    pub async fn verdicts(&self) -> BTreeMap<Rule, u64> {
        self.discord.look(|discord| discord.verdicts().counts.clone()).await
    }

    /// How many sessions there have been.
    pub async fn sessions(&self) -> usize {
        self.discord.look(|discord| discord.ledger().sessions.len()).await
    }
}
