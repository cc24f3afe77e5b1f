//! How fast appends are under each durability. Prints a table.
//!
//! Shards append side by side, each one append at a time, as a gateway's writers do: 16 entries of
//! 1 kB. The figures are of this machine's disk more than of anything else.

use std::time::{Duration, Instant};

use baton_model::{
    AppName, Dispatch, EventName, Expected, Generation, InstanceId, Lane, Seq, SessionId,
    SessionStart, ShardKey, ShardNumber, UnixMicros,
};
use baton_store::{Append, EntryBody, Events, Hold, Leases, NewSession, ShardAddress};
use baton_store_embedded::{Durability, EmbeddedStore, Options};
use bytes::Bytes;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const RUN: Duration = Duration::from_secs(3);
const ENTRIES: u64 = 16;
const FRAME_BYTES: usize = 1_000;

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    println!("| durability | shards | entries/s | p50 | p99 | worst |");
    println!("|---|---|---|---|---|---|");
    for shards in [1, 16, 256] {
        row(&runtime, "in memory", None, shards);
        let kinds = [
            ("never", Durability::Never),
            ("every 100 ms", Durability::Every(Duration::from_millis(100))),
            ("always", Durability::Always),
        ];
        for (name, durability) in kinds {
            row(&runtime, name, Some(durability), shards);
        }
    }
    opening();
}

fn row(runtime: &Runtime, name: &str, durability: Option<Durability>, shards: u32) {
    let folder = TempDir::new().expect("a folder");
    let store = match durability {
        None => EmbeddedStore::in_memory(Options::default()),
        Some(durability) => open(&folder, durability),
    };
    let begun = Instant::now();
    let writers = (0..shards).map(|shard| runtime.spawn(write(store.clone(), shard, begun + RUN)));
    let writers: Vec<_> = writers.collect();
    let mut latencies: Vec<Duration> = Vec::new();
    for writer in writers {
        latencies.extend(runtime.block_on(writer).expect("written"));
    }
    drop(store); // What was only acknowledged is written now, and counts.
    let taken = begun.elapsed().as_secs_f64();
    latencies.sort();
    let at = |share: usize| latencies[(latencies.len() - 1) * share / 1_000];
    let entries = latencies.len() as f64 * ENTRIES as f64 / taken;
    println!(
        "| {name} | {shards} | {entries:.0} | {:.1?} | {:.1?} | {:.1?} |",
        at(500),
        at(990),
        at(1_000)
    );
}

fn open(folder: &TempDir, durability: Durability) -> EmbeddedStore {
    let options = Options { durability, ..Options::default() };
    EmbeddedStore::open(folder.path(), options).expect("the store opens")
}

/// Appends until the time is over; returns how long each append took. Who is told that the store
/// cannot at present tries again, as a gateway does.
async fn write(store: EmbeddedStore, shard: u32, until: Instant) -> Vec<Duration> {
    let (hold, session) = begin(&store, shard).await;
    let mut taken = Vec::new();
    let mut seq = 0;
    while Instant::now() < until {
        let append = Append {
            hold: hold.clone(),
            session,
            prev: Seq(seq),
            entries: (1..=ENTRIES).map(|step| dispatch(seq + step)).collect(),
            last: Seq(seq + ENTRIES),
        };
        let begun = Instant::now();
        while store.append(&append).await.is_err() {
            tokio::task::yield_now().await;
        }
        taken.push(begun.elapsed());
        seq += ENTRIES;
        tokio::task::yield_now().await;
    }
    taken
}

async fn begin(store: &EmbeddedStore, shard: u32) -> (Hold, baton_model::SessionNumber) {
    let app: AppName = "bot".parse().expect("a name");
    let shard = ShardKey { app, generation: Generation(0), number: ShardNumber(shard) };
    let lane = Lane(u16::try_from(shard.number.0 % 16).expect("small"));
    let address = ShardAddress { shard, lane };
    let owner = InstanceId::new(1);
    let grant = store.claim(&address, Expected::NEVER_LEASED, owner).await;
    let hold = Hold { address, owner, epoch: grant.expect("claimed").epoch };
    let new = NewSession {
        id: SessionId::new("s"),
        resume_url: None,
        start: SessionStart::First,
        previous: None,
        at: UnixMicros(0),
    };
    let session = store.begin_session(&hold, &new).await;
    (hold, session.expect("begun"))
}

fn dispatch(seq: u64) -> EntryBody {
    EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("MESSAGE_CREATE"),
        guild: None,
        at: UnixMicros(seq),
        trace: None,
        frame: Bytes::from(vec![b'x'; FRAME_BYTES]),
    })
}

/// How long it takes to open what 16 full lanes leave behind.
fn opening() {
    let folder = TempDir::new().expect("a folder");
    let runtime = Runtime::new().expect("a runtime");
    let store = open(&folder, Durability::Never);
    let until = Instant::now() + 4 * RUN;
    let writers = (0..16).map(|shard| runtime.spawn(write(store.clone(), shard, until)));
    for writer in writers.collect::<Vec<_>>() {
        runtime.block_on(writer).expect("written");
    }
    drop(store);
    let bytes = std::fs::metadata(folder.path().join("baton.redb")).expect("the file");
    let begun = Instant::now();
    let store = open(&folder, Durability::Never);
    let taken = begun.elapsed();
    println!("\nopening a file of {} MB: {taken:.0?}", bytes.len() / 1_000_000);
    drop(store);
}
