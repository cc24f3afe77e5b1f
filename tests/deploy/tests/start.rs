//! `valkey/start`, with a real Valkey: whom it lets in, what it refuses, and that passwords are not
//! to be seen. In containers `scripts/deploy-test` tries it.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use redis::Value;
use tempfile::TempDir;

/// Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

const USERS: [&str; 5] = ["gateway", "consumer", "admin", "replica", "sentinel"];

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Where a Valkey is started, with passwords for all users.
struct Place {
    folder: TempDir,
    port: u16,
}

impl Place {
    fn new() -> Self {
        Self::of("BATON_TEST_VALKEY")
    }

    /// With the server that a variable names.
    fn of(server: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for inside in ["run", "secrets", "data", "bin"] {
            fs::create_dir(folder.path().join(inside)).expect("made");
        }
        let program = std::env::var(server).unwrap_or_else(|_| {
            panic!("{server} is not set; run scripts/test, or eval \"$(scripts/servers)\" first")
        });
        symlink(program, folder.path().join("bin/valkey-server")).expect("linked");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let place = Self { folder, port };
        for user in USERS {
            place.set_password(user, &place.password(user));
        }
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Which nobody else has.
    fn password(&self, user: &str) -> String {
        format!("password-of-{user}-{}", self.port)
    }

    fn set_password(&self, user: &str, password: &str) {
        fs::write(self.at(&format!("secrets/valkey-{user}")), password).expect("written");
    }

    fn command(&self) -> Command {
        let mut command = Command::new(repository("valkey/start"));
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", format!("{}:{path}", self.at("bin").display()))
            .env("RUN", self.at("run"))
            .env("SECRETS", self.at("secrets"))
            .env("DATA", self.at("data"))
            .args(["--port", &self.port.to_string()])
            .stdout(fs::File::create(self.at("log")).expect("a log"));
        command
    }

    /// What it says when it does not start.
    fn refusal(&self, change: impl Fn(&mut Command)) -> String {
        let mut command = self.command();
        change(&mut command);
        let file = self.at("said");
        command.stderr(fs::File::create(&file).expect("a file"));
        let mut started = Started(command.spawn().expect("it runs"));
        let end = Instant::now() + PATIENCE;
        let status = loop {
            match started.0.try_wait().expect("it is ours") {
                Some(status) => break status,
                // One that is not refused would run for good.
                None => assert!(Instant::now() < end, "not refused: {}", self.log()),
            }
            sleep(Duration::from_millis(20));
        };
        let said = fs::read_to_string(&file).expect("what it said");
        assert_eq!(status.code(), Some(2), "{said}");
        said.trim().to_owned()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.at("log")).unwrap_or_default()
    }
}

/// A Valkey that ends with the test.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn ask(place: &Place, login: &str, words: &[&str]) -> redis::RedisResult<Value> {
    let url = format!("redis://{login}127.0.0.1:{}", place.port);
    let mut connection = redis::Client::open(url)?.get_connection()?;
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    command.query(&mut connection)
}

#[test]
fn each_user_comes_in_with_its_password_and_nobody_else_does() {
    let place = Place::new();
    let started = Started(place.command().spawn().expect("it starts"));
    wait_until_it_answers(&place);
    for user in ["gateway", "consumer", "admin", "replica", "sentinel"] {
        let login = format!("{user}:{}@", place.password(user));
        ask(&place, &login, &["PING"]).unwrap_or_else(|error| panic!("{user}: {error}"));
        let wrong = format!("{user}:{}@", place.password("nobody"));
        ask(&place, &wrong, &["PING"]).expect_err(user);
    }
    ask(&place, "", &["PING"]).expect_err("without a login");
    keeps_passwords_to_itself(&place, started.0.id());
}

/// Neither its command line, nor its log, nor any file that it made has a password in it.
fn keeps_passwords_to_itself(place: &Place, pid: u32) {
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).expect("it runs");
    let environment = fs::read(format!("/proc/{pid}/environ")).expect("it runs");
    let mut looked_at = vec![("command line", command_line), ("environment", environment)];
    looked_at.push(("log", fs::read(place.at("log")).expect("a log")));
    for folder in ["run", "data"] {
        files_below(&place.at(folder), &mut looked_at);
    }
    assert!(looked_at.len() > 5, "{} places", looked_at.len());
    for (what, text) in &looked_at {
        let text = String::from_utf8_lossy(text);
        let found = USERS.iter().find(|user| text.contains(&place.password(user)));
        assert_eq!(found, None, "in {what}");
    }
    let users = fs::metadata(place.at("run/users.acl")).expect("users");
    assert_eq!(users.permissions().mode() & 0o077, 0, "others may read it");
}

fn files_below(folder: &Path, found: &mut Vec<(&'static str, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files_below(&path, found),
            false => found.push(("a file", fs::read(&path).expect("readable"))),
        }
    }
}

/// What scripts and functions write stands in the file as a transaction, which Redis 7 and Valkey
/// 8.0 read with the rights of the user `default`.
#[test]
fn what_a_script_wrote_is_there_after_the_server_was_killed() {
    for server in ["BATON_TEST_VALKEY", "BATON_TEST_REDIS"] {
        let place = Place::of(server);
        let started = Started(place.command().spawn().expect("it starts"));
        assert_eq!(written(&place), 2, "{server}");
        drop(started);
        let started = Started(place.command().spawn().expect("it starts again"));
        assert_eq!(written(&place), 4, "{server}");
        drop(started);
    }
}

/// How many entries there are when a script has written two more.
fn written(place: &Place) -> usize {
    let consumer = format!("consumer:{}@", place.password("consumer"));
    let key = "baton:{bot.0}:dead:group";
    let script = "redis.call('xadd', KEYS[1], '*', 'a', '1') \
        return redis.call('xadd', KEYS[1], '*', 'a', '2')";
    wait_until_it_answers(place);
    ask(place, &consumer, &["EVAL", script, "1", key]).expect("its own");
    let entries = ask(place, &consumer, &["XREAD", "STREAMS", key, "0"]).expect("its own");
    format!("{entries:?}").matches("'\"a\"'").count()
}

fn wait_until_it_answers(place: &Place) {
    let end = Instant::now() + PATIENCE;
    while ask(place, "health:any@", &["PING"]).is_err() {
        assert!(Instant::now() < end, "{}", place.log());
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_missing_password_is_named() {
    let place = Place::new();
    fs::remove_file(place.at("secrets/valkey-consumer")).expect("removed");
    let said = place.refusal(|_| ());
    assert!(said.contains("secrets/valkey-consumer is not there"), "{said}");
}

#[test]
fn a_short_password_is_refused_and_not_shown() {
    let place = Place::new();
    place.set_password("admin", "swordfish");
    let said = place.refusal(|_| ());
    assert!(said.contains("valkey-admin has a password of 9 characters; expected 16"), "{said}");
    assert!(!said.contains("swordfish"), "{said}");
}

#[test]
fn a_fleet_of_no_gateway_is_refused() {
    let place = Place::new();
    for count in ["0", "-1", "two"] {
        let said = place.refusal(|command| {
            command.env("GATEWAYS", count);
        });
        assert!(said.contains(&format!("GATEWAYS = {count}; expected 1 or more")), "{said}");
    }
}

#[test]
fn what_sentinels_need_to_know_is_asked_for() {
    let place = Place::new();
    let said = place.refusal(|command| {
        command.env("SENTINELS", "127.0.0.1");
    });
    assert!(said.contains("ADDRESS"), "{said}");
}

#[test]
fn a_cluster_that_cannot_be_is_refused() {
    let place = Place::new();
    let said = |cluster: &str| {
        place.refusal(|command| {
            command.env("CLUSTER", cluster).env("ADDRESS", "127.0.0.1");
        })
    };
    let few = said("127.0.0.1 127.0.0.2 127.0.0.3");
    assert!(few.contains("CLUSTER names 3 addresses; expected an even number, 6 or more"), "{few}");
    let others = said("127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.6 127.0.0.7");
    assert!(others.contains("does not name this node, ADDRESS = 127.0.0.1"), "{others}");
}
