//! `baton init`: what it writes is read without a complaint, and nothing is written over.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use baton_gateway::{
    config::{Config, StorePlace},
    token::TokenSource,
};
use baton_model::AppName;
use tempfile::TempDir;

const SECRET: &str = "c2VjcmV0.dG9rZW4.b2YgYSBib3Q";

/// A folder to write into.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Everything that lies in it, by name.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.map(|entry| name(entry.expect("readable"))).collect();
        names.sort();
        names
    }

    fn init(&self, options: &[&str]) -> Output {
        let mut baton = Command::new(env!("CARGO_BIN_EXE_baton"));
        baton.env_clear().env("DISCORD_TOKEN", SECRET).current_dir(self.0.path());
        baton.arg("init").args(options).output().expect("it runs")
    }

    /// Writes, and reads as a gateway would.
    fn written(&self, options: &[&str]) -> Config {
        let output = self.init(options);
        assert!(output.status.success(), "{}", said(&output));
        let read = Config::load(Some(&self.path("baton.toml")), std::iter::empty());
        read.unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn only_app(config: &Config) -> (&AppName, &baton_gateway::config::AppConfig) {
    let mut apps = config.apps.iter();
    let app = apps.next().expect("there is one");
    assert!(apps.next().is_none());
    app
}

#[test]
fn what_it_writes_a_gateway_reads() {
    let desk = Desk::new();
    let config = desk.written(&[]);
    let (name, app) = only_app(&config);
    assert_eq!(name.to_string(), "mybot");
    assert_eq!(app.tokens, [TokenSource::File("discord-token".into())]);
    assert!(matches!(&config.store.place, StorePlace::Valkey(url) if !url.tls));
    let files = [".gitignore", "baton.toml", "docker-compose.yml"];
    assert_eq!(desk.files(), files, "and nothing is left beside them");
    let check = ["config", "check", "baton.toml"];
    let mut baton = Command::new(env!("CARGO_BIN_EXE_baton"));
    let checked = baton.env_clear().current_dir(desk.0.path()).args(check).output();
    assert!(checked.expect("it runs").status.success());
}

#[test]
fn what_is_asked_for_stands_there() {
    let desk = Desk::new();
    let options = [
        ["--name", "my.bot-2"],
        ["--shards", "12"],
        ["--intents", "guilds, guild_members"],
        ["--gateways", "3"],
        ["--store", "valkeys://valkey.example.org:6380"],
        ["--fleet", "blue"],
    ];
    let config = desk.written(&options.concat());
    let (name, _) = only_app(&config);
    assert_eq!((name.to_string(), config.fleet.to_string()), ("my.bot-2".into(), "blue".into()));
    let described = config.describe();
    for line in ["shards = 12", "guild_members"] {
        assert!(described.contains(line), "{described}");
    }
    let compose = desk.text("docker-compose.yml");
    assert!(
        compose.contains("replicas: 3") && compose.contains("name: baton-my-bot-2"),
        "{compose}"
    );
    assert!(compose.contains("BATON_APPS__MY_BOT_2__TOKEN: file:/run/secrets/"), "{compose}");
    assert!(!compose.contains("valkey"), "the store is there already: {compose}");
    // A variable of the compose file means the app that it is meant for.
    let variable = ("BATON_APPS__MY_BOT_2__TOKEN".to_owned(), "file:/elsewhere".to_owned());
    let config = Config::load(Some(&desk.path("baton.toml")), [variable].into_iter());
    let config = config.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(only_app(&config).1.tokens, [TokenSource::File("/elsewhere".into())]);
}

/// What a key of the compose file has, wherever it stands.
fn value<'a>(compose: &'a str, key: &str) -> &'a str {
    let line = compose.lines().find_map(|line| line.trim().strip_prefix(key));
    line.unwrap_or_else(|| panic!("no {key} in {compose}")).trim()
}

#[test]
fn a_gateway_knows_how_long_compose_waits_for_it_and_drains_in_less() {
    let desk = Desk::new();
    desk.written(&[]);
    let compose = desk.text("docker-compose.yml");
    let told = value(&compose, "BATON_DRAIN__KILL_TIMEOUT:");
    assert_eq!(told, value(&compose, "stop_grace_period:"));
    // One that would be killed in the middle of its drain does not start.
    let variable = ("BATON_DRAIN__KILL_TIMEOUT".to_owned(), told.to_owned());
    let config = Config::load(Some(&desk.path("baton.toml")), [variable].into_iter());
    config.unwrap_or_else(|mistakes| panic!("{mistakes}"));
}

#[test]
fn nothing_is_written_over_unless_that_is_said() {
    let desk = Desk::new();
    fs::write(desk.path("docker-compose.yml"), "mine").expect("written");
    fs::write(desk.path(".gitignore"), "target").expect("written");
    let refused = desk.init(&[]);
    assert_eq!(refused.status.code(), Some(7));
    let line = said(&refused);
    assert!(line.contains("docker-compose.yml would be written over; --force"), "{line}");
    assert_eq!((desk.text("docker-compose.yml"), desk.files().len()), ("mine".to_owned(), 2));
    // A link whose file is not there yet is somebody's all the same.
    symlink("elsewhere.toml", desk.path("baton.toml")).expect("linked");
    assert!(said(&desk.init(&[])).contains("baton.toml, ./docker-compose.yml would be written"));
    fs::remove_file(desk.path("baton.toml")).expect("removed");
    for _ in 0..2 {
        desk.written(&["--force"]);
        assert!(desk.text("docker-compose.yml").contains("baton-gateway"));
        assert_eq!(desk.text(".gitignore"), "target\n/discord-token\n", "what was there stays");
    }
}

#[test]
fn the_token_is_never_written() {
    let desk = Desk::new();
    desk.written(&[]);
    for name in desk.files() {
        assert!(!desk.text(&name).contains(SECRET), "{name}");
    }
    let wrong = desk.init(&["--force", "--store", "valkey://user:hunter2@valkey:6379"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).contains("a login in it") && !said(&wrong).contains("hunter2"));
}

#[test]
fn what_is_wrong_is_said_in_one_line_and_nothing_is_written() {
    let desk = Desk::new();
    let wrong: [(&[&str], &str); 6] = [
        (&["--shards", "0"], "apps.mybot.shards = 0; expected \"auto\" or a number from 1"),
        (&["--shards", "many"], "apps.mybot.shards = \"many\"; expected \"auto\""),
        (&["--intents", "guild"], "did you mean guilds?"),
        (&["--store", "embedded:///data"], "`baton up` runs a bot in one process"),
        (&["--store", "http://valkey"], "--store: "),
        (&["--fleet", "My Fleet"], "fleet = \"My Fleet\"; expected a name"),
    ];
    for (options, expected) in wrong {
        let output = desk.init(options);
        let line = said(&output);
        assert!(line.contains(expected) && line.lines().count() == 1, "{options:?}: {line}");
        assert_eq!(output.status.code(), Some(2), "{options:?}");
    }
    let named = desk.init(&["--name", "My Bot"]);
    assert_eq!(named.status.code(), Some(2), "{}", said(&named));
    assert!(desk.files().is_empty());
    fs::write(desk.path("file"), "").expect("written");
    let nowhere = desk.init(&["file"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(said(&nowhere).contains("file cannot be written: "), "{}", said(&nowhere));
}

/// Compose, where there is one: of `scripts/engine`, else of the system.
fn compose() -> Option<Command> {
    let engine = env::var_os("BATON_TEST_ENGINE").unwrap_or_default();
    let of_the_engine = Path::new(&engine).join("bin/docker-compose");
    let candidates = [
        (of_the_engine, None),
        (PathBuf::from("docker-compose"), None),
        (PathBuf::from("docker"), Some("compose")),
    ];
    candidates.into_iter().find_map(|(program, word)| {
        let mut compose = Command::new(&program);
        compose.args(word);
        let answers = Command::new(&program).args(word).arg("version").output();
        answers.is_ok_and(|output| output.status.success()).then_some(compose)
    })
}

#[test]
fn compose_takes_its_file() {
    for options in [&["--force"][..], &["--force", "--name", "0.x", "--store", "valkey://valkey"]] {
        let desk = Desk::new();
        desk.written(options);
        fs::write(desk.path("discord-token"), "token").expect("written");
        let Some(mut compose) = compose() else {
            println!("there is no compose here; its file was not tried");
            return;
        };
        let output = compose.args(["config", "-q"]).current_dir(desk.0.path()).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", said(&output));
    }
}
