//! Two lines of consumers on a real server: the second works while the first does not.

#[expect(dead_code, reason = "what is given up on is looked at elsewhere")]
mod support;

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use baton_consumer::{Delivery, RunError};
use baton_test_servers::{Program, Server};
use support::{consumer, entry, pending, until, url, write_at};
use tokio::sync::Notify;

const ROW: &str = "baton:{bot.0}:reader:group";

/// What was handled to its end, by whom, in its order.
type Log = Arc<Mutex<Vec<(u8, u64)>>>;

/// How the handlers of a line can be stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stuck {
    /// They wait for what never comes.
    Waiting,
    /// They keep their thread.
    Blocking,
}

struct Line {
    is_stuck: Arc<AtomicBool>,
    stop: Arc<Notify>,
    running: JoinHandle<Result<(), RunError>>,
}

impl Line {
    /// A consumer of a tier, on a runtime of its own, whose handlers can be stuck like this.
    fn start(server: &Server, tier: u8, stuck: Stuck, log: &Log) -> Self {
        let (log, is_stuck) = (log.clone(), Arc::new(AtomicBool::new(false)));
        let told = is_stuck.clone();
        let handler = move |delivery: Delivery| {
            let (log, told) = (log.clone(), told.clone());
            async move {
                while told.load(Ordering::Relaxed) {
                    match stuck {
                        Stuck::Waiting => tokio::time::sleep(Duration::from_millis(5)).await,
                        Stuck::Blocking => thread::sleep(Duration::from_millis(5)),
                    }
                }
                log.lock().expect("no panic").push((tier, delivery.key().seq.0));
                Ok::<_, io::Error>(())
            }
        };
        let builder = consumer(&url(server)).name(&format!("tier-{tier}")).tier(tier);
        let builder = builder.behind_after(BEHIND_AFTER).trusted_after(TRUSTED_AFTER);
        let consumer = builder.build().expect("a consumer");
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let running = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let running = consumer.run_until(handler, stopped.notified());
            runtime.expect("a runtime").block_on(running)
        });
        Self { is_stuck, stop, running }
    }

    fn stop(self) {
        self.stop.notify_one();
        self.running.join().expect("no panic").expect("a clean end");
    }

    fn hang(&self) {
        self.is_stuck.store(true, Ordering::Relaxed);
    }

    fn recover(&self) {
        self.is_stuck.store(false, Ordering::Relaxed);
    }
}

const BEHIND_AFTER: Duration = Duration::from_secs(2);
const TRUSTED_AFTER: Duration = Duration::from_secs(4);

/// By whom these were handled to their end, each once.
fn handled_by(log: &Log, seqs: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    let log = log.lock().expect("no panic");
    let by = |seq| -> Vec<u8> {
        log.iter().filter(|(_, handled)| *handled == seq).map(|(tier, _)| *tier).collect()
    };
    seqs.flat_map(by).collect()
}

async fn takes_over_and_gives_back(stuck: Stuck) {
    let server = Server::start(Program::Valkey, &[]);
    let log = Log::default();
    let write = |seqs: std::ops::RangeInclusive<u64>| {
        let some: Vec<_> = seqs.map(|seq| entry(seq, Some(seq % 3))).collect();
        write_at(&server, 0, &some);
    };
    let done = |count: usize| {
        let log = log.clone();
        move || log.lock().expect("no panic").len() == count
    };
    let owner = || server.command::<Option<String>>(&["HGET", ROW, "owner"]).expect("an answer");
    let first = Line::start(&server, 0, stuck, &log);
    until("the first line has the lane", || owner().as_deref() == Some("tier-0")).await;
    let second = Line::start(&server, 1, stuck, &log);
    write(1..=9);
    until("all are handled", done(9)).await;
    until("all are acknowledged", || pending(&server, 0) == 0).await;

    first.hang();
    let hung = Instant::now();
    write(10..=30);
    until("the second line handles them", done(30)).await;
    let took = hung.elapsed().saturating_sub(BEHIND_AFTER);
    println!("{stuck:?}: taken over {took:?} after it had fallen behind");
    until("all are acknowledged", || pending(&server, 0) == 0).await;
    assert_eq!(handled_by(&log, 1..=30), [[0; 9].as_slice(), [1; 21].as_slice()].concat());

    first.recover();
    until("the first line has the lane again", || owner().as_deref() == Some("tier-0")).await;
    assert!(hung.elapsed() >= TRUSTED_AFTER, "trusted again after {:?}", hung.elapsed());
    let begun = match stuck {
        Stuck::Waiting => 0,
        // Nobody can take it away from a thread.
        Stuck::Blocking => log.lock().expect("no panic").len() - 30,
    };
    write(31..=40);
    until("it handles what comes", done(40 + begun)).await;
    assert_eq!(handled_by(&log, 31..=40), [0; 10]);
    assert!(begun <= 1, "{begun} were handled by both");
    first.stop();
    second.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worse_tier_takes_over_from_handlers_that_hang_and_gives_back() {
    takes_over_and_gives_back(Stuck::Waiting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worse_tier_takes_over_from_a_thread_that_is_blocked_and_gives_back() {
    takes_over_and_gives_back(Stuck::Blocking).await;
}
