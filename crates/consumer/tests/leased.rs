//! Leased lanes, for work that needs many entries at once, on a real server.

#[expect(dead_code, reason = "what is given up on is looked at elsewhere")]
mod support;

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use baton_consumer::{LaneError, LeasedLane};
use baton_store::StoreError;
use baton_test_servers::{Program, Server};
use support::{consumer, entry, pending as pending_count, until, url, write_at};

/// Seqs in the order in which they were handed out.
type Log = Arc<Mutex<Vec<u64>>>;

async fn read(lane: &mut LeasedLane, log: &Log) -> Result<Vec<baton_model::StreamId>, LaneError> {
    let entries = lane.next(2).await?;
    let seq = |entry: &baton_consumer::LaneEntry| -> u64 {
        let (_, text) = entry.fields.iter().find(|(name, _)| name == "s").expect("a seq");
        std::str::from_utf8(text).expect("text").parse().expect("a number")
    };
    log.lock().expect("no panic").extend(entries.iter().map(seq));
    Ok(entries.into_iter().map(|entry| entry.id).collect())
}

fn logged(log: &Log) -> Vec<u64> {
    log.lock().expect("no panic").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pending_comes_first_and_everything_in_order() {
    let server = Server::start(Program::Valkey, &[]);
    let entries: Vec<_> = (1..=7).map(|seq| entry(seq, None)).collect();
    write_at(&server, 0, &entries[..5]);
    // Another one has taken three, acknowledged the second, and died.
    let stream = support::events(0);
    server.command::<()>(&["XGROUP", "CREATE", &stream, "group", "0"]).expect("a group");
    let take = ["XREADGROUP", "GROUP", "group", "dead", "COUNT", "3", "STREAMS", &stream, ">"];
    server.command::<redis::Value>(&take).expect("taken");
    let all: Vec<(String, redis::Value)> =
        server.command(&["XRANGE", &stream, "-", "+"]).expect("entries");
    server.command::<i64>(&["XACK", &stream, "group", &all[1].0]).expect("acknowledged");

    let log = Log::default();
    let noted = log.clone();
    let work = move |mut lane: LeasedLane| {
        let log = noted.clone();
        async move {
            loop {
                let ids = read(&mut lane, &log).await?;
                if logged(&log).len() >= 6 {
                    lane.acknowledge(&ids).await?;
                }
                if ids.is_empty() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    };
    let running =
        tokio::spawn(consumer(&url(&server)).build().expect("one").run_lanes(work, pending()));
    until("all are handed out", || logged(&log).len() == 4).await;
    write_at(&server, 0, &entries[5..]);
    until("the new ones too", || logged(&log).len() == 6).await;
    assert_eq!(logged(&log), [1, 3, 4, 5, 6, 7]);
    until("some are acknowledged", || pending_count(&server, 0) < 6).await;
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_lost_the_lane_acknowledges_nothing_and_is_told_so() {
    let server = Server::start(Program::Valkey, &[]);
    write_at(&server, 0, &[entry(1, None)]);
    let (log, told) = (Log::default(), Arc::new(Mutex::new(None)));
    let (noted, answered, port) = (log.clone(), told.clone(), server.port());
    let work = move |mut lane: LeasedLane| {
        let (log, told) = (noted.clone(), answered.clone());
        async move {
            let mut ids = Vec::new();
            while ids.is_empty() {
                ids = read(&mut lane, &log).await?;
            }
            let mut other = support::connection(port);
            let take = ["baton:{bot.0}:reader:group", "epoch", "9999999999999", "owner", "other"];
            redis::cmd("HSET").arg(&take).exec(&mut other).expect("taken");
            let outcome = lane.acknowledge(&ids).await;
            *told.lock().expect("no panic") = Some(outcome.clone());
            outcome
        }
    };
    let running =
        tokio::spawn(consumer(&url(&server)).build().expect("one").run_lanes(work, pending()));
    until("it is told", || told.lock().expect("no panic").is_some()).await;
    assert_eq!(*told.lock().expect("no panic"), Some(Err(LaneError::Fenced)));
    assert_eq!(pending_count(&server, 0), 1);
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_told_to_end_and_dropped_if_it_does_not() {
    let server = Server::start(Program::Valkey, &[]);
    let log = Log::default();
    for is_stubborn in [false, true] {
        let noted = log.clone();
        let work = move |mut lane: LeasedLane| {
            let log = noted.clone();
            async move {
                log.lock().expect("no panic").push(0);
                lane.ending().await;
                log.lock().expect("no panic").push(1);
                if is_stubborn { pending().await } else { lane.leave().await }
            }
        };
        log.lock().expect("no panic").clear();
        let begun = log.clone();
        let stop = async move { until("it has begun", || !logged(&begun).is_empty()).await };
        let consumer = consumer(&url(&server)).stop_limit(Duration::from_millis(200));
        let ended = consumer.build().expect("one").run_lanes(work, stop).await;
        assert_eq!(ended, Ok(()));
        assert_eq!(logged(&log), [0, 1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_was_wiped_is_left_without_a_word() {
    let server = Server::start(Program::Valkey, &[]);
    let port = server.port();
    let begun = Arc::new(tokio::sync::Notify::new());
    let begins = begun.clone();
    let work = move |mut lane: LeasedLane| {
        begins.notify_one();
        async move {
            lane.ending().await;
            redis::cmd("FLUSHALL").exec(&mut support::connection(port)).expect("wiped");
            lane.leave().await
        }
    };
    let stop = async move { begun.notified().await };
    let ended = consumer(&url(&server)).build().expect("one").run_lanes(work, stop).await;
    assert_eq!(ended, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_the_work_does_not_survive_ends_the_consumer_with_it() {
    let server = Server::start(Program::Valkey, &[]);
    let work = |_| async { Err(LaneError::Store(StoreError::refused("no"))) };
    let ended = consumer(&url(&server)).build().expect("one").run_lanes(work, pending()).await;
    assert_eq!(ended, Err(StoreError::refused("no").into()));
}
