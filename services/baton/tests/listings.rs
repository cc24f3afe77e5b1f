//! Every listing in every form, as the program shows it over a real Valkey and over the socket of a
//! process with an embedded store, compared with a page in `tests/listings`. The JSON in them is a
//! contract: within one schema, a page only ever gains fields. What differs from run to run (times,
//! numbers made of them) stands there as its kind.
//!
//! `BLESS=1` writes the pages anew; read the difference before it is committed.

use std::{
    any::Any,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use baton_model::{
    AppName, AppShape, Beat, ConflictId, Epoch, Generation, InstanceId, InstanceRecord,
    InstanceReport, LaneCount, OfferId, ShardCount, ShardKey, ShardNumber, UnixMicros,
};
use baton_store::{
    Conflict, ConflictKind, Connecting, Doer, Happening, LettingGo, PresenceGuard,
    SessionStartLimit, ShardAddress, Store, Taking, What,
    conformance::{append, live},
};
use baton_store_embedded::{
    EmbeddedStore, OperatorOptions, OperatorSocket, Options, Resp, RespOptions,
};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use regex::Regex;

const A: InstanceId = InstanceId::new(0xaaaa_0000_0000_0000_0000_0000_0000_0001);
const B: InstanceId = InstanceId::new(0xbbbb_0000_0000_0000_0000_0000_0000_0002);

/// What a consumer tells of a handler whose last run failed.
const FAILING: &str = r#""handled":4,"failed":3,"failed_in_a_row":2,"error":"no such guild""#;

/// A moment of the journal: 2026-11-20T13:07:33Z.
const AT: UnixMicros = UnixMicros(1_795_180_053_000_000);

/// What is compared: the page, and the words that are typed.
const LISTINGS: [(&str, &[&str]); 18] = [
    ("app-ls", &["app", "ls"]),
    ("check-handlers", &["check", "handlers"]),
    ("conflict-ls", &["conflict", "ls"]),
    ("dead-ls", &["dead", "ls", "--group", "workers"]),
    ("exit-codes", &["exit-codes"]),
    ("handler-ls", &["handler", "ls"]),
    ("history", &["history"]),
    ("identify-budget", &["identify", "budget"]),
    ("instance-ls", &["instance", "ls"]),
    ("instance-show", &["instance", "show", "gw-a"]),
    ("intent-ls", &["intent", "ls"]),
    ("shard-history", &["shard", "history", "0"]),
    ("shard-ls", &["shard", "ls"]),
    ("shard-show", &["shard", "show", "1"]),
    ("status", &["status"]),
    ("stream-groups", &["stream", "groups"]),
    ("stream-lag", &["stream", "lag"]),
    ("stream-tail", &["stream", "tail", "--from", "0-0", "--count", "2"]),
];

/// Two instances and an app of four shards on two lanes: one is live, one is on its way, one was
/// let go, one was never held.
struct World<S> {
    store: S,
    /// As operators name the store.
    url: String,
    /// Where Redis clients come in.
    redis: String,
    /// What has to be there meanwhile.
    _runs: Box<dyn Any>,
    app: AppName,
    lanes: LaneCount,
    presences: Vec<Box<dyn PresenceGuard>>,
}

impl World<Valkey> {
    async fn on_valkey() -> Self {
        let server = Server::start(Program::Valkey, &[]);
        let url = format!("valkey://127.0.0.1:{}", server.port());
        let config =
            ValkeyConfig::new(url.parse().expect("it is one"), "main".parse().expect("it is one"));
        let store = Valkey::open(config).await.expect("it opens");
        let redis = format!("redis://127.0.0.1:{}", server.port());
        Self::new(store, (url, redis), Box::new(server)).await
    }
}

impl World<EmbeddedStore> {
    async fn over_a_socket() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = EmbeddedStore::in_memory(Options::default());
        let fleet = "main".parse().expect("it is one");
        let options = OperatorOptions { fleet, ending: Arc::default() };
        let socket = OperatorSocket::listen(&store, folder.path(), options).expect("it listens");
        let address = "127.0.0.1:0".parse().expect("it is one");
        let resp = Resp::listen(&store, RespOptions { address, password: None }).await;
        let resp = resp.expect("it listens");
        let url = format!("embedded://{}", folder.path().display());
        let redis = format!("redis://{}", resp.address());
        Self::new(store, (url, redis), Box::new((folder, socket, resp))).await
    }
}

impl<S: Store> World<S> {
    async fn new(store: S, (url, redis): (String, String), runs: Box<dyn Any>) -> Self {
        let app: AppName = "bot".parse().expect("it is one");
        let lanes = LaneCount(2.try_into().expect("it is one"));
        let presences = Vec::new();
        let mut world = Self { store, url, redis, _runs: runs, app, lanes, presences };
        world.of_members().await;
        world.of_shards().await;
        world.of_consumers().await;
        world.of_people().await;
        world
    }

    fn shard(&self, number: u32) -> ShardAddress {
        let number = ShardNumber(number);
        let key = ShardKey { app: self.app.clone(), generation: Generation(0), number };
        ShardAddress::new(key, self.lanes)
    }

    async fn of_members(&mut self) {
        for (id, name, live) in [(A, "gw-a", r#"{"live":"0-1"}"#), (B, "gw-b", "{}")] {
            let now = self.store.poll().await.expect("polled").now;
            self.store.beat(id, Beat(1), &record(now.0)).await.expect("beaten");
            self.store.report(id, &report(name, live)).await.expect("reported");
            self.presences.push(Box::new(self.store.hold_presence(id).await.expect("held")));
        }
    }

    async fn of_shards(&self) {
        let shards = ShardCount(4.try_into().expect("it is one"));
        let shape = AppShape { generation: Generation(0), shards, lanes: self.lanes };
        assert_eq!(self.store.agree_app(&self.app, &shape).await, Ok(shape));
        let (hold, session) = live(&self.store, &self.shard(0), A).await;
        self.store.append(&append(&hold, session, 0, 4)).await.expect("appended");
        let (on_its_way, _) = live(&self.store, &self.shard(1), A).await;
        self.store.offer(&on_its_way, B, OfferId(1)).await.expect("offered");
        let (let_go, _) = live(&self.store, &self.shard(2), B).await;
        self.store.release(&let_go).await.expect("released");
        let reset_after = std::time::Duration::from_secs(3_600);
        let limit = SessionStartLimit { total: 1_000, remaining: 990, reset_after };
        self.store.learn_limit(&self.app, limit).await.expect("learned");
    }

    async fn of_consumers(&self) {
        let events = "baton:{bot.0}:events";
        let typed: [&[&str]; 3] = [
            &["XGROUP", "CREATE", events, "workers", "0"],
            &["XREADGROUP", "GROUP", "workers", "w-1", "COUNT", "2", "STREAMS", events, ">"],
            &["XADD", "baton:{bot.0}:dead:workers", "*", "error", "no such guild"],
        ];
        for words in typed {
            self.type_in(words);
        }
        let now = self.store.poll().await.expect("polled").now.0;
        for (consumer, at, rest) in [
            ("w-1", now, FAILING),
            ("w-2", now, r#""handled":9,"failed":1,"running":2,"busy_ms":50"#),
            ("w-3", now - 60_000, FAILING),
        ] {
            let report = format!(
                r#"{{"v":1,"at":{at},"group":"workers","consumer":"{consumer}","handlers":
                [{{"name":"greeter",{rest}}},{{"name":"rare","handled":0,"failed":0}}]}}"#
            );
            let set = ["HSET", "baton:{bot}:handlers", consumer, &report];
            self.type_in(&set);
        }
        let newer = ["HSET", "baton:{bot}:handlers", "w-9", r#"{"v":2}"#];
        self.type_in(&newer);
    }

    /// As a consumer does, in any language.
    fn type_in(&self, words: &[&str]) {
        let client = redis::Client::open(self.redis.as_str()).expect("an address");
        let mut connection = client.get_connection().expect("it listens");
        let mut command = redis::Cmd::new();
        command.arg(words);
        command.query::<redis::Value>(&mut connection).expect("done");
    }

    /// What instances and operators have told.
    async fn of_people(&self) {
        let shard = self.shard(0).shard;
        let (epoch, ms) = (Epoch(7), 1_900);
        for (by, what) in [
            (A, What::Took { shard: shard.clone(), epoch, from: None, how: Taking::Claimed }),
            (A, live_again(&shard, epoch)),
            (A, What::LetGo { shard, epoch, to: Some(B), how: LettingGo::HandedOver }),
            (A, What::DrainEnded { instance: A, handed_over: 2, released: 0, ms }),
        ] {
            let happening = Happening { at: AT, by: Doer::Instance(by), what };
            self.store.note(&happening).await.expect("noted");
        }
        let conflict = Conflict {
            id: ConflictId(9),
            kind: ConflictKind::Fenced,
            instances: [A, B].into(),
            shard: Some(self.shard(0).shard),
            epochs: [Epoch(7), Epoch(8)].into(),
            resolution: "let go".to_owned(),
            at: AT,
        };
        self.store.record_conflict(&conflict).await.expect("recorded");
        let (said, code) = self.run(&["shard", "move", "0", "--to", "gw-b", "--pin", "--detach"]);
        assert_eq!(code, Some(0), "{said}");
    }

    /// What it writes as data, and its code.
    fn run(&self, words: &[&str]) -> (String, Option<i32>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        command.env_clear().env("BATON_OPERATOR", "tester");
        command.args(["--store", &self.url]).args(words);
        let output = command.stdin(Stdio::null()).output().expect("it runs");
        let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        (String::from_utf8(said).expect("text"), output.status.code())
    }

    /// A listing in all its forms.
    fn page(&self, words: &[&str]) -> String {
        let forms: [&[&str]; 4] = [&[], &["-o", "wide"], &["-o", "json"], &["-o", "jsonl"]];
        let shown = forms.map(|form| {
            let typed = [words, form].concat();
            let (text, code) = self.run(&typed);
            let code = code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
            format!("$ baton {}\n{}ends with {code}\n", typed.join(" "), without_times(&text))
        });
        shown.join("\n")
    }
}

fn record(joined_at: u64) -> InstanceRecord {
    let text = format!(
        r#"{{"phase":"up","tier":0,"zone":"a","weight":100,"capacity":4000,"version":"0.1.0",
        "joined_at":{joined_at},"stalled":[]}}"#
    );
    serde_json::from_str(&text).expect("a record")
}

fn report(name: &str, states: &str) -> InstanceReport {
    let text = format!(
        r#"{{"at":1795180053000000,"name":"{name}","pid":7,"health":"degraded",
        "reasons":["the ring is nearly full"],"resident_bytes":20971520,"ring_bytes":4096,
        "ring_bytes_max":1048576,"dispatches":5,"apps":{{"bot":{{"condition":"running",
        "lag_ms_worst":1,"identify_waiting":1,"shards":{{"0":{states}}}}}}}}}"#
    );
    serde_json::from_str(&text).expect("a report")
}

fn live_again(shard: &ShardKey, epoch: Epoch) -> What {
    let (shard, how) = (shard.clone(), Connecting::Resumed);
    What::Live { shard, epoch, how, gap_ms: Some(80), replayed: 3, skipped: 1 }
}

/// The same wherever and whenever it is written.
fn without_times(text: &str) -> String {
    let masks = [
        (r"\b\d{4}-\d\d-\d\dT[\d:]{8}Z", "<moment>"),
        (r"\b1[6-9]\d{11}-\d+", "<id>"),
        (r"\b1[6-9]\d{11}(\d{3})?\b", "<moment>"),
        (r#"("(?:\w+_ms(?:_at_\w+)?|bytes)": ?)\d+"#, "$1<amount>"),
        (r"\b\d+(\.\d)? (s|min|B)\b( \d+ s)?", "<amount>"),
        (r"\b[0-9a-f]{16}\b", "<id>"),
        (r"tester@[\w.-]+", "tester@<host>"),
        (r"127\.0\.0\.1:\d+", "<address>"),
        (r#"embedded://[^\s",]+"#, "valkey://<address>"),
        // Columns are as wide as what stood there.
        (r"(\S) {2,}", "$1  "),
        (r" +\n", "\n"),
    ];
    masks.iter().fold(text.to_owned(), |text, (pattern, to)| {
        let pattern = Regex::new(pattern).expect("a pattern");
        pattern.replace_all(&text, *to).into_owned()
    })
}

#[tokio::test]
async fn every_listing_is_shown_as_its_page_says() {
    let world = World::on_valkey().await;
    if env::var_os("BLESS").is_some() {
        for (name, words) in LISTINGS {
            fs::write(path(name), world.page(words)).expect("written");
        }
    }
    assert_shown(&world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_listing_is_the_same_over_the_socket_of_a_process() {
    assert_shown(&World::over_a_socket().await);
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/listings").join(name).with_extension("txt")
}

fn assert_shown<S: Store>(world: &World<S>) {
    let mut other = Vec::new();
    for (name, words) in LISTINGS {
        let page = world.page(words);
        let written = fs::read_to_string(path(name)).unwrap_or_default();
        if written != page {
            other.push(format!("{name} is shown as\n{page}\nand not as\n{written}"));
        }
    }
    assert!(other.is_empty(), "{}", other.join("\n"));
}
