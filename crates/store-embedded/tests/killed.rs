//! A process that writes is killed in the middle of it, again and again, and opened again.
//!
//! The process is this test itself, started with another first argument. It appends to several
//! shards at once and says on its standard output what was acknowledged; whatever it has said
//! before it was killed must be on the disk.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use baton_model::{
    AppName, Dispatch, EventName, Expected, Generation, InstanceId, Lane, Seq, SessionId,
    SessionRow, SessionStart, ShardKey, ShardNumber, UnixMicros,
};
use baton_store::{Append, EntryBody, Events, Hold, Leases, NewSession, ShardAddress, StreamId};
use baton_store_embedded::{Durability, EmbeddedStore, OpenError, Options, state::Retention};
use bytes::Bytes;
use libtest_mimic::{Arguments, Trial};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinSet};

const CHILD: &str = "write-until-killed";
const SHARDS: u32 = 4;
const ROUNDS: usize = 12;

/// So many entries must have reached the disk, or nothing has been proven. On a busy machine a
/// store that writes late is killed before it does; each round lets it live longer than the last.
const ENOUGH: u64 = 100;
const ROUNDS_MAX: usize = 100;

/// Everything must be found again, so nothing may be trimmed.
const ALL: Retention = Retention { items_max: usize::MAX, bytes_max: usize::MAX };

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some(CHILD) {
        let (durability, folder) = (arguments.next(), arguments.next());
        let durability = durability_of(&durability.expect("a durability"));
        write_until_killed(Path::new(&folder.expect("a folder")), durability);
    }
    let trials = [
        ("every_acknowledged_append_survives_a_kill", "always"),
        ("what_a_kill_leaves_was_once_true_even_if_never_synced", "never"),
        ("what_a_kill_leaves_was_once_true_even_if_late", "every"),
    ];
    let trials = trials.map(|(rule, durability)| {
        Trial::test(rule, move || {
            kill_again_and_again(durability);
            Ok(())
        })
    });
    // One after the other: a child that is being started holds for a moment, by the file that it
    // has inherited, the lock on every store that this process has open.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

fn durability_of(name: &str) -> Durability {
    match name {
        "always" => Durability::Always,
        "every" => Durability::Every(Duration::from_millis(5)),
        "never" => Durability::Never,
        other => panic!("no durability: {other}"),
    }
}

fn open(folder: &Path, durability: Durability) -> EmbeddedStore {
    let options = Options { durability, retention: ALL, ..Options::default() };
    EmbeddedStore::open(folder, options).expect("the store opens")
}

// ---------------------------------------------------------------------------------------------
// The process that is killed
// ---------------------------------------------------------------------------------------------

fn write_until_killed(folder: &Path, durability: Durability) -> ! {
    let store = open(folder, durability);
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut writers = JoinSet::new();
        for shard in 0..SHARDS {
            writers.spawn(write_shard(store.clone(), shard));
        }
        let ended = writers.join_next().await;
        panic!("a writer ended by itself: {ended:?}")
    })
}

/// Goes on where the stream ends, and says each seq when it was acknowledged.
async fn write_shard(store: EmbeddedStore, shard: u32) {
    let (hold, session) = take_over(&store, shard).await;
    let mut seq = session.last_seq.0;
    loop {
        let prev = Seq(seq);
        let entries: Vec<_> = (1..=3).map(|step| dispatch(seq + step)).collect();
        seq += 3;
        let append =
            Append { hold: hold.clone(), session: session.number, prev, entries, last: Seq(seq) };
        let appended = store.append(&append).await.expect("appended");
        let said = writeln!(std::io::stdout(), "{shard} {appended}");
        said.expect("somebody listens");
    }
}

async fn take_over(store: &EmbeddedStore, shard: u32) -> (Hold, SessionRow) {
    let address = address(shard);
    let rows = store.rows(std::slice::from_ref(&address)).await;
    let rows = rows.expect("read");
    let expected = Expected::unchanged(rows[0].as_ref());
    let owner = InstanceId::new(1);
    let grant = store.claim(&address, expected, owner).await;
    let hold = Hold { address: address.clone(), owner, epoch: grant.expect("claimed").epoch };
    let new = NewSession {
        id: SessionId::new("the only one"),
        resume_url: None,
        start: SessionStart::First,
        previous: None,
        at: UnixMicros(0),
    };
    store.begin_session(&hold, &new).await.expect("begun");
    let row = store.rows(&[address]).await.expect("read").remove(0);
    let session = row.and_then(|row| row.session);
    (hold, session.expect("a session"))
}

fn dispatch(seq: u64) -> EntryBody {
    EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("X"),
        guild: None,
        at: UnixMicros(0),
        trace: None,
        frame: frame(seq),
    })
}

/// Of many lengths, beyond a page of the disk, and different for every seq.
fn frame(seq: u64) -> Bytes {
    let length = usize::try_from(seq * 977 % 9_000).expect("small");
    let pattern = seq.to_le_bytes().into_iter().cycle();
    pattern.take(length).collect()
}

// ---------------------------------------------------------------------------------------------
// The process that kills
// ---------------------------------------------------------------------------------------------

fn kill_again_and_again(durability: &str) {
    let folder = TempDir::new().expect("a folder");
    let runtime = Runtime::new().expect("a runtime");
    let mut before = BTreeMap::new();
    let mut round = 0;
    while round < ROUNDS || (before.values().sum::<u64>() <= ENOUGH && round < ROUNDS_MAX) {
        round += 1;
        let acknowledged = run_and_kill(durability, folder.path(), round);
        let store = open(folder.path(), durability_of(durability));
        for shard in 0..SHARDS {
            let found = runtime.block_on(seq_on_disk(&store, shard));
            let expected = match durability {
                "always" => acknowledged.get(&shard).copied().unwrap_or_default(),
                _ => before.get(&shard).copied().unwrap_or_default(),
            };
            assert!(
                found >= expected,
                "round {round}, shard {shard}: expected {expected}, found {found}"
            );
            before.insert(shard, found);
        }
    }
    let written: u64 = before.values().sum();
    assert!(written > ENOUGH, "killed too early to say anything: {written}");
}

/// Lets a child write, in each round for longer. Returns the last seq it has said of each shard;
/// what it said until the kill took effect counts too.
fn run_and_kill(durability: &str, folder: &Path, round: usize) -> BTreeMap<u32, u64> {
    // So many lines tell when a store dies that writes at once, and the time one that writes late.
    let (lines, time) = (round * 7, Duration::from_millis(round as u64));
    let program = env::current_exe().expect("this test's path");
    let child =
        Command::new(program).args([CHILD, durability]).arg(folder).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("a child");
    let output = BufReader::new(child.stdout.take().expect("its output"));
    let (mut acknowledged, mut began, mut lives) = (BTreeMap::new(), Instant::now(), true);
    for (count, line) in output.lines().enumerate() {
        let line = line.expect("a line");
        // The kill may have cut the last line; a number that is cut is a smaller one.
        if let Some((shard, seq)) = parse(&line) {
            let last = acknowledged.entry(shard).or_default();
            *last = seq.max(*last);
        }
        if count == 0 {
            began = Instant::now();
            let second = EmbeddedStore::open(folder, Options::default());
            assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
        }
        if lives && count + 1 >= lines && began.elapsed() >= time {
            child.kill().expect("killed");
            lives = false;
        }
    }
    let ended = child.wait().expect("it has ended");
    assert_eq!(ended.code(), None, "it did not live until the kill");
    acknowledged
}

fn parse(line: &str) -> Option<(u32, u64)> {
    let (shard, seq) = line.split_once(' ')?;
    Some((shard.parse().ok()?, seq.parse().ok()?))
}

/// Where the stream ends; it must be whole up to there, and the row must agree with it.
async fn seq_on_disk(store: &EmbeddedStore, shard: u32) -> u64 {
    let (app, all) = (app(), StreamId::START);
    let entries = store.entries(&app, Lane(0), all, usize::MAX).await;
    let mut last = 0;
    for (_, entry) in entries.expect("read") {
        let entry = entry.expect("it is one");
        let is_ours = entry.shard == ShardNumber(shard);
        if let (EntryBody::Dispatch(dispatch), true) = (entry.body, is_ours) {
            assert_eq!(dispatch.seq.0, last + 1, "shard {shard}");
            assert_eq!(dispatch.frame, frame(last + 1), "shard {shard}");
            last += 1;
        }
    }
    let rows = store.rows(&[address(shard)]).await.expect("read");
    let session = rows[0].as_ref().and_then(|row| row.session.as_ref());
    assert_eq!(session.map_or(0, |session| session.last_seq.0), last);
    assert_eq!(last % 3, 0, "an append of three is whole or not there");
    last
}

fn address(number: u32) -> ShardAddress {
    let shard = ShardKey { app: app(), generation: Generation(0), number: ShardNumber(number) };
    let lane = Lane(0);
    ShardAddress { shard, lane }
}

fn app() -> AppName {
    "bot".parse().expect("a name")
}
