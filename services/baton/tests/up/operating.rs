//! Operators of what runs: they come in by its folder.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use baton_store_embedded::{Attached, EmbeddedStore, OperatorOptions, OperatorSocket, Options};
use baton_test_servers::{Program, Server};
use serde_json::Value;

use crate::{
    process::Up,
    world::{PATIENCE, World, until},
};

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) data: String,
    pub(crate) besides: String,
}

/// Types a command in this directory, as a shell takes it; nothing of the test's own settings is
/// there but the program.
pub(crate) fn typed(directory: &Path, line: &str) -> Said {
    let program = Path::new(env!("CARGO_BIN_EXE_baton")).parent().expect("a folder");
    let system = env::var("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(directory).stdin(Stdio::null());
    command.env_clear().env("PATH", format!("{}:{system}", program.display()));
    let output = command.env("HOME", directory).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { code: output.status.code(), data: text(output.stdout), besides: text(output.stderr) }
}

impl Said {
    fn items(&self) -> Vec<Value> {
        let document: Value = serde_json::from_str(&self.data).expect("JSON");
        document["items"].as_array().expect("a listing").clone()
    }

    /// It failed, and says why in one line.
    fn assert_refused(&self, code: i32, because: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let is_line = self.besides.lines().count() == 1;
        assert!(is_line && self.besides.contains(because), "{self:?}");
    }
}

/// Who holds how many shards, by the names of instances.
fn held(data: &Path) -> Vec<(String, u64)> {
    let listed = typed(data, "baton --data . -o json instance ls");
    let line = |item: &Value| {
        let name = item["name"].as_str().expect("a name").to_owned();
        (name, item["shards"].as_u64().expect("a number"))
    };
    let mut held: Vec<_> = listed.items().iter().map(line).collect();
    held.sort();
    held
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_instances_is_drained_without_an_identify_and_gets_its_shards_back() {
    let world = World::new().await;
    let up = world.start(&["--instances", "2"]);
    world.until_events_come(&up).await;
    let data = world.data();
    until("the fleet is well", || typed(&data, "baton --data . status").code == Some(0)).await;
    // An instance has a name when it has reported, which may be after that.
    let names = || held(&data).into_iter().map(|(name, _)| name);
    until("both have reported", || names().eq(["up-1", "up-2"])).await;
    let shards: u64 = held(&data).iter().map(|(_, shards)| shards).sum();
    assert_eq!(shards, 3, "{:?}", held(&data));

    let drained = typed(&data, "baton --data . drain up-1");
    assert_eq!(drained.code, Some(0), "{drained:?}");
    assert!(drained.data.contains("0 identified"), "{drained:?}");
    assert_eq!(held(&data), [("up-1".to_owned(), 0), ("up-2".to_owned(), 3)]);
    typed(&data, "baton --data . drain up-2").assert_refused_at_last("no instance to take");
    let history = typed(&data, "baton --data . history");
    assert!(history.data.contains("handed over to up-2"), "{history:?}");

    assert_eq!(typed(&data, "baton --data . undrain up-1").code, Some(0));
    let up_again = typed(&data, "baton --data . wait --for up=up-1 --timeout 2m");
    assert_eq!(up_again.code, Some(0), "{up_again:?}");
    let moved = typed(&data, "baton --data . shard move 0 --to up-1 --timeout 2m");
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert_eq!(held(&data), [("up-1".to_owned(), 1), ("up-2".to_owned(), 2)]);
    let restarted = typed(&data, "baton --data . shard restart 1 --yes");
    assert_eq!(restarted.code, Some(0), "{restarted:?}");
    for line in ["stream lag", "stream groups", "app ls", "identify budget", "check live"] {
        let said = typed(&data, &format!("baton --data . {line}"));
        assert_eq!(said.code, Some(0), "{line}: {said:?}");
    }
    let doctor = typed(&data, "baton --data . doctor");
    assert!(doctor.data.contains("it is embedded in the process on"), "{doctor:?}");
    // That each IDENTIFY is one of the first three is judged with the rest.
    world.judge(up).await;
}

impl Said {
    /// As refused, behind what a command says of its plan.
    fn assert_refused_at_last(&self, because: &str) {
        assert_eq!(self.code, Some(7), "{self:?}");
        let last = self.besides.lines().last().unwrap_or_default();
        assert!(last.starts_with("baton: ") && last.contains(because), "{self:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_says_to_try_next_works_in_the_same_directory() {
    let folder = tempfile::tempdir().expect("a folder");
    for data in [None, Some("my bot")] {
        let mut up = Up::start_in(folder.path(), data);
        until("its consumer has read something", || up.said().contains("its first event")).await;
        let announced = up.announced();
        let lines = announced.lines().map(str::trim).filter(|line| line.starts_with("baton "));
        let lines: Vec<_> = lines.map(str::to_owned).collect();
        assert_eq!(lines.len(), 3, "{announced}");
        for line in &lines {
            let begun = Instant::now();
            let mut said = typed(folder.path(), line);
            // It is well when all four shards are live, and an instance has a name when it has
            // reported: a moment after the first event.
            while matches!(said.code, Some(3 | 5)) && begun.elapsed() < PATIENCE {
                tokio::time::sleep(Duration::from_millis(100)).await;
                said = typed(folder.path(), line);
            }
            assert_eq!(said.code, Some(0), "{line}: {said:?}");
            let is_told = said.besides.contains("at embedded://./baton-data/demo");
            assert_eq!(is_told, data.is_none(), "a guess is told of: {said:?}");
        }
        up.signal("TERM");
        assert_eq!(up.ended().await, Some(0), "{}", up.said());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_runs_is_said_also_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    typed(here, "baton status").assert_refused(2, "no store is named, and no `baton up` runs on");
    let nobody = "no process runs on";
    typed(here, "baton --data . status").assert_refused(1, nobody);
    typed(here, "baton --store embedded:///nowhere drain a").assert_refused(1, nobody);
    let world = World::new().await;
    let mut up = world.start(&[]);
    world.until_events_come(&up).await;
    up.signal("KILL");
    assert_eq!(up.ended().await, None);
    let data = world.data();
    assert!(data.join("bot/operators.sock").exists(), "a kill leaves it");
    typed(&data, "baton --data . status").assert_refused(1, nobody);
    let up = world.start(&[]);
    world.until_events_come(&up).await;
    let of_bot = format!("baton --store embedded://{}/bot instance ls", data.display());
    assert_eq!(typed(here, &of_bot).code, Some(0));
    world.judge(up).await;
    assert!(!data.join("bot/operators.sock").exists(), "an end leaves nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_on_a_store_of_its_own_is_reached_and_ended_the_same_way() {
    let world = World::new().await;
    let mut gateway = Up::start_gateway(&world.gateway_config());
    let data = world.data();
    let all_live = "baton --data . wait --for all-live --timeout 2m";
    until("operators can come in", || data.join("bot/operators.sock").exists()).await;
    until("it has an app", || typed(&data, "baton --data . status").code != Some(1)).await;
    let live = typed(&data, all_live);
    assert_eq!(live.code, Some(0), "{live:?}");
    let alone = Attached::find(&data.join("bot")).await.expect("it runs");
    alone.end().await.expect("it has heard");
    assert_eq!(gateway.ended().await, Some(0), "{}", gateway.said());
    assert!(!data.join("bot/operators.sock").exists(), "an end leaves nothing");
    // What resumes its sessions is the judge of what it wrote.
    world.judge(world.start(&[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn which_of_several_is_meant_has_to_be_said_and_a_fleet_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sockets = Vec::new();
    for bot in ["a", "b"] {
        let of_bot = folder.path().join(bot);
        fs::create_dir(&of_bot).expect("made");
        let store = EmbeddedStore::in_memory(Options::default());
        let fleet = "main".parse().expect("a name");
        let options = OperatorOptions { fleet, ending: Arc::default() };
        sockets.push(OperatorSocket::listen(&store, &of_bot, options).expect("it listens"));
    }
    let several = typed(folder.path(), "baton --data . intent ls");
    several.assert_refused(2, "say --store embedded://./a or embedded://./b");
    assert_eq!(typed(folder.path(), "baton --data a intent ls").code, Some(0));
    assert_eq!(typed(folder.path(), "baton --data a --fleet main intent ls").code, Some(0));
    let other = typed(folder.path(), "baton --data a --fleet other intent ls");
    other.assert_refused(2, "fleet main runs on a, and not other");
}

/// Moves what is in a folder to this Valkey.
fn moves(data: &Path, valkey: &Server, words: &str) -> Said {
    let store = format!("valkey://127.0.0.1:{}", valkey.port());
    typed(data, &format!("baton --store {store} migrate-store . {words}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valkey_that_takes_nothing_is_where_the_fleet_goes_on_once_it_does() {
    let (world, valkey) = (World::new().await, Server::start(Program::Valkey, &[]));
    let mut up = world.start(&[]);
    world.until_events_come(&up).await;
    up.signal("TERM");
    assert_eq!(up.ended().await, Some(0), "{}", up.said());
    let data = world.data();
    // A demo that was tried before lies beside it, and is not what is meant.
    let demo = data.join("demo");
    drop(EmbeddedStore::open(&demo, Options::default()).expect("it opens"));
    fs::write(demo.join("token"), "demo").expect("written");
    let plan = moves(&data, &valkey, "--dry-run");
    assert_eq!(plan.code, Some(0), "{plan:?}");
    let limit = |bytes: &str| {
        valkey.command::<()>(&["CONFIG", "SET", "maxmemory", bytes]).expect("it is set");
    };
    limit("1");
    let cut_off = moves(&data, &valkey, "--yes");
    assert_eq!(cut_off.code, Some(1), "{cut_off:?}");
    // Part of it may be there, so nobody may run here any more.
    let mut up = world.start(&[]);
    assert_eq!(up.ended().await, Some(1), "{}", up.said());
    assert!(up.said().contains("has moved to valkey://127.0.0.1:"), "{}", up.said());
    limit("0");
    let finished = moves(&data, &valkey, "--yes");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.besides.contains("moved fleet main: 1 app, 3 shards"), "{finished:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_is_not_moved_whether_it_runs_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let valkey = Server::start(Program::Valkey, &[]);
    let mut up = Up::start(folder.path(), &[]);
    until("its consumer has read something", || up.said().contains("its first event")).await;
    let no_demo = "demo is a demo's: its bot is known to no Discord but the simulated one";
    moves(folder.path(), &valkey, "--yes").assert_refused(7, no_demo);
    up.signal("INT");
    assert_eq!(up.ended().await, Some(0), "it went on until then: {}", up.said());
    moves(folder.path(), &valkey, "--yes").assert_refused(7, no_demo);
    assert!(!folder.path().join("demo/moved-to").exists());
}
