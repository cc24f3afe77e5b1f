//! A world in one process whose clock jumps to whatever happens next.

use std::{collections::BTreeMap, num::NonZeroU16, time::Duration};

use baton_gateway::{
    app::{AppSettings, ShardsWanted},
    clock::Clock,
    control::{Ear, Outlook, Stores},
    instance::{Instance, InstanceSettings},
    supervisor::Ending,
    token::TokenSource,
    trimming::USUAL,
};
use baton_mock_discord::{
    Input, Settings,
    audit::{Entry, Report, audit},
    load::{Mix, Pace},
    server::{Addresses, Server},
    verdict::Rule,
};
use baton_model::{
    AppName, Capacity, InstanceId, LaneCount, StoreMillis, Tier, Version, Weight,
    limits::DRAIN_LIMIT,
};
use baton_store::Trim;
use baton_store_embedded::{EmbeddedStore, Options};
use tokio::{runtime::Handle, task::JoinHandle, time::Instant};
use twilight_gateway::Intents;

use crate::judgement::entries;

/// When the store's clock starts: long enough after 1970 for epochs to look real.
const STORE_ZERO: u64 = 1_790_000_000_000;

/// One instance of a world.
pub struct Running {
    /// How to tell it something.
    pub ear: Ear,
    /// How to see what it does.
    pub outlook: Outlook,
    task: JoinHandle<Ending>,
}

/// The simulated Discord, the embedded store and some instances.
pub struct World {
    /// Discord.
    pub discord: Server,
    /// The store.
    pub store: EmbeddedStore,
    /// The instances that run, by number.
    pub instances: BTreeMap<u128, Running>,
    /// How much of the lanes is kept, by instances to be started.
    pub keep: Trim,
    clock: Clock,
    shards: u32,
    lanes: LaneCount,
    token: tempfile::TempPath,
}

/// The only app.
///
/// # Panics
/// Never.
#[must_use]
pub fn app() -> AppName {
    "app".parse().expect("a name")
}

impl World {
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
        let options = Options { clock: std::sync::Arc::new(millis), ..Options::default() };
        let discord = Server::start(settings, 7, Addresses::LOOPBACK).await.expect("it listens");
        let mut token = tempfile::NamedTempFile::new().expect("a file");
        std::io::Write::write_all(&mut token, b"token\n").expect("written");
        Self {
            discord,
            store: EmbeddedStore::in_memory(options),
            instances: BTreeMap::new(),
            // Whoever judges wants to see everything.
            keep: Trim { min_age: Duration::from_secs(7 * 24 * 60 * 60), ..USUAL },
            clock: Clock::Runtime(zero),
            shards,
            lanes: LaneCount(NonZeroU16::new(2).expect("not 0")),
            token: token.into_temp_path(),
        }
    }

    fn app_settings(&self) -> AppSettings {
        let addresses = self.discord.addresses();
        AppSettings {
            name: app(),
            tokens: vec![TokenSource::File(self.token.to_path_buf())],
            intents: Intents::GUILDS,
            shards: ShardsWanted::Fixed(self.shards.try_into().expect("not 0")),
            lanes: self.lanes,
            left_out: std::collections::BTreeSet::new(),
            keep: self.keep,
            gateway_url: Some(self.discord.gateway_url()),
            api_url: Some(format!("http://{}/api/v10", addresses.rest)),
        }
    }

    /// Starts an instance.
    ///
    /// # Panics
    /// If the store does not answer.
    pub async fn start(&mut self, number: u128) {
        let settings = InstanceSettings {
            tier: Tier(0),
            zone: "here".parse().expect("a name"),
            weight: Weight(NonZeroU16::MIN),
            capacity: Capacity(10_000),
            version: Version::default(),
            apps: vec![self.app_settings()],
        };
        let stores = Stores { control: self.store.clone(), data: self.store.clone() };
        let id = InstanceId::new(number);
        let at = (self.clock, Handle::current());
        let instance = Instance::prepare(id, settings, stores, at).await.expect("a store");
        let (ear, outlook) = (instance.ear.clone(), instance.outlook.clone());
        let task = tokio::spawn(instance.run());
        self.instances.insert(number, Running { ear, outlook, task });
    }

    /// Ends an instance without a word: its sockets break, its leases stay.
    pub fn crash(&mut self, number: u128) {
        if let Some(running) = self.instances.remove(&number) {
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

    /// Has an instance give everything away, and waits until it has.
    ///
    /// # Panics
    /// If it ends otherwise.
    pub async fn drain(&mut self, number: u128) {
        let running = self.instances.remove(&number).expect("it runs");
        running.ear.fleet(baton_fleet::Input::Drain { limit: DRAIN_LIMIT });
        let ending = running.task.await.expect("it does not panic");
        assert_eq!(ending, Ending::Drained);
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
