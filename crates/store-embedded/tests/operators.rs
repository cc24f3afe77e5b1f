//! The socket for operators: what can be asked, who may ask, and what happens to who asks nothing.

use std::{
    fs,
    io::Read,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use baton_model::{
    AppName, AppShape, Generation, InstanceId, Lane, LaneCount, Line, NewIntent, ShardCount,
    ShardKey, ShardNumber, StreamId, UnixMicros, Wish,
    limits::{OPERATOR_GREETING_BYTES_MAX, OPERATOR_QUESTION_BYTES_MAX, OPERATORS_AT_ONCE_MAX},
};
use baton_store::{
    Command, CommandError, Doer, ForOperators, Happening, RestoreError, RestoredLane, RestoredRow,
    ShardAddress, StoreError, What, conformance::live,
};
use baton_store_embedded::{
    AttachError, Attached, Durability, EmbeddedStore, OperatorOptions, OperatorSocket, Options,
};
use bytes::Bytes;
use rustix::{process::Uid, thread::set_thread_res_uid};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::Notify,
    time::timeout,
};

/// How long anything may take. Only what never happens is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

struct World {
    folder: TempDir,
    store: EmbeddedStore,
    ending: Arc<Notify>,
    listening: OperatorSocket,
}

fn listen(store: &EmbeddedStore, folder: &Path, ending: &Arc<Notify>) -> OperatorSocket {
    let fleet = "main".parse().expect("a name");
    let options = OperatorOptions { fleet, ending: ending.clone() };
    OperatorSocket::listen(store, folder, options).expect("it listens")
}

impl World {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let store = EmbeddedStore::in_memory(Options::default());
        let ending = Arc::new(Notify::new());
        let socket = listen(&store, folder.path(), &ending);
        Self { folder, store, ending, listening: socket }
    }

    async fn attached(&self) -> Attached {
        Attached::find(self.folder.path()).await.expect("it is there")
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("operators.sock")
    }

    /// Who has said this to the process: what they were answered behind its greeting.
    async fn said(&self, bytes: &[u8]) -> Vec<u8> {
        let mut socket = UnixStream::connect(self.socket()).await.expect("it listens");
        socket.write_all(bytes).await.expect("said");
        socket.shutdown().await.expect("no more");
        let mut answer = Vec::new();
        let read = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("it ends");
        // What was not read when the connection was closed makes its end an error.
        drop(read);
        let greeting = answer.iter().position(|byte| *byte == b'\n').expect("it greets");
        answer.split_off(greeting + 1)
    }
}

fn app() -> AppName {
    "bot".parse().expect("a name")
}

fn shape() -> AppShape {
    AppShape {
        generation: Generation(0),
        shards: ShardCount(4.try_into().expect("not 0")),
        lanes: LaneCount(2.try_into().expect("not 0")),
    }
}

fn address(number: u32) -> ShardAddress {
    let number = ShardNumber(number);
    let shard = ShardKey { app: app(), generation: Generation(0), number };
    ShardAddress::new(shard, shape().lanes)
}

/// Everything that can be read, in words.
async fn seen<S: ForOperators>(store: &S) -> Vec<String> {
    let lane = Lane(0);
    let mut poll = store.poll().await.expect("polled");
    poll.now = baton_model::StoreMillis(0);
    let all: Vec<_> = (0..4).map(address).collect();
    vec![
        format!("{poll:?}"),
        format!("{:?}", store.safety().await),
        format!("{:?}", store.reports().await),
        format!("{:?}", store.apps().await),
        format!("{:?}", store.app_shape(&app()).await),
        format!("{:?}", store.stored_apps().await),
        format!("{:?}", store.rows(&all).await),
        format!("{:?}", store.identify_limit(&app()).await),
        format!("{:?}", store.happenings(StreamId::START, 99).await),
        format!("{:?}", store.recent(StreamId::END, 1).await),
        format!("{:?}", store.conflicts(StreamId::START, 99).await),
        format!("{:?}", store.entries(&app(), lane, StreamId::START, 99).await),
        format!("{:?}", store.lane(&app(), lane).await),
        format!("{:?}", store.results(&app(), lane, "me", StreamId::START).await),
    ]
}

#[tokio::test]
async fn what_is_read_and_written_over_it_is_what_the_store_has() {
    let world = World::new();
    let attached = world.attached().await;
    let (store, wired) = (&world.store, &attached);
    assert_eq!(wired.fleet().as_str(), "main");
    let (hold, session) = live(store, &address(0), InstanceId::new(7)).await;
    let append = baton_store::conformance::append(&hold, session, 0, 3);
    baton_store::Events::append(store, &append).await.expect("appended");
    baton_store::Apps::agree_app(store, &app(), &shape()).await.expect("agreed");
    let wish = Wish::Drain { instance: InstanceId::new(7), limit: Some(Duration::from_secs(9)) };
    let (by, reason) = (Line::shortened("ann"), Line::shortened(""));
    let intent = NewIntent { id: baton_model::IntentId(5), wish, by: by.clone(), reason };
    assert_eq!(wired.intend(&intent).await, Ok(None));
    let what = What::Ordered { intent: intent.clone() };
    let happening = Happening { at: UnixMicros(1), by: Doer::Operator(by), what };
    wired.note(&happening).await.expect("noted");
    let frame = Bytes::from_static(b"{\"op\":3}\xff");
    let shard = ShardNumber(0);
    let command = Command { shard, expires: None, reply_to: "me".to_owned(), trace: None, frame };
    let id = wired.send_command(&app(), Lane(0), &command).await.expect("sent");
    let found = baton_store::Commands::commands(store, &app(), Lane(0), StreamId::START, 9).await;
    assert_eq!(found, Ok(vec![(id, Ok(command))]), "bytes that are no text as well");
    assert_eq!(seen(wired).await, seen(store).await);
    assert!(seen(wired).await[11].contains("MESSAGE_CREATE"), "entries are among them");
    assert_eq!(wired.withdraw(&intent.subject(), intent.id).await, Ok(true));
    assert_eq!(store.poll().await.expect("polled").intents, []);
}

#[tokio::test]
async fn errors_of_the_store_come_as_they_are() {
    let world = World::new();
    let wired = world.attached().await;
    live(&world.store, &address(1), InstanceId::new(7)).await;
    let row = RestoredRow { shard: address(1).shard, epoch: baton_model::Epoch(1), session: None };
    let lane = RestoredLane { app: app(), lane: Lane(1), rows: vec![row], groups: Vec::new() };
    let refused = wired.restore_lane(&lane).await;
    let here = baton_store::Transfer::restore_lane(&world.store, &lane).await;
    assert!(matches!(refused, Err(RestoreError::EntriesThere { .. } | RestoreError::RowThere(_))));
    assert_eq!(refused, here);
}

#[tokio::test]
async fn it_is_for_its_owner_only() {
    let world = World::new();
    let mode = fs::metadata(world.socket()).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
}

/// What a user who is neither its owner nor root finds there, if this one can become another.
fn greeting_of_a_stranger(socket: &Path) -> Option<Vec<u8>> {
    let stranger = Uid::from_raw(65_534);
    let socket = socket.to_owned();
    let thread = std::thread::spawn(move || {
        // The kernel notes who a thread is when it connects; the other threads stay who they are.
        set_thread_res_uid(None, stranger, None).ok()?;
        let mut connection = std::os::unix::net::UnixStream::connect(socket).expect("it may");
        let mut greeting = Vec::new();
        connection.read_to_end(&mut greeting).expect("it is closed");
        Some(greeting)
    });
    thread.join().expect("it ends")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gets_past_its_mode_is_asked_who_they_are() {
    let world = World::new();
    for (path, mode) in [(world.folder.path(), 0o777), (&world.socket(), 0o666)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let socket = world.socket();
    match tokio::task::spawn_blocking(move || greeting_of_a_stranger(&socket)).await.expect("ran") {
        Some(greeting) => assert_eq!(greeting, b"", "a stranger is told nothing"),
        None => println!("only root can become somebody else; the rule itself has its own test"),
    }
    world.attached().await;
}

#[tokio::test]
async fn a_question_that_is_too_long_is_not_read_and_one_that_just_fits_is_answered() {
    let world = World::new();
    for (bytes, is_answered) in
        [(OPERATOR_QUESTION_BYTES_MAX, true), (OPERATOR_QUESTION_BYTES_MAX + 1, false)]
    {
        let mut socket = UnixStream::connect(world.socket()).await.expect("it listens");
        let length = u32::try_from(bytes).expect("it fits").to_le_bytes();
        let question = [&length[..], &vec![1; bytes]].concat();
        // The rest of one that is not read finds nobody.
        let (mut read, mut write) = socket.split();
        let mut answer = Vec::new();
        let said = async { drop(write.write_all(&question).await) };
        let heard = async { drop(read.read_to_end(&mut answer).await) };
        timeout(PATIENCE, async { tokio::join!(said, heard) }).await.expect("it ends");
        let greeting = answer.iter().position(|byte| *byte == b'\n').expect("it greets");
        assert_eq!(answer.len() > greeting + 1, is_answered, "{bytes}: {answer:?}");
    }
}

#[tokio::test]
async fn a_question_that_would_not_be_read_is_refused_before_it_is_sent() {
    let world = World::new();
    let wired = world.attached().await;
    let frame = Bytes::from(vec![b'x'; OPERATOR_QUESTION_BYTES_MAX]);
    let (shard, reply_to) = (ShardNumber(0), "me".to_owned());
    let command = Command { shard, expires: None, reply_to, trace: None, frame };
    let error = wired.send_command(&app(), Lane(0), &command).await.expect_err("too long");
    assert!(matches!(error, CommandError::Store(StoreError::Refused { .. })), "{error}");
    assert!(error.to_string().contains("expected less than 4194304"), "{error}");
}

/// Somebody who sits in a folder like a process, and says this to the first who comes.
fn impostor(folder: &Path, says: Vec<u8>) -> tokio::task::JoinHandle<()> {
    let listener = tokio::net::UnixListener::bind(folder.join("operators.sock")).expect("bound");
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("somebody comes");
        // Whoever has heard enough hangs up.
        drop(socket.write_all(&says).await);
    })
}

#[tokio::test]
async fn what_a_greeting_says_is_read_only_as_far_as_one_goes() {
    let folder = TempDir::new().expect("a folder");
    let endless = [&b"baton "[..], &[b'9'; 1 << 20], b" main\n"].concat();
    let speaking = impostor(folder.path(), endless);
    let error = Attached::find(folder.path()).await.expect_err("it is no version");
    let told = error.to_string();
    let most = OPERATOR_GREETING_BYTES_MAX + folder.path().as_os_str().len() + 200;
    assert!(told.contains("baton 99") && told.len() < most, "{} bytes: {error}", told.len());
    speaking.await.expect("it has hung up");
}

#[tokio::test]
async fn what_is_no_question_harms_nothing_and_is_not_waited_for() {
    let world = World::new();
    let before = seen(&world.store).await;
    let question = |body: &[u8]| {
        let length = u32::try_from(body.len() + 1).expect("short").to_le_bytes();
        [&length[..], &[1], body].concat()
    };
    for unread in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &[0; 4], &[255; 5], &[9, 0, 0, 0, 1, 7]] {
        assert_eq!(world.said(unread).await, b"", "{unread:?}");
    }
    assert_eq!(world.said(&[1, 0, 0, 0, 3]).await, b"", "there is no such kind");
    let bodies: [&[u8]; 6] =
        [b"", b"\xffRows", b"\x04Rows", b"\x04Rows\x81", b"\x05Claim\x80", b"\x04\xff\xff\xff\xff"];
    for body in bodies {
        let answer = world.said(&question(body)).await;
        assert_eq!(answer.get(4), Some(&2), "an error is answered to {body:?}: {answer:?}");
    }
    assert_eq!(seen(&world.store).await, before);
    assert_eq!(seen(&world.attached().await).await, before, "and others are served");
}

#[tokio::test]
async fn more_than_there_is_room_for_are_turned_away_and_the_rest_is_served() {
    let world = World::new();
    let mut idle = Vec::new();
    for _ in 0..OPERATORS_AT_ONCE_MAX {
        let mut socket = UnixStream::connect(world.socket()).await.expect("it listens");
        let mut byte = [0];
        socket.read_exact(&mut byte).await.expect("it greets");
        idle.push(socket);
    }
    let refused = Attached::find(world.folder.path()).await;
    assert!(matches!(refused, Err(AttachError::Busy { .. })), "{refused:?}");
    idle.clear();
    let served = async {
        while Attached::find(world.folder.path()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, served).await.expect("there is room again");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_nothing_is_given_up() {
    let world = World::new();
    let mut socket = UnixStream::connect(world.socket()).await.expect("it listens");
    let mut all = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut all)).await.expect("it is closed").expect("read");
    assert!(all.starts_with(b"baton "), "{all:?}");
}

#[tokio::test]
async fn an_order_to_end_is_heard_once_and_answered() {
    let world = World::new();
    world.attached().await.end().await.expect("it has heard");
    timeout(PATIENCE, world.ending.notified()).await.expect("and says so");
}

#[tokio::test]
async fn a_folder_that_nobody_runs_on_is_told_from_one_that_was_left_by_a_kill() {
    let folder = TempDir::new().expect("a folder");
    let nobody = Attached::find(folder.path()).await;
    assert!(matches!(nobody, Err(AttachError::NobodyThere { .. })), "{nobody:?}");
    let nowhere = Attached::find(&folder.path().join("none")).await;
    assert!(matches!(nowhere, Err(AttachError::NobodyThere { .. })), "{nowhere:?}");

    // What a process leaves that is killed: a socket, and nobody behind it.
    drop(UnixListener::bind(folder.path().join("operators.sock")).expect("bound"));
    let left = Attached::find(folder.path()).await;
    assert!(matches!(left, Err(AttachError::NobodyThere { .. })), "{left:?}");
    let options = Options { durability: Durability::Never, ..Options::default() };
    let store = EmbeddedStore::open(folder.path(), options).expect("it opens");
    let socket = listen(&store, folder.path(), &Arc::default());
    Attached::find(folder.path()).await.expect("the next one takes its place");
    drop(socket);
    assert!(!folder.path().join("operators.sock").exists(), "it is gone with its process");
}

#[tokio::test]
async fn a_folder_with_a_long_name_is_reached_as_well() {
    let folder = TempDir::new().expect("a folder");
    let long = folder.path().join("d".repeat(90)).join("e".repeat(90));
    fs::create_dir_all(&long).expect("made");
    let store = EmbeddedStore::in_memory(Options::default());
    let _socket = listen(&store, &long, &Arc::default());
    Attached::find(&long).await.expect("it is there");
}

#[tokio::test]
async fn who_is_no_baton_of_this_version_is_told_apart() {
    for (line, told) in [
        ("baton 99.0.0 main\n", "baton 99.0.0 runs on "),
        ("SSH-2.0\n", "does not answer as a baton does"),
        ("", "only the user whose process runs there can"),
    ] {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("operators.sock");
        let listener = tokio::net::UnixListener::bind(path).expect("bound");
        let found = tokio::join!(Attached::find(folder.path()), async {
            let (mut socket, _) = listener.accept().await.expect("somebody comes");
            socket.write_all(line.as_bytes()).await.expect("said");
        });
        let error = found.0.expect_err("it is none").to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test]
async fn who_was_attached_to_a_process_that_has_ended_is_told_so() {
    let world = World::new();
    let wired = world.attached().await;
    let World { folder, listening, .. } = world;
    drop(listening);
    let error = ForOperators::poll(&wired).await.expect_err("nobody is there");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("no process runs on"), "{error}");
    drop(folder);
}
