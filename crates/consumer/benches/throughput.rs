//! How many entries a second one lane brings to a handler that does nothing, on one core, and what
//! each costs this process.
//!
//! ```sh
//! cargo bench -p baton-consumer --bench throughput
//! ```
//! starts a Valkey of its own (`BATON_TEST_VALKEY`, or `valkey-server` on the path), fills a lane
//! with entries whose frames have 1,000 bytes, of a thousand guilds, and reads it to its end.

use std::{
    num::NonZeroU16,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use baton_consumer::{Consumer, Delivery};
use baton_model::{
    Dispatch, Epoch, EventName, GuildId, LaneCount, Seq, SessionNumber, ShardNumber, UnixMicros,
};
use baton_store::{Entry, EntryBody};
use baton_test_servers::{Program, Server};
use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Notify;

const ENTRIES: u64 = 400_000;
const ROUNDS: usize = 5;
const GUILDS: u64 = 1_000;

fn main() {
    let server = Server::start(Program::Valkey, &[]);
    fill(server.port());
    println!("{ENTRIES} entries of 1,000 bytes, one lane, a handler that does nothing, one thread");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    for round in 0..ROUNDS {
        let (wall, cpu) = runtime.block_on(read_all(server.port(), round));
        let per_second = ENTRIES as f64 / wall.as_secs_f64();
        let cost = cpu.as_secs_f64() * 1e6 / ENTRIES as f64;
        println!("{per_second:>9.0} entries/s, {cost:.2} us of CPU each");
    }
}

async fn read_all(port: u16, round: usize) -> (Duration, Duration) {
    let consumer =
        Consumer::builder(&format!("valkey://127.0.0.1:{port}"), "bot", &format!("group-{round}"));
    let consumer = consumer.lanes(LaneCount(NonZeroU16::MIN)).build().expect("a consumer");
    let (seen, all) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let handler = {
        let (seen, all) = (seen.clone(), all.clone());
        move |_delivery: Delivery| {
            if seen.fetch_add(1, Ordering::Relaxed) + 1 == ENTRIES {
                all.notify_one();
            }
            async { Ok::<_, std::io::Error>(()) }
        }
    };
    let (wall, cpu) = (Instant::now(), cpu_time());
    consumer.run_until(handler, all.notified()).await.expect("a clean end");
    assert_eq!(seen.load(Ordering::Relaxed), ENTRIES);
    (wall.elapsed(), cpu_time() - cpu)
}

fn cpu_time() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), u32::try_from(used.tv_nsec).expect("nanoseconds"))
}

fn fill(port: u16) {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).expect("an address");
    let mut connection = client.get_connection().expect("a connection");
    let mut seq = 0;
    while seq < ENTRIES {
        let mut pipeline = redis::Pipeline::new();
        for _ in 0..1_000 {
            seq += 1;
            let add = pipeline.cmd("XADD").arg("baton:{bot.0}:events").arg("*").ignore();
            for (name, value) in entry(seq).encode() {
                add.arg(name).arg(value.as_ref());
            }
        }
        pipeline.exec(&mut connection).expect("written");
    }
}

fn entry(seq: u64) -> Entry {
    let body = EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("MESSAGE_CREATE"),
        guild: Some(GuildId(613_425_648_685_547_541 + seq % GUILDS)),
        at: UnixMicros(1_795_159_808_791_023),
        trace: None,
        frame: Bytes::from(vec![b'x'; 1_000]),
    });
    Entry { shard: ShardNumber(0), session: SessionNumber(1), epoch: Epoch(1), body }
}
