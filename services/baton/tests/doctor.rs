//! `baton doctor` over a real store, with a Discord that answers what a test wants.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use baton_model::{AppName, AppShape};
use baton_store::Apps;
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use serde_json::Value;

const TOKEN: &str = "a-token-that-nobody-may-see";

const ACCEPTED: &str = r#"{"url":"wss://a","shards":9,"session_start_limit":
    {"total":1000,"remaining":3,"reset_after":1,"max_concurrency":1}}"#;

/// What `doctor` found, and with which code it ended.
struct Found {
    code: Option<i32>,
    checks: Vec<Value>,
}

impl Found {
    fn by(store: &str, arguments: &[&str]) -> Self {
        let output = Command::new(env!("CARGO_BIN_EXE_baton"))
            .args(["--store", store, "-o", "json", "doctor"])
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("the program is built");
        let (data, said) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!data.contains(TOKEN) && !said.contains(TOKEN), "{data}{said}");
        let document: Value = serde_json::from_str(&data).expect(&said);
        let checks = document["items"].as_array().expect("it is a listing").clone();
        Self { code: output.status.code(), checks }
    }

    /// The outcomes of the checks about something.
    fn about(&self, about: &str) -> Vec<&str> {
        let checks = self.checks.iter().filter(|check| check["about"] == about);
        checks.filter_map(|check| check["outcome"].as_str()).collect()
    }
}

fn url(server: &Server) -> String {
    format!("valkey://127.0.0.1:{}", server.port())
}

/// A Discord that gives every request the same answer.
fn discord(status: &'static str, body: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let mut request = [0; 4_096];
            drop(connection.read(&mut request));
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
            drop(connection.write_all(answer.as_bytes()));
        }
    });
    port
}

fn config(folder: &Path, api_port: u16) -> String {
    let (file, token) = (folder.join("gateway.toml"), folder.join("token"));
    let text = format!(
        "store.url = \"valkey://127.0.0.1:1\"\n[apps.bot]\ntoken = \"file:{}\"\n\
         intents = [\"guilds\", \"guild_members\"]\nshards = 4\n\
         api_url = \"http://127.0.0.1:{api_port}/api/v10\"\n",
        token.display()
    );
    fs::write(&file, text).expect("the folder takes files");
    fs::write(&token, TOKEN).expect("the folder takes files");
    file.display().to_string()
}

#[test]
fn a_store_is_judged_by_what_it_says_of_itself() {
    let server = Server::start(Program::Valkey, &["--maxmemory", "100mb", "--appendonly", "yes"]);
    let found = Found::by(&url(&server), &[]);
    for about in ["server", "safety", "eviction", "persistence", "memory", "functions", "clock"] {
        assert_eq!(found.about(about), ["ok"], "{about}: {:?}", found.checks);
    }
    assert_eq!(found.about("replicas"), ["warning"]);
    assert_eq!((found.about("instances"), found.code), (vec!["failure"], Some(3)), "no gateway");
    let server = Server::start(Program::Redis, &[]);
    let found = Found::by(&url(&server), &[]);
    assert_eq!(
        (found.about("persistence"), found.about("memory")),
        (vec!["warning"], vec!["warning"])
    );
}

#[test]
fn a_default_user_that_may_not_write_is_warned_of_by_whoever_may_ask() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &["--appendonly", "yes"]);
        assert_eq!(Found::by(&url(&server), &[]).about("default user"), ["ok"]);
        let user = |words: &str| {
            let words: Vec<_> = ["ACL", "SETUSER"].into_iter().chain(words.split(' ')).collect();
            server.command::<()>(&words).expect("it is set");
        };
        user("operator on >secret ~* &* +@all");
        user("modest on >secret ~* &* +@all -@admin");
        let asked_by = |user: &str| {
            let url = format!("valkey://{user}:secret@127.0.0.1:{}", server.port());
            let checks = Found::by(&url, &[]);
            checks.about("default user").join(" ")
        };
        // Whoever sets this is `default` itself.
        for (rights, outcome) in [
            ("default resetkeys ~other:* +@all", "warning"),
            ("default resetkeys ~* -xadd", "warning"),
            ("default off resetpass ~* &* +@all", "ok"),
        ] {
            user(rights);
            assert_eq!((asked_by("operator").as_str(), asked_by("modest").as_str()), (outcome, ""));
        }
    }
}

#[test]
fn a_store_that_cannot_be_reached_is_a_finding_and_the_rest_is_checked_all_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = config(folder.path(), discord("200 OK", ACCEPTED));
    let found = Found::by("valkey://127.0.0.1:1", &["--gateway-config", &file]);
    assert_eq!((found.about("store"), found.code), (vec!["failure"], Some(3)));
    assert_eq!(found.about("configuration"), ["ok"]);
    assert_eq!(found.about("token"), ["ok"]);
    assert_eq!(found.about("shards"), ["warning"], "discord recommends more");
    assert_eq!(found.about("identifies"), ["warning"], "three are left for four shards");
    assert_eq!(found.about("intents"), ["ok"]);
}

#[test]
fn a_token_that_discord_rejects_is_a_failure_and_is_not_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = config(folder.path(), discord("401 Unauthorized", ""));
    let found = Found::by("valkey://127.0.0.1:1", &["--gateway-config", &file]);
    assert_eq!(found.about("token"), ["failure"]);
    fs::remove_file(folder.path().join("token")).expect("it is there");
    let found = Found::by("valkey://127.0.0.1:1", &["--gateway-config", &file]);
    assert_eq!(found.about("token"), ["failure"]);
}

#[test]
fn every_mistake_of_a_configuration_is_a_failure_of_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("gateway.toml");
    fs::write(&file, "fleet = 7\n[apps.bot]\nintents = [\"gilds\"]\n").expect("it takes files");
    let file = file.display().to_string();
    let found = Found::by("valkey://127.0.0.1:1", &["--gateway-config", &file]);
    let mistakes = found.about("configuration");
    assert!(mistakes.len() > 2 && mistakes.iter().all(|it| *it == "failure"), "{mistakes:?}");
}

#[test]
fn a_kill_that_comes_before_a_drain_can_end_is_a_failure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = config(folder.path(), discord("200 OK", ACCEPTED));
    let patience = |timeout| {
        let arguments = ["--gateway-config", &file, "--kill-timeout", timeout];
        Found::by("valkey://127.0.0.1:1", &arguments).about("drain").join(" ")
    };
    assert_eq!([patience("30s"), patience("75s")], ["failure", "ok"]);
}

#[tokio::test]
async fn a_lane_that_nobody_reads_is_named() {
    let server = Server::start(Program::Valkey, &[]);
    let config = ValkeyConfig::new(
        url(&server).parse().expect("it is a url"),
        "main".parse().expect("it is a name"),
    );
    let store = Valkey::open(config).await.expect("it runs");
    let app: AppName = "bot".parse().expect("it is a name");
    let shape: AppShape =
        serde_json::from_str(r#"{"generation":0,"shards":4,"lanes":2}"#).expect("it is a shape");
    store.agree_app(&app, &shape).await.expect("nobody has proposed another");
    let group = |lane: u16| {
        let key = format!("baton:{{bot.{lane}}}:events");
        let made: Result<String, _> =
            server.command(&["XGROUP", "CREATE", &key, "readers", "0", "MKSTREAM"]);
        made.expect("there is none yet");
    };
    group(0);
    let found = Found::by(&url(&server), &[]);
    let named = found.checks.iter().find(|check| check["about"] == "readers");
    assert_eq!(named.expect("it is checked")["found"], "no consumer group: bot/1");
    assert_eq!(found.about("shards"), ["failure"], "nobody owns any");
    group(1);
    assert_eq!(Found::by(&url(&server), &[]).about("readers"), ["ok"]);
}
