//! Append, and append with copies, against plain pipelined XADD of the same bytes, on the same
//! Valkey, in turns.
//!
//! `cargo bench -p baton-store-valkey --bench append`. It needs `BATON_TEST_VALKEY`, see
//! `scripts/servers`. They take turns, so that a machine that grows slower slows all.

use std::time::{Duration, Instant};

use baton_model::{
    Dispatch, EventName, Expected, Generation, GuildId, InstanceId, Lane, Seq, SessionId,
    SessionNumber, SessionStart, ShardKey, ShardNumber, UnixMicros,
};
use baton_store::{
    Append, Brokers, Copied, CopiedAppend, Copies, Entry, EntryBody, Events, Hold, InLane, Leases,
    NewSession, ShardAddress,
};
use baton_store_valkey::{Valkey, ValkeyConfig};
use baton_test_servers::{Program, Server};
use bytes::Bytes;
use redis::{Pipeline, aio::MultiplexedConnection};

/// Appends that are sent in one go and awaited together.
const PIPELINE: usize = 4;
/// How long each side runs in a turn.
const TURN: Duration = Duration::from_millis(700);
const TURNS: usize = 9;
const FRAME_BYTES: usize = 1_000;
/// Where copies go.
const STREAM: &str = "MESSAGE_CREATE";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        println!(
            "| entries in a batch | append, entries/s | XADD, entries/s | ratio \
             | with copies, entries/s | ratio to append |"
        );
        println!("|---|---|---|---|---|---|");
        for batch in [1, 8, 32, 64] {
            compare(batch).await;
        }
    });
}

async fn compare(batch: usize) {
    let server = Server::start(Program::Valkey, &[]);
    let mut ours = Ours::open(&server, batch).await;
    let mut plain = Plain::open(&server, batch).await;
    let mut rates = Vec::new();
    for _ in 0..TURNS {
        // Streams of one length on both sides, and never more than memory holds.
        server.command::<()>(&["XTRIM", "baton:{bench.0}:events", "MAXLEN", "0"]).expect("trim");
        server.command::<()>(&["XTRIM", "plain", "MAXLEN", "0"]).expect("trim");
        server.command::<()>(&["XTRIM", STREAM, "MAXLEN", "0"]).expect("trim");
        rates.push([ours.turn().await, plain.turn().await, ours.turn_with_copies().await]);
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "| {batch} | {:.0} | {:.0} | {:.2} | {:.0} | {:.2} |",
        median(rates.iter().map(|[ours, ..]| *ours).collect()),
        median(rates.iter().map(|[_, plain, _]| *plain).collect()),
        median(rates.iter().map(|[ours, plain, _]| ours / plain).collect()),
        median(rates.iter().map(|[.., copied]| *copied).collect()),
        median(rates.iter().map(|[ours, _, copied]| copied / ours).collect()),
    );
}

/// Dispatches that differ in their numbers only: putting frames together is nobody's work here.
struct Frames(Bytes);

impl Frames {
    fn new() -> Self {
        let head = "{\"t\":\"MESSAGE_CREATE\",\"s\":1,\"op\":0,\"d\":\"";
        let body = "x".repeat(FRAME_BYTES - head.len() - 2);
        Self(Bytes::from(format!("{head}{body}\"}}")))
    }

    fn dispatch(&self, seq: u64) -> EntryBody {
        EntryBody::Dispatch(Dispatch {
            seq: Seq(seq),
            name: EventName::new("MESSAGE_CREATE"),
            guild: Some(GuildId(613_425_648_685_547_541)),
            at: UnixMicros(1_795_000_000_000_000 + seq),
            trace: None,
            frame: self.0.clone(),
        })
    }
}

struct Ours {
    store: Valkey,
    hold: Hold,
    session: SessionNumber,
    frames: Frames,
    batch: usize,
    done: u64,
}

impl Ours {
    async fn open(server: &Server, batch: usize) -> Self {
        let url = format!("valkey://127.0.0.1:{}", server.port()).parse().expect("a url");
        let config = ValkeyConfig::new(url, "bench".parse().expect("a name"));
        let store = Valkey::open(config).await.expect("opens");
        let (generation, number) = (Generation(0), ShardNumber(0));
        let shard = ShardKey { app: "bench".parse().expect("a name"), generation, number };
        let (address, owner) = (ShardAddress { shard, lane: Lane(0) }, InstanceId::new(1));
        let grant = store.claim(&address, Expected::NEVER_LEASED, owner).await.expect("claimed");
        let hold = Hold { address, owner, epoch: grant.epoch };
        let opened = NewSession {
            id: SessionId::new("s"),
            resume_url: None,
            start: SessionStart::First,
            previous: None,
            at: UnixMicros(0),
        };
        let session = store.begin_session(&hold, &opened).await.expect("begun");
        Self { store, hold, session, frames: Frames::new(), batch, done: 0 }
    }

    async fn turn(&mut self) -> f64 {
        let started = Instant::now();
        let before = self.done;
        while started.elapsed() < TURN {
            let appends: Vec<_> = (0..PIPELINE).map(|_| self.next()).collect();
            for answer in self.store.append_all(&appends).await {
                answer.expect("appended");
            }
        }
        rate(self.done - before, started)
    }

    async fn turn_with_copies(&mut self) -> f64 {
        let started = Instant::now();
        let before = self.done;
        while started.elapsed() < TURN {
            let appends: Vec<_> = (0..PIPELINE).map(|_| self.next_copied()).collect();
            for answer in self.store.append_copied(&appends).await {
                answer.expect("appended");
            }
        }
        rate(self.done - before, started)
    }

    /// A copy in MessagePack is a little shorter than its frame.
    fn next_copied(&mut self) -> CopiedAppend {
        let append = self.next();
        let data = self.frames.0.clone();
        let copy = |_| Some(Copied { stream: STREAM.to_owned(), data: data.clone() });
        let each = append.entries.iter().map(copy).collect();
        CopiedAppend {
            append,
            copies: Copies { each, lane: InLane::Also { entries_max: 1_000_000 } },
        }
    }

    fn next(&mut self) -> Append {
        let prev = self.done;
        self.done += self.batch as u64;
        Append {
            hold: self.hold.clone(),
            session: self.session,
            prev: Seq(prev),
            entries: (prev + 1..=self.done).map(|seq| self.frames.dispatch(seq)).collect(),
            last: Seq(self.done),
        }
    }
}

struct Plain {
    connection: MultiplexedConnection,
    frames: Frames,
    batch: usize,
    done: u64,
}

impl Plain {
    async fn open(server: &Server, batch: usize) -> Self {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", server.port()));
        let connection = client.expect("a client").get_multiplexed_async_connection().await;
        Self { connection: connection.expect("connects"), frames: Frames::new(), batch, done: 0 }
    }

    async fn turn(&mut self) -> f64 {
        let started = Instant::now();
        let before = self.done;
        while started.elapsed() < TURN {
            let mut pipeline = Pipeline::with_capacity(PIPELINE * self.batch);
            for _ in 0..PIPELINE * self.batch {
                self.done += 1;
                let entry = Entry {
                    shard: ShardNumber(0),
                    session: SessionNumber(1_795_000_000_000),
                    epoch: baton_model::Epoch(1_795_000_000_000),
                    body: self.frames.dispatch(self.done),
                };
                let add = pipeline.cmd("XADD").arg("plain").arg("*");
                for (name, value) in entry.encode() {
                    add.arg(name).arg(value.as_ref());
                }
            }
            let ids: Vec<String> = pipeline.query_async(&mut self.connection).await.expect("added");
            assert_eq!(ids.len(), PIPELINE * self.batch);
        }
        rate(self.done - before, started)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than a float's digits")]
fn rate(entries: u64, started: Instant) -> f64 {
    entries as f64 / started.elapsed().as_secs_f64()
}
