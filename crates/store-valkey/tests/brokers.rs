//! Copies of events go with their entries, once; commands of others are routed once; and what
//! others leave behind is cleaned up.

mod support;

use std::time::{Duration, Instant};

use baton_model::{Lane, SessionNumber, ShardNumber, StreamId};
use baton_store::{
    Append, AppendError, Appended, Brokers, Command, Commands, Copied, CopiedAppend, Copies,
    Events, Faults, Faulty, Hold, InLane, Leases, ROUTER, Route, RouteError, Tend, Tended, Trim,
    Unhappy,
    conformance::{Audit, Scope, append, live, stream},
};
use baton_store_valkey::Valkey;
use baton_test_servers::{Cluster, Program, Server};
use redis::streams::StreamRangeReply;
use support::{open, open_at, seed};

const STREAM: &str = "MESSAGE_CREATE";

const HOUR: Duration = Duration::from_secs(60 * 60);

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is kept where a test is not about that.
const KEEP: Trim =
    Trim { min_age: HOUR, entries_max: 1_000_000, bytes_max: 1 << 40, live_within: HOUR };

/// The data of the copy of the dispatch with this seq.
fn data(seq: u64) -> String {
    format!("copy of {seq}")
}

/// An append of the dispatches behind `prev`, up to `last`, each with a copy.
fn copied(hold: &Hold, session: SessionNumber, prev: u64, last: u64) -> CopiedAppend {
    let copy = |seq| Some(Copied { stream: STREAM.to_owned(), data: data(seq).into() });
    let lane = InLane::Also { entries_max: 1_000_000 };
    let copies = Copies { each: (prev + 1..=last).map(copy).collect(), lane };
    CopiedAppend { append: append(hold, session, prev, last), copies }
}

async fn write<S: Brokers>(store: &S, append: CopiedAppend) -> Result<Appended, AppendError> {
    store.append_copied(&[append]).await.pop().expect("an answer to each")
}

/// What the entries of a stream hold, in their order.
fn held(server: &Server, stream: &str) -> Vec<String> {
    let found: StreamRangeReply = server.command(&["XRANGE", stream, "-", "+"]).expect("read");
    let data = |entry: &redis::streams::StreamId| entry.get("data").expect("one field, data");
    found.ids.iter().map(data).collect()
}

fn all(last: u64) -> Vec<String> {
    (1..=last).map(data).collect()
}

#[tokio::test]
async fn copies_go_with_their_entries_and_once_however_often_an_append_is_repeated() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let store = open_at(&server).await;
        let scope = Scope::new(seed());
        let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
        for (prev, last, seq) in [(0, 4, 4), (0, 4, 4), (2, 6, 6), (6, 9, 9), (0, 9, 9)] {
            let appended = write(&store, copied(&hold, session, prev, last)).await;
            assert_eq!(appended.map(|it| (it.seq.0, it.refused)), Ok((seq, None)));
        }
        let audit = Audit::of(&stream(&store, &scope).await, [ShardNumber(0)], 9);
        assert_eq!(audit, Audit::default());
        assert_eq!(held(&server, STREAM), all(9));
        assert_eq!(store.copied_streams(scope.app()).await, Ok(vec![STREAM.to_owned()]));
    }
}

#[tokio::test]
async fn appends_with_copies_over_a_faulty_connection_are_exact() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    let faults = Faults {
        lost_request_percent: 20,
        lost_reply_percent: 20,
        unavailable_percent: 10,
        delay_max: Duration::ZERO,
    };
    let faulty = Faulty::new(store.clone(), faults, 7);
    let mut done = 0;
    while done < 300 {
        match write(&faulty, copied(&hold, session, done, (done + 7).min(300))).await {
            Ok(appended) => done = appended.seq.0,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    }
    let audit = Audit::of(&stream(&store, &scope).await, [ShardNumber(0)], 300);
    assert_eq!(audit, Audit::default());
    assert_eq!(held(&server, STREAM), all(300));
}

#[tokio::test]
async fn who_does_not_hold_the_shard_writes_no_copy() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    write(&store, copied(&hold, session, 0, 2)).await.expect("appended");
    store.release(&hold).await.expect("given back");
    assert_eq!(write(&store, copied(&hold, session, 2, 4)).await, Err(AppendError::Fenced));
    assert_eq!(held(&server, STREAM), all(2));
}

#[tokio::test]
async fn an_entry_without_a_copy_stands_in_the_lane_alone() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    let mut append = copied(&hold, session, 0, 3);
    append.copies.each[1] = None;
    let elsewhere = Copied { stream: "READY".to_owned(), data: data(3).into() };
    append.copies.each[2] = Some(elsewhere);
    write(&store, append).await.expect("appended");
    assert_eq!((held(&server, STREAM), held(&server, "READY")), (all(1), vec![data(3)]));
    assert_eq!(server.command::<i64>(&["EXISTS", ""]), Ok(0), "nothing has no name");
    assert_eq!(stream(&store, &scope).await.len(), 1 + 3, "a marker, and all three");
}

#[tokio::test]
async fn a_copy_that_cannot_be_written_holds_nothing_up_and_is_told() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    server.command::<()>(&["SET", STREAM, "somebody's"]).expect("set");
    let mut append = copied(&hold, session, 0, 3);
    append.copies.each[1] = Some(Copied { stream: "READY".to_owned(), data: data(2).into() });
    let appended = write(&store, append).await.expect("appended");
    let (count, why) = appended.refused.expect("it is told");
    assert_eq!((appended.seq.0, count), (3, 2));
    assert!(why.starts_with("WRONGTYPE"), "{why}");
    assert_eq!(held(&server, "READY"), [data(2)]);
    let audit = Audit::of(&stream(&store, &scope).await, [ShardNumber(0)], 3);
    assert_eq!(audit, Audit::default());
    assert_eq!(store.copied_streams(scope.app()).await, Ok(vec!["READY".to_owned()]));
}

#[tokio::test]
async fn a_stream_of_copies_never_grows_far_above_its_limit() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    for page in 0..20 {
        let mut append = copied(&hold, session, page * 50, (page + 1) * 50);
        append.copies.lane = InLane::Also { entries_max: 200 };
        write(&store, append).await.expect("appended");
    }
    let kept = held(&server, STREAM);
    assert!((200..=400).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.last(), Some(&data(1_000)));
}

#[tokio::test]
async fn a_cluster_refuses_copies_and_nothing_is_written() {
    let cluster = Cluster::start(Program::Valkey);
    let store = open(&cluster.url()).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    let error = write(&store, copied(&hold, session, 0, 2)).await.expect_err("refused");
    assert!(error.to_string().contains("a Cluster cannot hold"), "{error}");
    assert_eq!(stream(&store, &scope).await.len(), 1, "the marker of the session");
}

fn command(shard: u32, frame: &'static str) -> Command {
    let (expires, trace) = (None, None);
    let frame = frame.into();
    Command { shard: ShardNumber(shard), expires, reply_to: String::new(), trace, frame }
}

fn outgoing(server: &Server, data: &str) -> StreamId {
    let id: String = server.command(&["XADD", "gateway_send", "*", "data", data]).expect("sent");
    id.parse().expect("a stream id")
}

#[tokio::test]
async fn commands_are_routed_once_and_in_their_order_whoever_tries_how_often() {
    for program in [Program::Valkey, Program::Redis] {
        let server = Server::start(program, &[]);
        let store = open_at(&server).await;
        let scope = Scope::new(seed());
        let ids = [outgoing(&server, "a"), outgoing(&server, "b"), outgoing(&server, "c")];
        let from = store.routed("gateway_send", HOUR).await.expect("a place");
        let found = store.outgoing("gateway_send", from, 9).await.expect("read");
        let expected = ["a", "b", "c"].map(|data| Some(data.into()));
        assert_eq!(found, ids.into_iter().zip(expected).collect::<Vec<_>>());
        store.await_outgoing("gateway_send", from).await.expect("told");

        let commands =
            [(Lane(0), command(0, "1")), (Lane(1), command(1, "2")), (Lane(0), command(2, "3"))];
        let (app, stream) = (scope.app(), "gateway_send");
        let route = Route { app, stream, from, to: ids[2], commands: &commands };
        assert_eq!(store.route(route).await, Ok(()));
        for again in [route, Route { to: ids[1], ..route }] {
            assert_eq!(store.route(again).await, Err(RouteError::Elsewhere(ids[2])));
        }
        assert_eq!(store.routed(stream, HOUR).await, Ok(ids[2]));
        for (lane, expected) in [(0, vec!["1", "3"]), (1, vec!["2"])] {
            let found = store.commands(app, Lane(lane), StreamId::START, 9).await.expect("read");
            let frames = found.into_iter().map(|(_, command)| command.expect("a command").frame);
            assert_eq!(frames.collect::<Vec<_>>(), expected);
        }
    }
}

#[tokio::test]
async fn a_router_begins_behind_what_is_too_old() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    server.command::<String>(&["XADD", "gateway_send", "1-1", "data", "old"]).expect("sent");
    let young = outgoing(&server, "young");
    let from = store.routed("gateway_send", HOUR).await.expect("a place");
    let found = store.outgoing("gateway_send", from, 9).await.expect("read");
    assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [young]);
    let scope = Scope::new(seed());
    let route = Route { app: scope.app(), stream: "none", from, to: young, commands: &[] };
    let nowhere = RouteError::Elsewhere(StreamId::START);
    assert_eq!(store.route(route).await, Err(nowhere), "there is no such stream");
}

/// A stream with entries, and who looks after it.
struct Stage {
    server: Server,
    store: Valkey,
    scope: Scope,
}

impl Stage {
    async fn on(program: Program) -> Self {
        let server = Server::start(program, &[]);
        let store = open_at(&server).await;
        let tended = Self { server, store, scope: Scope::new(seed()) };
        tended.add();
        tended
    }

    fn add(&self) {
        self.server.command::<String>(&["XADD", STREAM, "*", "data", "x"]).expect("added");
    }

    fn group(&self, name: &str) {
        self.server.command::<()>(&["XGROUP", "CREATE", STREAM, name, "0"]).expect("made");
    }

    fn read(&self, group: &str) {
        self.read_as(group, "one");
    }

    fn read_as(&self, group: &str, consumer: &str) {
        let words = ["XREADGROUP", "GROUP", group, consumer, "STREAMS", STREAM, ">"];
        self.server.command::<redis::Value>(&words).expect("read");
    }

    fn leave(&self, group: &str) {
        let words = ["XGROUP", "DELCONSUMER", STREAM, group, "one"];
        self.server.command::<i64>(&words).expect("left");
    }

    async fn tend(&self, keep: Trim, group_idle_max: Duration) -> Tended {
        let tend = Tend { app: self.scope.app(), stream: STREAM, keep, group_idle_max };
        self.store.tend(tend).await.expect("tended")
    }

    /// Looks until groups go, and says which.
    async fn removed(&self, group_idle_max: Duration) -> Vec<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let removed = self.tend(KEEP, group_idle_max).await.groups_removed;
            if !removed.is_empty() {
                return removed;
            }
            assert!(Instant::now() < end, "nothing goes");
        }
    }

    fn groups(&self) -> usize {
        let groups: Vec<redis::Value> =
            self.server.command(&["XINFO", "GROUPS", STREAM]).expect("listed");
        groups.len()
    }
}

#[tokio::test]
async fn groups_that_nobody_reads_with_any_more_go_and_others_stay() {
    for program in [Program::Valkey, Program::Redis] {
        let tended = Stage::on(program).await;
        for name in ["crashed", "left", "living", ROUTER] {
            tended.group(name);
        }
        for name in ["crashed", "left"] {
            tended.read(name);
        }
        tended.leave("left");
        tended.read_as("living", "one that crashed");
        tended.add();
        assert_eq!(tended.tend(KEEP, HOUR).await.groups_removed, Vec::<String>::new());
        let idle = Duration::from_millis(300);
        let mut gone = Vec::new();
        let end = Instant::now() + PATIENCE;
        while gone.len() < 2 {
            assert!(Instant::now() < end, "only {gone:?} are gone");
            tended.add();
            tended.read("living");
            gone.extend(tended.tend(KEEP, idle).await.groups_removed);
        }
        gone.sort();
        assert_eq!(gone, ["crashed", "left"]);
        assert_eq!(tended.groups(), 2);
    }
}

#[tokio::test]
async fn a_group_that_is_read_with_again_is_not_taken_for_idle() {
    let tended = Stage::on(Program::Valkey).await;
    tended.group("away");
    let long = Duration::from_millis(500);
    let seen_empty = Instant::now();
    assert!(tended.tend(KEEP, long).await.groups_removed.is_empty());
    while seen_empty.elapsed() < long / 2 {
        tended.read("away");
        assert!(tended.tend(KEEP, long).await.groups_removed.is_empty());
    }
    tended.leave("away");
    let left = Instant::now();
    assert_eq!(tended.removed(long).await, ["away"]);
    // The server counts in whole milliseconds.
    assert!(left.elapsed() + Duration::from_millis(2) > long, "{:?}", left.elapsed());
}

/// Before 7.2 a server knows nothing of a consumer that waits.
#[tokio::test]
async fn where_nobody_is_heard_of_while_waiting_a_group_with_nothing_to_read_stays() {
    let tended = Stage::on(Program::Redis).await;
    tended.group("waits");
    tended.read("waits");
    let end = Instant::now() + Duration::from_millis(300);
    while Instant::now() < end {
        let removed = tended.tend(KEEP, Duration::from_millis(100)).await.groups_removed;
        assert_eq!(removed, Vec::<String>::new());
    }
    tended.add();
    assert_eq!(tended.removed(Duration::from_millis(100)).await, ["waits"]);
}

#[tokio::test]
async fn a_stream_of_copies_is_trimmed_as_a_lane_and_gets_no_marker() {
    let tended = Stage::on(Program::Valkey).await;
    let old = ["XADD", "OLD", "1-1", "data", "x"];
    tended.server.command::<String>(&old).expect("added");
    for _ in 0..2 {
        tended.server.command::<String>(&["XADD", "OLD", "*", "data", "y"]).expect("added");
    }
    let tend = Tend {
        app: tended.scope.app(),
        stream: "OLD",
        keep: Trim { entries_max: 1, ..KEEP },
        group_idle_max: HOUR,
    };
    let trimmed = tended.store.tend(tend).await.expect("tended").trimmed;
    assert_eq!((trimmed.removed, trimmed.unread, trimmed.length), (1, 0, 2), "the rest is young");
    assert_eq!(held(&tended.server, "OLD"), ["y", "y"]);
    let none = Tend { stream: "NONE", ..tend };
    assert_eq!(tended.store.tend(none).await, Ok(Tended::default()));
}

#[tokio::test]
async fn an_empty_append_with_copies_moves_the_mark() {
    let server = Server::start(Program::Valkey, &[]);
    let store = open_at(&server).await;
    let scope = Scope::new(seed());
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    let filtered = Append { entries: Vec::new(), ..append(&hold, session, 0, 9) };
    let copies = Copies { each: Vec::new(), lane: InLane::Also { entries_max: 9 } };
    let appended = write(&store, CopiedAppend { append: filtered, copies }).await;
    assert_eq!(appended.map(|it| it.seq.0), Ok(9));
    assert_eq!(store.append(&append(&hold, session, 9, 9)).await.map(|seq| seq.0), Ok(9));
}
