//! Redis clients that others wrote consume a lane from the embedded store, and need not know that
//! it is none of the servers they know.

use std::time::Duration;

use baton_model::{AppName, AppShape, Generation, Lane, LaneCount, ShardCount, UnixMicros};
use baton_store::{
    Apps, CommandOutcome, CommandResult, Commands, Events, Lanes, StreamId,
    conformance::{Scope, append, live},
    stored,
};
use baton_store_embedded::{EmbeddedStore, Options, Resp, RespOptions};
use baton_test_clients::{
    Example,
    RedisLibrary::{self, Ioredis, RedisPy},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// A session's marker, and so many dispatches in two appends.
const DISPATCHES: u64 = 39;
const COUNT: usize = 40;
const LANE: Lane = Lane(0);

#[tokio::test]
async fn redis_py_consumes_over_either_protocol() {
    for protocol in [2, 3] {
        consumes(RedisPy, protocol).await;
    }
}

#[tokio::test]
async fn ioredis_consumes_over_either_protocol() {
    for protocol in [2, 3] {
        consumes(Ioredis, protocol).await;
    }
}

#[tokio::test]
async fn the_examples_consume_unchanged() {
    for example in [Example::Node, Example::Python] {
        is_consumed_by(example).await;
    }
}

async fn is_consumed_by(example: Example) {
    let (store, folder) = (EmbeddedStore::in_memory(Options::default()), TempDir::new());
    let (folder, scope) = (folder.expect("a folder"), Scope::new(0));
    let options =
        RespOptions { address: "127.0.0.1:0".parse().expect("an address"), password: None };
    let resp = Resp::listen(&store, options).await.expect("it listens");
    let app = scope.app().clone();
    agree(&store, &app).await;
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    store.append(&append(&hold, session, 0, 9)).await.expect("appended");

    let url = format!("redis://{}", resp.address());
    let mut program = example.command(folder.path(), &url, app.as_str()).spawn();
    let program = program.as_mut().expect("it starts");
    let output = program.stdout.take().expect("stdout is a pipe");
    let mut lines = BufReader::new(output).lines();
    let mut handled = Vec::new();
    let hearing = async {
        while handled.len() < usize::try_from(DISPATCHES).expect("few") {
            let line = lines.next_line().await.expect("text").expect("it goes on");
            if line.starts_with("handled ") {
                handled.push(line);
            }
            if handled.len() == 9 {
                let rest = append(&hold, session, 9, DISPATCHES);
                store.append(&rest).await.expect("appended once, or skipped");
            }
        }
        // It says so before it acknowledges.
        while store.lane(&app, LANE).await.expect("seen").groups[0].pending > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, hearing).await.expect("it consumes");
    let number = session.0;
    let expected = (1..=DISPATCHES).map(|seq| format!("handled 0/{number}/{seq} MESSAGE_CREATE"));
    assert!(handled.iter().cloned().eq(expected), "{example:?}: {handled:?}");
}

async fn consumes(library: RedisLibrary, protocol: u8) {
    let store = EmbeddedStore::in_memory(Options::default());
    let options =
        RespOptions { address: "127.0.0.1:0".parse().expect("an address"), password: None };
    let resp = Resp::listen(&store, options).await.expect("it listens");
    let url = format!("redis://{}/0", resp.address());
    let scope = Scope::new(0);
    let app = scope.app().clone();
    let shape = agree(&store, &app).await;

    let mut program = library.command(&url, protocol, app.as_str(), COUNT);
    let mut program = program.spawn().expect("it starts");
    let gateway = tokio::spawn(be_the_gateway(store.clone(), scope));
    let said = tokio::time::timeout(PATIENCE, hear(&mut program)).await.expect("it ends");
    let status = program.wait().await.expect("a process of ours");
    assert!(status.success(), "{library:?} over {protocol} ended with {status}: {said:?}");
    gateway.await.expect("the gateway ends");

    let seen = (1..=DISPATCHES).map(|seq| format!("seen MESSAGE_CREATE {seq}"));
    let seen =
        ["ready".to_owned(), "seen BATON_SESSION_STARTED 0".to_owned()].into_iter().chain(seen);
    let (first, rest) = said.split_at(COUNT + 1);
    assert!(first.iter().cloned().eq(seen), "{library:?} over {protocol}: {first:?}");
    let [dead, rest @ ..] = rest else { panic!("{said:?}") };
    assert!(dead.starts_with("dead ") && dead.ends_with(" 1"), "{dead}");
    let half = COUNT / 2;
    let expected = [
        format!("acknowledged {}", half - 1),
        format!("taken {half}"),
        format!("shape {shape}"),
        "result True sent".to_owned(),
        "left 0".to_owned(),
    ];
    assert_eq!(rest, expected, "{library:?} over {protocol}");

    let lane = store.lane(&app, LANE).await.expect("seen");
    let [group] = &lane.groups[..] else { panic!("{lane:?}") };
    assert_eq!((group.pending, group.lag, group.dead_letters), (0, Some(0), 1));
}

async fn agree(store: &EmbeddedStore, app: &AppName) -> String {
    let shape = AppShape {
        generation: Generation(0),
        shards: ShardCount("1".parse().expect("a number")),
        lanes: LaneCount("1".parse().expect("a number")),
    };
    store.agree_app(app, &shape).await.expect("agreed");
    stored::app::encode(&shape)
}

/// Writes some entries before and some while the client reads, and answers its command.
async fn be_the_gateway(store: EmbeddedStore, scope: Scope) {
    let app = scope.app();
    let (hold, session) = live(&store, &scope.shard(0), scope.instance(1)).await;
    store.append(&append(&hold, session, 0, 9)).await.expect("appended");
    while store.lane(app, LANE).await.expect("seen").groups.is_empty() {
        tokio::task::yield_now().await;
    }
    store.append(&append(&hold, session, 9, DISPATCHES)).await.expect("appended");
    store.await_commands(app, LANE, StreamId::START).await.expect("told");
    let read = store.commands(app, LANE, StreamId::START, 9).await.expect("read");
    let [(id, Ok(command))] = &read[..] else { panic!("{read:?}") };
    let result = CommandResult {
        reply_to: command.reply_to.clone(),
        command: *id,
        outcome: CommandOutcome::Sent,
        at: UnixMicros(0),
    };
    store.answer_command(app, LANE, &result).await.expect("answered");
}

async fn hear(program: &mut Child) -> Vec<String> {
    let output = program.stdout.take().expect("stdout is a pipe");
    let mut lines = BufReader::new(output).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.expect("lines of text") {
        said.push(line);
    }
    said
}
