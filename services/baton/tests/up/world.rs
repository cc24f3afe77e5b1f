//! A Discord with one bot, and what the bot's store has of what it sent.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use baton_mock_discord::{
    Input, Settings,
    audit::{Entry, EntrySession, audit},
    load::{Mix, Pace},
    server::{Addresses, Server},
};
use baton_model::{AppName, Lane, ShardCount, StreamId};
use baton_store::{EntryBody, Events};
use baton_store_embedded::{EmbeddedStore, Options};
use bytes::Bytes;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::process::Up;

/// How long anything may take. Only what never happens is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

const SHARDS: u32 = 3;

/// A bot has so many lanes unless it says otherwise.
const LANES: u16 = 16;

pub(crate) struct World {
    discord: Server,
    folder: TempDir,
}

impl World {
    /// A Discord that goes on sending.
    pub(crate) async fn new() -> Self {
        let settings = Settings {
            shards: ShardCount(SHARDS.try_into().expect("not 0")),
            guilds: 640,
            guild_create_bytes: 2_000,
            max_concurrency: 16,
            ..Settings::default()
        };
        let discord = Server::start(settings, 7, Addresses::LOOPBACK).await.expect("it listens");
        let pace = Pace { mix: Mix::Messages, every_ms: 20, events: 1, burst: None };
        discord.input(Input::Load(Some(pace))).await;
        let world = Self { discord, folder: tempfile::tempdir().expect("a folder") };
        fs::write(world.token_file(), "token").expect("written");
        world
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs the bot.
    pub(crate) fn start(&self, options: &[&str]) -> Up {
        self.started(options, Up::start)
    }

    /// Runs the bot as somebody to whom a file's mode says what they may: root's may do all.
    pub(crate) fn start_without_privileges(&self) -> Up {
        self.started(&[], Up::start_without_privileges)
    }

    fn started(&self, options: &[&str], start: fn(&Path, &[&str]) -> Up) -> Up {
        let (token, rest) = (self.token_file(), self.discord.addresses().rest);
        let token = token.to_str().expect("text");
        let api = format!("http://{rest}/api/v10");
        let gateway = self.discord.gateway_url();
        let of_discord = ["--token-file", token, "--api", &api, "--gateway", &gateway];
        start(&self.data(), &[&of_discord, options].concat())
    }

    /// Of a gateway that runs the same bot, on the same store.
    pub(crate) fn gateway_config(&self) -> PathBuf {
        let file = self.folder.path().join("gateway.toml");
        let (token, store) = (self.token_file(), self.data().join("bot"));
        let (rest, gateway) = (self.discord.addresses().rest, self.discord.gateway_url());
        let text = format!(
            "store.url = \"embedded://{}\"\nhttp.listen = \"127.0.0.1:0\"\n[apps.bot]\n\
             token = \"file:{}\"\nintents = [\"guilds\", \"guild_messages\"]\n\
             api_url = \"http://{rest}/api/v10\"\ngateway_url = \"{gateway}\"\n",
            store.display(),
            token.display()
        );
        fs::write(&file, text).expect("written");
        file
    }

    /// Waits until every shard has a session, and a hundred entries more are there.
    pub(crate) async fn until_events_come(&self, up: &Up) {
        let end = Instant::now() + PATIENCE;
        let mut before = None;
        loop {
            let live = self.discord.look(|discord| discord.live_sessions()).await;
            let count = count(up);
            if live == SHARDS as usize && count > before.unwrap_or(count) + 100 {
                return;
            }
            before = before.or((count > 0).then_some(count));
            assert!(Instant::now() < end, "no events: {}", up.said());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until events come again, ends it all, and compares what was sent with what is stored.
    pub(crate) async fn judge(&self, mut up: Up) {
        self.until_events_come(&up).await;
        self.discord.input(Input::Load(None)).await;
        let mut last = (count(&up), Instant::now());
        while last.1.elapsed() < Duration::from_secs(2) {
            sleep(Duration::from_millis(100)).await;
            let now = count(&up);
            if now != last.0 {
                last = (now, Instant::now());
            }
        }
        up.signal("TERM");
        assert_eq!(up.ended().await, Some(0), "{}", up.said());
        let ledger = self.discord.look(|discord| discord.ledger().clone()).await;
        let report = audit(&ledger, &self.written().await);
        let wrong = [&report.lost, &report.doubled, &report.reordered, &report.altered];
        assert!(wrong.iter().all(|places| places.is_empty()), "{report:?}");
        assert_eq!(ledger.sessions.len(), SHARDS as usize, "each IDENTIFY is a session");
    }

    async fn written(&self) -> Vec<Entry> {
        let store = EmbeddedStore::open(self.data().join("bot"), Options::default());
        let (store, app) = (store.expect("nobody has it"), "bot".parse::<AppName>());
        let app = app.expect("a name");
        let mut entries = Vec::new();
        for lane in (0..LANES).map(Lane) {
            let read = store.entries(&app, lane, StreamId::START, usize::MAX).await;
            let read = read.expect("readable").into_iter();
            entries.extend(read.map(|(_, entry)| judged(entry.expect("it is one"))));
        }
        entries
    }
}

/// How many entries a client finds in all lanes; none if there is nobody to ask yet.
fn count(up: &Up) -> u64 {
    let keys = (0..LANES).map(|lane| format!("baton:{{bot.{lane}}}:events"));
    keys.filter_map(|key| up.try_asked::<u64>(&["XLEN", &key])).sum()
}

fn judged(entry: baton_store::Entry) -> Entry {
    let (seq, name, bytes, at) = match entry.body {
        EntryBody::Dispatch(dispatch) => (dispatch.seq, dispatch.name, dispatch.frame, dispatch.at),
        EntryBody::Marker { seq, at, marker } => {
            let body = serde_json::to_vec(&marker).expect("a marker is JSON");
            (seq, marker.name(), Bytes::from(body), at)
        }
    };
    let session = EntrySession::Number(entry.session);
    Entry { shard: entry.shard, session, seq, name, bytes, at }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} until {what}");
        sleep(Duration::from_millis(20)).await;
    }
}
