//! The demo: a Discord that is simulated here, and a consumer that reads what it sends.

use std::{
    fs, io,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baton_consumer::{Consumer, Delivery, RunError};
use baton_mock_discord::{
    Input, Settings,
    load::{Mix, Pace},
    server::{Addresses, Server},
};
use baton_model::ShardCount;
use baton_store_embedded::Resp;
use tokio::{
    runtime::Handle,
    sync::Notify,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{Failure, terminal::Terminal, told};

/// The only token that this Discord knows.
const TOKEN: &str = "demo";

/// Where the token of its bot is, in the folder of that.
const TOKEN_FILE: &str = "token";

/// Whether the store in this folder is that of a demo: nobody else has such a token.
pub(crate) fn is_in(folder: &Path) -> bool {
    fs::read_to_string(folder.join(TOKEN_FILE)).is_ok_and(|token| token == TOKEN)
}

/// Puts the token of its bot there, and says where it is.
pub(super) fn ensure_token(folder: &Path) -> io::Result<PathBuf> {
    let file = folder.join(TOKEN_FILE);
    if !is_in(folder) {
        fs::create_dir_all(folder)?;
        fs::write(&file, TOKEN)?;
    }
    Ok(file)
}

/// The app, and the group that its consumer reads with.
pub(super) const NAME: &str = "demo";

/// The simulated app's shards, and its guilds.
const SHARDS: NonZeroU32 = NonZeroU32::new(4).expect("not 0");
const GUILDS: u32 = 16;

/// Each shard has an event so often.
const EVENT_EVERY_MS: u64 = 500;

/// Dispatches of which the simulated Discord keeps book: a demo may run for days.
const LEDGER_MAX: usize = 100_000;

/// How often the consumer says how much it has read.
const WORD_EVERY: Duration = Duration::from_secs(10);

/// A simulated Discord that is running.
pub(super) struct Demo(Server);

impl Demo {
    pub(super) async fn start() -> Result<Self, Failure> {
        let settings = Settings {
            tokens: vec![TOKEN.to_owned()],
            guilds: GUILDS,
            guild_create_bytes: 2_000,
            shards: ShardCount(SHARDS),
            max_concurrency: 16,
            ledger_max: LEDGER_MAX,
            ..Settings::default()
        };
        let started = Server::start(settings, 1, Addresses::LOOPBACK).await;
        let server = started.map_err(|error| Failure::Other(told(&error)))?;
        let pace = Pace { mix: Mix::Messages, every_ms: EVENT_EVERY_MS, events: 1, burst: None };
        server.input(Input::Load(Some(pace))).await;
        Ok(Self(server))
    }

    pub(super) fn gateway_url(&self) -> String {
        self.0.gateway_url()
    }

    pub(super) fn api_url(&self) -> String {
        format!("http://{}/api/v10", self.0.addresses().rest)
    }

    /// Where its faults and books are.
    pub(super) fn admin_url(&self) -> String {
        format!("http://{}", self.0.addresses().admin)
    }
}

/// The consumer at work.
pub(super) struct Reading {
    stop: Arc<Notify>,
    running: JoinHandle<Result<(), RunError>>,
}

impl Reading {
    /// Reads everything over the store's Redis face, as any consumer would.
    pub(super) fn start(
        runtime: &Handle,
        resp: &Resp,
        (terminal, began): (Terminal, Instant),
    ) -> Result<Self, Failure> {
        let url = format!("valkey://{}", resp.address());
        let built = Consumer::builder(&url, NAME, NAME).name(NAME).build();
        let consumer = built.map_err(|error| Failure::Other(told(&error)))?;
        let (stop, count) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let (stopped, counted) = (stop.clone(), count.clone());
        let handler = move |delivery: Delivery| {
            if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                let (name, after) = (delivery.name().to_owned(), began.elapsed().as_millis());
                terminal.say(format!("consumer  its first event after {after} ms: {name}"));
            }
            async { Ok::<_, io::Error>(()) }
        };
        let running = runtime.spawn(async move {
            tokio::select! {
                ended = consumer.run_until(handler, stopped.notified()) => ended,
                never = say_how_many(&count, terminal) => match never {},
            }
        });
        Ok(Self { stop, running })
    }

    /// Acknowledges what it holds, and ends.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.stop.notify_one();
        let ended =
            self.running.await.map_err(|panic| Failure::Other(format!("a bug: {panic}")))?;
        ended.map_err(|error| Failure::Other(format!("the consumer: {}", told(&error))))
    }
}

async fn say_how_many(count: &AtomicU64, terminal: Terminal) -> std::convert::Infallible {
    let mut words = interval(WORD_EVERY);
    words.set_missed_tick_behavior(MissedTickBehavior::Delay);
    words.tick().await;
    loop {
        words.tick().await;
        terminal.say(format!("consumer  {} events so far", count.load(Ordering::Relaxed)));
    }
}
