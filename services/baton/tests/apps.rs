//! Apps in the store, as the program puts them there: the real one on a real Valkey.

use std::{
    collections::BTreeMap,
    process::{Command, Output, Stdio},
};

use baton_model::{
    AppCondition, AppName, AppReport, AppShape, AppSource, Beat, HealthLevel, InstanceId,
    InstanceReport, Line, StoredApp, UnixMicros,
};
use baton_store::{Apps, FoundApp, Membership, PresenceGuard, Reports, StoredApps};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Cluster, Program, Server};
use serde_json::{Value, json};

struct World {
    server: Server,
    store: Valkey,
}

fn app() -> AppName {
    "bot".parse().expect("a name")
}

impl World {
    async fn new() -> Self {
        let server = Server::start(Program::Valkey, &[]);
        let url = format!("valkey://127.0.0.1:{}", server.port());
        let config =
            ValkeyConfig::new(url.parse().expect("a url"), "main".parse().expect("a name"));
        Self { server, store: Valkey::open(config).await.expect("it opens") }
    }

    fn run(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        let url = format!("valkey://127.0.0.1:{}", self.server.port());
        command.env_clear().args(["--store", &url]).args(line.split_whitespace());
        command.stdin(Stdio::null()).output().expect("it runs")
    }

    /// With which code a command ends, and what it says.
    fn said(&self, line: &str) -> (Option<i32>, String) {
        let output = self.run(line);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn listed(&self) -> Value {
        let output = self.run("-o json app ls");
        let shown: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        shown["items"].clone()
    }

    async fn stored(&self) -> Option<FoundApp> {
        let all = self.store.stored_apps().await.expect("read");
        all.into_iter().find(|(name, _)| *name == app()).map(|(_, found)| found)
    }

    /// An instance that runs the app, which it has from this source.
    async fn instance(&self, source: AppSource) -> impl PresenceGuard {
        let record = r#"{"phase":"up","tier":0,"zone":"a","weight":100,"capacity":9,
            "version":"0.1.0","joined_at":0,"stalled":[]}"#;
        let (id, record) = (InstanceId::new(1), serde_json::from_str(record).expect("a record"));
        self.store.beat(id, Beat(1), &record).await.expect("beaten");
        let of_app = AppReport {
            condition: AppCondition::Running,
            source,
            lag_ms_worst: 0,
            identify_waiting: 0,
            shards: BTreeMap::new(),
        };
        let report = InstanceReport {
            at: UnixMicros(1),
            name: Line::shortened("gw-a"),
            pid: 1,
            health: HealthLevel::Healthy,
            reasons: Vec::new(),
            resident_bytes: None,
            ring_bytes: 0,
            ring_bytes_max: 1,
            dispatches: 0,
            apps: [(app(), of_app)].into(),
        };
        self.store.report(id, &report).await.expect("reported");
        self.store.hold_presence(id).await.expect("it is there")
    }
}

fn wanted(options: &[(&str, &str)]) -> StoredApp {
    let options = options.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    StoredApp::Wanted { options: options.collect() }
}

const ADD: &str = "app add bot token=env:BOT_TOKEN intents=guilds shards=4 lanes=2";
const ADDED: [(&str, &str); 4] =
    [("intents", "guilds"), ("lanes", "2"), ("shards", "4"), ("token", "env:BOT_TOKEN")];

#[tokio::test]
async fn an_app_is_added_changed_and_removed_in_the_store() {
    let world = World::new().await;
    let shape: AppShape =
        serde_json::from_str(r#"{"generation":0,"shards":4,"lanes":2}"#).expect("a shape");
    world.store.agree_app(&app(), &shape).await.expect("agreed");
    assert_eq!(world.said(ADD).0, Some(0));
    assert_eq!(world.stored().await.and_then(|it| it.app.ok()), Some(wanted(&ADDED)));
    assert_eq!(world.said(ADD).0, Some(6), "it is there");
    let row = &world.listed()[0];
    assert_eq!(
        (&row["app"], &row["from"], &row["running"]),
        (&json!("bot"), &json!(["store"]), &json!(0))
    );
    assert_eq!(row["troubles"], json!(["no instance runs it as the store has it"]));
    let status = world.run("status");
    let told = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(told.contains("app bot stands in the store, and no instance runs it"), "{told}");

    assert_eq!(world.said("app set bot presence.status=dnd intents=guild_messages").0, Some(0));
    assert_eq!(world.said("app set bot lanes=").0, Some(0));
    let mut changed = ADDED.to_vec();
    changed[0].1 = "guild_messages";
    changed[1] = ("presence.status", "dnd");
    assert_eq!(world.stored().await.and_then(|it| it.app.ok()), Some(wanted(&changed)));

    for unsure in ["app remove bot", "app remove bot --confirm=bit"] {
        assert_eq!(world.said(unsure).0, Some(7), "{unsure}");
    }
    assert_eq!(world.said("app remove bot --confirm=bot").0, Some(0));
    let removed = FoundApp { revision: 4, app: Ok(StoredApp::Removed {}) };
    assert_eq!(world.stored().await, Some(removed));
    assert_eq!(world.listed(), json!([]));
    assert_eq!(world.said("app remove bot --confirm=bot").0, Some(5));
    let history = world.run("history");
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    let told = ["put app bot into", "put app bot into", "put app bot into", "removed app bot from"];
    assert_eq!(history.lines().count(), 1 + told.len(), "{history}");
    for (line, what) in history.lines().skip(1).zip(told) {
        assert!(line.contains(what), "{history}");
    }
    assert_eq!(world.said(ADD).0, Some(0), "and again");
}

#[tokio::test]
async fn what_is_wrong_is_said_before_anything_is_written() {
    let world = World::new().await;
    for (line, because) in [
        ("app add bot intents=guilds", "token is not set"),
        ("app add bot token=MTk4 intents=guilds", "never the token itself"),
        ("app add bot token=env:A intents=gilds", "did you mean guilds?"),
        ("app add bot token=env:A intents=guilds shards=0", "shards = 0"),
        (
            "app add bot token=env:A intents=guilds gateway_url=wss://x",
            "cannot be said in the store",
        ),
        ("app add Bot token=env:A intents=guilds", "name"),
        ("app add bot token", "expected an option and its value"),
    ] {
        let (code, said) = world.said(line);
        assert_eq!(code, Some(2), "{line}: {said}");
        assert!(said.contains(because), "{line}: {said}");
    }
    let shape: AppShape =
        serde_json::from_str(r#"{"generation":0,"shards":4,"lanes":1}"#).expect("a shape");
    world.store.agree_app(&app(), &shape).await.expect("agreed");
    let (code, said) = world.said(ADD);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("say shards=4 lanes=1"), "{said}");
    assert_eq!(world.said("app set bot shards=4").0, Some(5));
    assert_eq!(world.stored().await, None);
}

#[tokio::test]
async fn a_running_app_takes_only_what_it_can_change_and_the_reason_is_said() {
    let world = World::new().await;
    assert_eq!(world.said(ADD).0, Some(0));
    let _presence = world.instance(AppSource::Store).await;
    for (option, because) in [
        ("intents=guild_messages", "is told to discord with IDENTIFY only"),
        ("events.leave_out=TYPING_START", "is taken up when an app starts"),
        ("shards=8", "is agreed for the life of bot"),
    ] {
        let (code, said) = world.said(&format!("app set bot {option}"));
        assert_eq!(code, Some(7), "{option}: {said}");
        assert!(said.contains(because), "{option}: {said}");
    }
    assert_eq!(world.stored().await.and_then(|it| it.app.ok()), Some(wanted(&ADDED)));
    assert_eq!(world.said("app set bot presence.status=idle commands= trim.min_age=2h").0, Some(0));
}

#[tokio::test]
async fn streams_for_brokers_are_those_of_one_app() {
    let world = World::new().await;
    let other = ADD.replace(" bot ", " radio ");
    assert_eq!(world.said(&format!("{ADD} brokers.mode=also")).0, Some(0));
    assert_eq!(world.said(&other).0, Some(0), "one that has none");
    for line in ["app set radio brokers.mode=also", "app set radio brokers.mode=also lanes=2"] {
        let (code, said) = world.said(line);
        assert_eq!(code, Some(6), "{line}: {said}");
        assert!(said.contains("bot has these streams for @discordjs/brokers"), "{said}");
    }
    let line = "app set radio brokers.mode=also brokers.prefix=radio:";
    assert_eq!(world.said(line).0, Some(0));
    assert_eq!(world.said("app set bot brokers.group_idle_max=2h").0, Some(0), "its own");
}

#[tokio::test]
async fn an_app_on_a_cluster_has_no_streams_for_brokers() {
    let cluster = Cluster::start(Program::Valkey);
    let add = |more: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.env_clear().args(["--store", &cluster.url()]).args(ADD.split_whitespace());
        let output = command.args(more.split_whitespace()).stdin(Stdio::null()).output();
        let output = output.expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = add("brokers.mode=also");
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("a Cluster cannot hold streams for @discordjs/brokers"), "{said}");
    assert_eq!(add("").0, Some(0));
}

#[tokio::test]
async fn an_app_that_a_configuration_has_is_left_to_it() {
    let world = World::new().await;
    let _presence = world.instance(AppSource::File).await;
    for line in [ADD, "app set bot shards=2", "app remove bot --confirm=bot"] {
        let (code, said) = world.said(line);
        assert_eq!(code, Some(6), "{line}: {said}");
        assert!(said.contains("configuration of gw-a"), "{line}: {said}");
    }
    world.store.put_app(&app(), 0, &wanted(&ADDED)).await.expect("taken");
    let row = &world.listed()[0];
    assert_eq!(row["from"], json!(["file", "store"]));
    assert_eq!(row["troubles"], json!(["the configuration of gw-a holds, not the store"]));
}

#[tokio::test]
async fn what_cannot_be_read_is_shown_and_can_be_removed() {
    let world = World::new().await;
    let key = "baton:{main}:stored-apps";
    world.server.command::<u64>(&["HSET", key, "bot", "7 {\"newer\":1}"]).expect("set");
    assert_eq!(world.said(ADD).0, Some(0), "it is put in its place");
    world.server.command::<u64>(&["HSET", key, "bot", "no app at all"]).expect("set");
    let trouble = world.listed()[0]["troubles"][0].to_string();
    assert!(trouble.contains("no app that this Baton can read"), "{trouble}");
    assert_eq!(world.said("app remove bot --confirm=bot").0, Some(0));
    assert_eq!(world.listed(), json!([]));
}
