//! Backups, restores and broken leases, with the real program on a real Valkey.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Command, Output, Stdio},
};

use baton_model::{
    AppName, AppShape, Beat, Generation, Holding, InstanceId, IntentId, Lane, LaneCount, LeaseRow,
    Line, NewIntent, ShardCount, ShardKey, ShardNumber, StoredApp, Wish,
};
use baton_store::{
    Apps, Events, FoundApp, Hold, Intents, Lanes, Leases, Membership, RestoredLane, RestoredRow,
    ShardAddress, StoredApps, Transfer,
    conformance::{append, live, record},
};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use tempfile::TempDir;

/// A store, as a fleet and an operator see it.
struct World {
    server: Server,
    store: Valkey,
}

fn app() -> AppName {
    "bot".parse().expect("it is one")
}

/// Four shards on two lanes.
fn shape() -> AppShape {
    AppShape {
        generation: Generation(0),
        shards: ShardCount(4.try_into().expect("it is one")),
        lanes: LaneCount(2.try_into().expect("it is one")),
    }
}

fn address(number: u32) -> ShardAddress {
    let key = ShardKey { app: app(), generation: Generation(0), number: ShardNumber(number) };
    ShardAddress::new(key, shape().lanes)
}

impl World {
    async fn empty() -> Self {
        let server = Server::start(Program::Valkey, &[]);
        let url = format!("valkey://127.0.0.1:{}", server.port());
        let config =
            ValkeyConfig::new(url.parse().expect("it is one"), "main".parse().expect("it is one"));
        let store = Valkey::open(config).await.expect("it opens");
        Self { server, store }
    }

    /// A fleet whose instances have ended: three shards with sessions, and the last never leased.
    async fn at_rest() -> Self {
        let world = Self::empty().await;
        for hold in world.running().await {
            world.store.release(&hold).await.expect("released");
        }
        world
    }

    /// The same while they run.
    async fn running(&self) -> Vec<Hold> {
        assert_eq!(self.store.agree_app(&app(), &shape()).await, Ok(shape()));
        let mut holds = Vec::new();
        for number in 0..3 {
            let owner = InstanceId::new(1);
            let (hold, session) = live(&self.store, &address(number), owner).await;
            self.store.append(&append(&hold, session, 0, 4)).await.expect("appended");
            holds.push(hold);
        }
        holds
    }

    fn group(&self, lane: u16, name: &str, from: &str) {
        let key = format!("baton:{{bot.{lane}}}:events");
        self.server.command::<()>(&["XGROUP", "CREATE", &key, name, from]).expect("made");
    }

    async fn rows(&self) -> Vec<Option<LeaseRow>> {
        let shards: Vec<_> = (0..4).map(address).collect();
        self.store.rows(&shards).await.expect("read")
    }

    fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.server.command(&["KEYS", "*"]).expect("listed");
        keys.sort();
        keys
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        let store = format!("valkey://127.0.0.1:{}", self.server.port());
        command.env_clear().env("BATON_OPERATOR", "tester").args(["--store", &store]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, words: &[&str]) -> Said {
        Said::of(self.command(words).output().expect("it runs"))
    }

    /// Runs a command that reads this.
    fn run_with(&self, words: &[&str], input: &str) -> Said {
        said_to(&mut self.command(words), input)
    }

    fn backup(&self) -> String {
        let backup = self.run(&["backup", "-"]);
        assert_eq!(backup.code, 0, "{backup:?}");
        backup.data
    }

    /// Nothing was written: not even by looking, except for the library of functions.
    fn assert_empty(&self) {
        assert_eq!(self.keys(), Vec::<String>::new());
    }

    /// An app that operators want, which is returned, and one that they want no more.
    async fn wants_apps(&self) -> (AppName, FoundApp) {
        let options = [("token".to_owned(), "env:BOT_TOKEN".to_owned())].into();
        let [wanted, gone] = ["bot", "gone"].map(|name| name.parse::<AppName>().expect("a name"));
        let app = StoredApp::Wanted { options };
        let revision = self.store.put_app(&wanted, 0, &app).await.expect("put");
        self.store.put_app(&gone, 0, &StoredApp::Removed {}).await.expect("put");
        (wanted, FoundApp { revision, app: Ok(app) })
    }
}

#[derive(Debug)]
struct Said {
    code: i32,
    data: String,
    besides: String,
}

impl Said {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let code = output.status.code().expect("it ends by itself");
        Self { code, data: text(output.stdout), besides: text(output.stderr) }
    }

    fn assert_refused(&self, code: i32, because: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.besides.contains(because), "{self:?}");
        assert_eq!(self.data, "");
    }
}

/// What a command says that reads this.
fn said_to(command: &mut Command, input: &str) -> Said {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("it reads");
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    Said::of(child.wait_with_output().expect("it ends"))
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_at_rest_goes_on_over_another_store() {
    let old = World::at_rest().await;
    old.group(0, "workers", "$");
    let wish = Wish::ReadToken { app: app() };
    let (by, reason) = (Line::shortened("ann"), Line::shortened("why"));
    let intent = NewIntent { id: IntentId(7), wish, by, reason };
    old.store.intend(&intent).await.expect("taken");
    let wish = Wish::Drain { instance: InstanceId::new(1), limit: None };
    let drain = NewIntent { id: IntentId(8), wish, ..intent.clone() };
    old.store.intend(&drain).await.expect("taken");
    let stored = old.wants_apps().await;
    let (folder, rows) = (folder(), old.rows().await);
    let file = folder.path().join("fleet.json");
    let file = file.to_str().expect("text");
    let backup = old.run(&["backup", file]);
    assert_eq!((backup.code, backup.data.as_str()), (0, ""), "{backup:?}");
    let told = "fleet main: 1 app, 3 shards, 3 sessions, 1 consumer group, 2 intents\n";
    assert_eq!(backup.besides, told);
    assert_eq!(fs::metadata(file).expect("it is there").permissions().mode() & 0o777, 0o600);

    let new = World::empty().await;
    let restored = new.run(&["restore", file]);
    assert_eq!((restored.code, restored.data.as_str()), (0, ""), "{restored:?}");
    let drain = drain.subject();
    let left_out = format!("{drain} is not restored: no instance comes back under its id\n");
    assert_eq!(restored.besides, format!("{left_out}restored {told}"));
    assert_eq!(new.rows().await, rows);
    assert_eq!(new.store.apps().await, Ok(vec![(app(), shape())]));
    assert_eq!(new.store.stored_apps().await, Ok(vec![stored]));
    let lane = new.store.lane(&app(), Lane(0)).await.expect("seen");
    assert_eq!((lane.length, lane.groups[0].name.as_str()), (0, "workers"));
    let intents = new.store.poll().await.expect("polled").intents;
    assert_eq!(intents.into_iter().map(NewIntent::from).collect::<Vec<_>>(), [intent]);
    let history = new.run(&["history"]);
    assert!(history.data.contains("restored 3 shards from a backup of 20"), "{history:?}");

    let again = new.run(&["restore", file]);
    again.assert_refused(7, "fleet main has apps at this store already: bot");
    assert_eq!(new.rows().await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_cut_off_is_finished_by_the_same_one_and_by_no_other() {
    let old = World::at_rest().await;
    let (backup, rows) = (old.backup(), old.rows().await);
    let new = World::empty().await;
    let of = |number: u32, row: &LeaseRow| RestoredRow {
        shard: address(number).shard,
        epoch: row.epoch,
        session: row.session.clone(),
    };
    let known: Vec<_> =
        (0..).zip(&rows).filter_map(|(at, row)| Some(of(at, row.as_ref()?))).collect();
    let odd = known.into_iter().filter(|row| row.shard.number.0 % 2 == 1).collect();
    let step = RestoredLane { app: app(), lane: Lane(1), rows: odd, groups: Vec::new() };
    new.store.restore_lane(&step).await.expect("one of the steps");

    let other = World::at_rest().await.backup();
    let before = new.keys();
    new.run_with(&["restore", "-"], &other).assert_refused(7, "bot/0.1 has a row of its own");
    assert_eq!(new.keys(), before, "nothing of the other is written");
    let finished = new.run_with(&["restore", "-"], &backup);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(new.rows().await, rows);
    assert_eq!(new.store.apps().await, Ok(vec![(app(), shape())]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_operators_want_otherwise_is_not_overwritten_nor_anything_written() {
    let old = World::at_rest().await;
    old.wants_apps().await;
    let new = World::empty().await;
    new.store.put_app(&app(), 0, &StoredApp::Removed {}).await.expect("put");
    let before = new.keys();
    let refused = new.run_with(&["restore", "-"], &old.backup());
    refused.assert_refused(7, "app bot stands in the store otherwise");
    assert_eq!(new.keys(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_sound_backup_of_this_fleet_writes_nothing() {
    let backup = World::at_rest().await.backup();
    let new = World::empty().await;
    let newer = backup.replace("\"schema\": 1", "\"schema\": 2");
    let altered = backup.replace("\"last_seq\":4", "\"last_seq\":5");
    assert!(newer != backup && altered != backup);
    for (text, because) in [
        (newer.as_str(), "its schema is 2, and this baton reads up to 1"),
        (&altered, "it is damaged (its checksum is another)"),
        (&backup[..backup.len() / 2], "it is damaged (EOF"),
        ("", "it is damaged"),
        (r#"{"schema":1,"kind":"shard_list","items":[]}"#, "it is not the backup of a fleet"),
    ] {
        new.run_with(&["restore", "-"], text).assert_refused(1, because);
    }
    new.run(&["restore", "/no/such/file"]).assert_refused(1, "/no/such/file: cannot be read");
    let mut foreign = new.command(&["restore", "-"]);
    let said = said_to(foreign.env("BATON_FLEET", "other"), &backup);
    said.assert_refused(7, "the backup is of fleet main, and this is other; say --fleet main");
    new.assert_empty();

    let renamed = new.run_with(&["--fleet", "other", "restore", "-"], &backup);
    assert_eq!(renamed.code, 0, "{renamed:?}");
    assert!(new.keys().contains(&"baton:{other}:apps".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_restored_over_what_is_there() {
    let backup = World::at_rest().await.backup();
    let new = World::empty().await;
    let id = InstanceId::new(9);
    new.store.beat(id, Beat(1), &record()).await.expect("beaten");
    let presence = new.store.hold_presence(id).await.expect("held");
    let refused = new.run_with(&["restore", "-"], &backup);
    refused.assert_refused(7, "runs on this store and would begin new sessions");
    drop(presence);
    let (hold, _) = live(&new.store, &address(3), id).await;
    new.store.release(&hold).await.expect("released");
    let refused = new.run_with(&["restore", "-"], &backup);
    refused.assert_refused(7, "lane 1 of bot has entries there, and nothing is overwritten");
    assert_eq!(new.rows().await[..3], [None, None, None], "not even the lane before it");
    assert_eq!(new.store.apps().await, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_says_what_it_is_not_good_for() {
    let world = World::empty().await;
    world.run(&["backup", "-"]).assert_refused(5, "fleet main has no apps at this store");
    let holds = world.running().await;
    let ended = world.run(&["backup", "-"]);
    assert!(ended.besides.contains("3 shards are held by instances that are not there"));
    let id = holds[0].owner;
    world.store.beat(id, Beat(1), &record()).await.expect("beaten");
    let _presence = world.store.hold_presence(id).await.expect("held");
    world.group(0, "workers", "0");
    let folder = folder();
    let file = folder.path().join("no/fleet.json");
    let file = file.to_str().expect("text");
    world.run(&["backup", file]).assert_refused(1, "fleet.json: cannot be written");
    let backup = world.run(&["backup", "-"]);
    assert_eq!(backup.code, 0, "{backup:?}");
    assert!(backup.besides.contains("3 shards are held: this is a copy for disaster"));
    // Two sessions' markers, and four dispatches of each.
    let left = "group workers leaves in lane 0 of bot: 10 unread, 0 unacknowledged, 0 given up";
    assert!(backup.besides.contains(left), "{backup:?}");
    let quiet = world.run(&["--quiet", "backup", "-"]);
    assert_eq!((quiet.code, quiet.besides.as_str()), (0, ""));

    let new = World::empty().await;
    let restored = new.run_with(&["restore", "-"], &backup.data);
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(restored.besides.contains("3 shards were held when this was taken"), "{restored:?}");
    let free = new.rows().await;
    assert_eq!(
        free[0].as_ref().map(|row| (row.epoch, row.holding)),
        Some((holds[0].epoch, Holding::Free))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_broken_only_by_whoever_says_so_twice() {
    let world = World::empty().await;
    let holds = world.running().await;
    let before = world.rows().await;
    for (words, code, because) in [
        (&["lease", "break", "1"][..], 7, "nothing has been done; say --confirm=1"),
        (&["lease", "break", "1", "--confirm=2"], 7, "say --confirm=1"),
        (&["lease", "break", "1", "--confirm="], 7, "say --confirm=1"),
        (&["lease", "break", "9", "--confirm=9"], 5, "no shard bot/0.9"),
        (&["lease", "break", "3", "--confirm=3"], 6, "nobody holds bot/0.3"),
    ] {
        world.run(words).assert_refused(code, because);
    }
    assert_eq!(world.rows().await, before);
    let asked = world.run(&["lease", "break", "1"]);
    assert!(asked.besides.contains("bot/0.1 is held by"), "who holds it comes first: {asked:?}");

    let broken = world.run(&["lease", "break", "1", "--confirm=bot/0.1", "--reason", "stuck"]);
    assert_eq!(broken.code, 0, "{broken:?}");
    let (row, was) = (world.rows().await[1].clone(), before[1].clone());
    let (row, was) = (row.expect("a row"), was.expect("a row"));
    assert_eq!((row.holding, row.epoch, row.session), (Holding::Free, holds[1].epoch, was.session));
    let again = world.run(&["lease", "break", "1", "--confirm=1"]);
    again.assert_refused(6, "nobody holds bot/0.1");
    let history = world.run(&["shard", "history", "1"]);
    assert!(history.data.contains("bot/0.1 taken away from"), "{history:?}");
    assert!(history.data.contains(": stuck"), "{history:?}");
    assert!(history.data.contains("tester"), "{history:?}");
}
