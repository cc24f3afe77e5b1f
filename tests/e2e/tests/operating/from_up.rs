//! A bot that began with `baton up` goes on over a Valkey, with gateways.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use baton_e2e::{
    judgement::entries,
    operator::{Said, said},
    processes::{PATIENCE, discord, program, valkey},
};
use baton_mock_discord::{
    Input,
    audit::{Entry, audit},
    load::{Mix, Pace},
    server::{Addresses, Server as Discord},
};
use baton_model::{AppName, LaneCount, ShardCount};
use baton_store_embedded::{EmbeddedStore, Options};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::Server;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

const SHARDS: u32 = 3;

/// A bot has so many lanes unless it says otherwise.
const LANES: u16 = 16;

/// A bot, and where it is to go.
struct World {
    discord: Discord,
    valkey: Server,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let shards = ShardCount(SHARDS.try_into().expect("not 0"));
        let settings = baton_mock_discord::Settings { shards, ..discord() };
        let token = settings.tokens.first().expect("a token").clone();
        let discord = Discord::start(settings, 7, Addresses::LOOPBACK).await.expect("it listens");
        let pace = Pace { mix: Mix::Messages, every_ms: 50, events: 1, burst: None };
        discord.input(Input::Load(Some(pace))).await;
        let world = Self { discord, valkey: valkey(), folder: tempfile::tempdir().expect("one") };
        fs::write(world.token(), token).expect("written");
        world
    }

    fn token(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn url(&self) -> String {
        format!("valkey://127.0.0.1:{}", self.valkey.port())
    }

    /// A program that is alone with these variables. What it says goes to a file of its name.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        let path = env::var("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("HOME", self.folder.path());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    fn up(&self) -> Child {
        let mut command = self.command("baton");
        let api = format!("http://{}/api/v10", self.discord.addresses().rest);
        let gateway = self.discord.gateway_url();
        command.args(["up", "--instances", "2", "--api", &api, "--gateway", &gateway]);
        command.args(["--listen", "127.0.0.1:0", "--page", "127.0.0.1:0", "--token-file"]);
        command.arg(self.token()).arg("--data").arg(self.data());
        command.stdout(self.file("up.out")).stderr(self.file("up.err"));
        command.spawn().expect("it starts")
    }

    /// An instance, as `migrate-store` says that it is to be started.
    fn gateway(&self, told: &str) -> Child {
        let mut command = self.command("baton-gateway");
        let (_, variables) = told.split_once("if it has one:\n").expect("it says how to go on");
        let words = variables.split_whitespace().filter(|word| word.starts_with("BATON_"));
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            command.env(name, value.trim_matches('\''));
        }
        let token = fs::read_to_string(self.token()).expect("it is there");
        let api = format!("http://{}/api/v10", self.discord.addresses().rest);
        command.env("DISCORD_TOKEN", token).env("BATON_APPS__BOT__API_URL", api);
        command.env("BATON_APPS__BOT__GATEWAY_URL", self.discord.gateway_url());
        command.env("BATON_HTTP__LISTEN", "127.0.0.1:0");
        command.stdout(Stdio::null()).stderr(self.file("gateway.err"));
        command.spawn().expect("it starts")
    }

    fn file(&self, name: &str) -> fs::File {
        fs::File::create(self.folder.path().join(name)).expect("a file")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// An operator who is at the Valkey.
    fn at_valkey(&self, words: &[&str]) -> Command {
        let mut command = self.command("baton");
        command.args(["--store", &self.url()]).args(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn migrate(&self, words: &[&str]) -> Said {
        let mut command = self.at_valkey(&["migrate-store"]);
        command.arg(self.data()).args(words);
        said(&command.output().await.expect("it runs"))
    }

    /// Waits until every shard has a connection and gets events.
    async fn until_live(&self) {
        let live = async {
            while self.discord.look(|discord| discord.live_sessions()).await < SHARDS as usize {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let (up, gateway) = (self.read("up.err"), self.read("gateway.err"));
        timeout(PATIENCE, live).await.unwrap_or_else(|_| panic!("not live\n{up}\n{gateway}"));
        sleep(Duration::from_secs(2)).await;
    }

    async fn in_valkey(&self) -> Vec<Entry> {
        let (url, fleet) = (self.url().parse().expect("a url"), "main".parse().expect("a name"));
        let store = Valkey::open(ValkeyConfig::new(url, fleet)).await.expect("it opens");
        entries(&store, &app(), lanes()).await
    }

    /// What the embedded store has, once nobody runs on it.
    async fn in_folder(&self) -> Vec<Entry> {
        let folder = self.data().join("bot");
        let store = EmbeddedStore::open_to_move(&folder, Options::default()).expect("it opens");
        entries(&store, &app(), lanes()).await
    }

    /// Ends the load, waits until the Valkey has everything, and compares both stores' entries
    /// with the ledger.
    async fn judge(&self) {
        self.discord.input(Input::Load(None)).await;
        let (mut last, mut since) = (0, Instant::now());
        while since.elapsed() < Duration::from_secs(3) {
            let now = self.in_valkey().await.len();
            if now != last {
                (last, since) = (now, Instant::now());
            }
            sleep(Duration::from_millis(200)).await;
        }
        let (before, after) = (self.in_folder().await, self.in_valkey().await);
        assert!(!before.is_empty() && !after.is_empty(), "{} {}", before.len(), after.len());
        let ledger = self.discord.look(|discord| discord.ledger().clone()).await;
        let report = audit(&ledger, &[before, after].concat());
        assert!(report.is_clean(), "{report:?}\n{}", self.read("gateway.err"));
        assert_eq!(ledger.sessions.len(), SHARDS as usize, "each IDENTIFY is a session");
        let broken = self.discord.look(|discord| discord.verdicts().counts.clone()).await;
        assert_eq!(broken, [].into(), "no rule of Discord's was broken");
        let gap = report.worst_gaps.values().max().copied().unwrap_or_default();
        println!("the longest pause of a shard: {gap:?}");
    }
}

fn app() -> AppName {
    "bot".parse().expect("a name")
}

fn lanes() -> LaneCount {
    LaneCount(LANES.try_into().expect("not 0"))
}

fn signal(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    kill_process(pid.expect("it runs"), signal).expect("it lives");
}

async fn ended(child: &mut Child) -> Option<i32> {
    timeout(PATIENCE, child.wait()).await.expect("it ends").expect("a child").code()
}

/// `baton up` on that folder says that its fleet is elsewhere.
async fn assert_has_left(world: &World, at: &Path) {
    let mut up = world.up();
    assert_eq!(ended(&mut up).await, Some(1));
    let (told, to) = (world.read("up.err"), world.url());
    assert!(told.contains(&format!("has moved to {to}")) && told.lines().count() == 1, "{told}");
    assert!(at.join("bot/moved-to").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_moves_to_a_valkey_with_all_of_its_sessions() {
    let world = World::new().await;
    let mut up = world.up();
    world.until_live().await;
    let asked = world.migrate(&[]).await;
    assert_eq!(asked.code, 7, "{asked:?}");
    let plan = world.migrate(&["--dry-run"]).await;
    assert_eq!(plan.code, 0, "{plan:?}");
    for told in ["1 app, 3 shards, 3 sessions", "the process there is ended", &world.url()] {
        assert!(plan.besides.contains(told), "{told}: {plan:?}");
    }
    assert!(up.try_wait().expect("a child").is_none(), "nothing was done");
    assert!(world.in_valkey().await.is_empty());

    let moved = world.migrate(&["--yes"]).await;
    assert_eq!(moved.code, 0, "{moved:?}");
    assert_eq!(ended(&mut up).await, Some(0), "{}", world.read("up.err"));
    let _gateway = world.gateway(&moved.besides);
    world.until_live().await;
    assert_has_left(&world, &world.data()).await;
    let again = world.migrate(&["--yes"]).await;
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.besides.contains("it has moved there already"), "{again:?}");
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_cut_off_is_finished_by_the_same_command_and_by_no_other() {
    let world = World::new().await;
    let mut up = world.up();
    world.until_live().await;
    signal(&up, Signal::KILL);
    assert_eq!(ended(&mut up).await, None);
    // Wherever it is cut off, the next one goes on.
    for millis in [10, 30, 60, 90, 130] {
        let mut command = world.at_valkey(&["migrate-store", "--yes"]);
        let mut cut_off = command.arg(world.data()).spawn().expect("it starts");
        sleep(Duration::from_millis(millis)).await;
        cut_off.start_kill().expect("killed");
        drop(cut_off.wait().await);
    }
    // As if it had been cut off when the folder said where to, and the Valkey knew nothing.
    let begun = world.data().join("bot/moved-to");
    fs::write(&begun, world.url()).expect("written");
    assert_has_left(&world, &world.data()).await;
    let other = valkey();
    let url = format!("valkey://127.0.0.1:{}", other.port());
    let mut elsewhere = world.command("baton");
    elsewhere.args(["--store", &url, "migrate-store", "--yes"]).arg(world.data());
    elsewhere.stdout(Stdio::piped()).stderr(Stdio::piped());
    let refused = said(&elsewhere.output().await.expect("it runs"));
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.besides.contains("finish that with --store"), "{refused:?}");

    let moved = world.migrate(&["--yes"]).await;
    assert_eq!(moved.code, 0, "{moved:?}");
    let told = "BATON_STORE__URL=";
    let told = match moved.besides.contains(told) {
        true => moved.besides,
        // One of those that were cut off had done it all.
        false => format!("if it has one:\n{}", by_hand(&world)),
    };
    let _gateway = world.gateway(&told);
    world.until_live().await;
    world.judge().await;
}

fn by_hand(world: &World) -> String {
    format!(
        "BATON_STORE__URL={} BATON_APPS__BOT__TOKEN='[\"env:DISCORD_TOKEN\"]' \
         BATON_APPS__BOT__INTENTS=guilds,guild_messages BATON_APPS__BOT__LANES={LANES}",
        world.url()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valkey_that_knows_the_fleet_is_refused_and_what_runs_goes_on() {
    let world = World::new().await;
    let mut up = world.up();
    world.until_live().await;
    let (url, fleet) = (world.url().parse().expect("a url"), "main".parse().expect("a name"));
    let store = Valkey::open(ValkeyConfig::new(url, fleet)).await.expect("it opens");
    let shape = serde_json::from_str(r#"{"generation":0,"shards":1,"lanes":1}"#).expect("one");
    baton_store::Apps::agree_app(&store, &app(), &shape).await.expect("agreed");
    let refused = world.migrate(&["--yes"]).await;
    assert_eq!(refused.code, 7, "{refused:?}");
    assert!(refused.besides.contains("fleet main has apps at this store already"), "{refused:?}");
    assert!(up.try_wait().expect("a child").is_none(), "it was not ended");
    assert!(!world.data().join("bot/moved-to").exists());
    signal(&up, Signal::TERM);
    assert_eq!(ended(&mut up).await, Some(0));
}
