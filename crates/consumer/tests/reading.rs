//! One consumer and one lane: on a real server, and on the embedded store over its Redis face.

#[expect(dead_code, reason = "reports are read elsewhere")]
#[path = "reading/stand.rs"]
mod stand;
mod support;

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use baton_consumer::{Begin, Delivery, Handlers, MARKERS, RunError};
use baton_model::{Epoch, Lane, Marker, Seq, SessionNumber, ShardNumber, UnixMicros};
use baton_store::{Entry, EntryBody, GroupAddress, Redelivery};
use baton_test_servers::{Program, Server};
use stand::{Stand, on_both};
use support::{Speaker, consumer, entry, events, letters, members, pending, until, url, write_at};
use tokio::{sync::Notify, task::JoinHandle};

/// What handlers have done, in the order in which they did it.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<(u64, u32)>>>);

impl Log {
    fn note(&self, delivery: &Delivery) {
        self.0.lock().expect("no panic").push((delivery.key().seq.0, delivery.attempt()));
    }

    fn seqs(&self) -> Vec<u64> {
        self.0.lock().expect("no panic").iter().map(|(seq, _)| *seq).collect()
    }

    fn len(&self) -> usize {
        self.0.lock().expect("no panic").len()
    }
}

/// A consumer at work.
struct Work {
    running: JoinHandle<Result<(), RunError>>,
    stop: Arc<Notify>,
}

impl Work {
    fn start(
        builder: baton_consumer::ConsumerBuilder,
        handlers: impl Into<Handlers> + Send + 'static,
    ) -> Self {
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        let consumer = builder.build().expect("a consumer");
        let running =
            tokio::spawn(async move { consumer.run_until(handlers, stopped.notified()).await });
        Self { running, stop }
    }

    async fn stop(self) {
        self.stop.notify_one();
        self.running.await.expect("no panic").expect("a clean end");
    }
}

fn noting(log: &Log) -> Handlers {
    let log = log.clone();
    Handlers::from(move |delivery: Delivery| {
        log.note(&delivery);
        async { Ok::<_, io::Error>(()) }
    })
}

fn range(seqs: impl Iterator<Item = u64>, guilds: u64) -> Vec<Entry> {
    seqs.map(|seq| entry(seq, Some(seq % guilds))).collect()
}

on_both! {
    every_entry_is_handled_once_and_each_guild_in_its_order,
    a_delivery_that_fails_is_tried_again_holds_up_its_guild_and_becomes_a_dead_letter,
    a_dead_letter_that_is_given_back_is_handled,
    a_handler_that_panics_or_hangs_fails_and_the_consumer_lives_on,
    a_stop_finishes_what_is_held_and_leaves_the_rest_to_others_at_once,
    who_comes_back_under_its_name_goes_on_with_what_it_left,
    what_is_being_handled_for_long_is_not_taken_over,
}

async fn every_entry_is_handled_once_and_each_guild_in_its_order(server: Stand) {
    server.write(&range(1..=20_000, 17));
    let log = Log::default();
    let work = Work::start(consumer(&url(&server)), {
        let log = log.clone();
        move |delivery: Delivery| {
            let log = log.clone();
            async move {
                // Those that begin first do not end first.
                if delivery.key().seq.0.is_multiple_of(3) {
                    tokio::task::yield_now().await;
                }
                log.note(&delivery);
                Ok::<_, io::Error>(())
            }
        }
    });
    until("all are handled", || log.len() == 20_000).await;
    work.stop().await;
    assert_eq!(pending(&server, 0), 0, "all are acknowledged");
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for seq in log.seqs() {
        let before = last.insert(seq % 17, seq);
        assert!(before.is_none_or(|before| before < seq), "{seq} after {before:?}");
    }
}

async fn a_delivery_that_fails_is_tried_again_holds_up_its_guild_and_becomes_a_dead_letter(
    server: Stand,
) {
    server.write(&[entry(1, Some(1)), entry(2, Some(1)), entry(3, Some(2))]);
    let log = Log::default();
    let noted = log.clone();
    let work = Work::start(consumer(&url(&server)).attempts_max(3), move |delivery: Delivery| {
        noted.note(&delivery);
        async move {
            match delivery.key().seq.0 {
                1 => Err(io::Error::other("no such table")),
                _ => Ok(()),
            }
        }
    });
    until("all are dealt with", || log.seqs().contains(&2)).await;
    work.stop().await;
    let of_one: Vec<_> =
        log.0.lock().expect("no panic").iter().filter(|(seq, _)| *seq != 3).copied().collect();
    assert_eq!(of_one, [(1, 1), (1, 2), (1, 3), (2, 1)]);
    assert_eq!(pending(&server, 0), 0);
    let letters = letters(&server, 0);
    assert_eq!(letters.len(), 1);
    assert_eq!((&*letters[0]["error"], &*letters[0]["attempts"]), ("no such table", "3"));
    assert_eq!((&*letters[0]["s"], &*letters[0]["t"]), ("1", "MESSAGE_CREATE"));
}

async fn a_dead_letter_that_is_given_back_is_handled(server: Stand) {
    server.write(&[entry(1, Some(1))]);
    let (log, is_mended) = (Log::default(), Arc::new(AtomicBool::new(false)));
    let (noted, mended) = (log.clone(), is_mended.clone());
    let work = Work::start(consumer(&url(&server)).attempts_max(1), move |delivery: Delivery| {
        let outcome = match mended.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(io::Error::other("no such table")),
        };
        noted.note(&delivery);
        async move { outcome }
    });
    until("it is given up on", || !letters(&server, 0).is_empty()).await;
    is_mended.store(true, Ordering::Relaxed);
    let app = "bot".parse().expect("a name");
    let group = GroupAddress { app: &app, lane: Lane(0), name: "group" };
    assert_eq!(server.redeliver_first(group).await, Ok(Redelivery::Pending));
    until("it is handled", || log.len() == 2 && pending(&server, 0) == 0).await;
    work.stop().await;
    assert_eq!((log.seqs(), letters(&server, 0).len()), (vec![1, 1], 0));
}

async fn a_handler_that_panics_or_hangs_fails_and_the_consumer_lives_on(server: Stand) {
    server.write(&range(1..=4, 4));
    let log = Log::default();
    let noted = log.clone();
    let builder = consumer(&url(&server)).attempts_max(2).deadline(Duration::from_millis(100));
    let work = Work::start(builder, move |delivery: Delivery| {
        let noted = noted.clone();
        assert_ne!(delivery.key().seq.0, 1, "before there is a future");
        async move {
            match delivery.key().seq.0 {
                2 => panic!("while it is polled"),
                3 => std::future::pending().await,
                _ => noted.note(&delivery),
            }
            Ok::<_, io::Error>(())
        }
    });
    until("three are given up on", || letters(&server, 0).len() == 3).await;
    work.stop().await;
    assert_eq!(log.seqs(), [4]);
    assert_eq!(pending(&server, 0), 0);
    let letters = letters(&server, 0);
    let error_of =
        |seq: &str| &letters.iter().find(|one| one["s"] == seq).expect("a letter")["error"];
    assert!(error_of("1").contains("panicked") && error_of("1").contains("before there is"));
    assert_eq!(error_of("2"), "handler panicked: while it is polled");
    assert_eq!(error_of("3"), "handler took longer than 100ms");
}

#[tokio::test]
async fn what_cannot_be_read_is_given_up_on_at_once_and_said_why() {
    let server = Server::start(Program::Valkey, &[]);
    let newer = ["XADD", &events(0), "*", "v", "2", "t", "X"];
    server.command::<String>(&newer).expect("written");
    server.command::<String>(&["XADD", &events(0), "*", "hello", "you"]).expect("written");
    write_at(&server, 0, &[entry(3, None)]);
    let log = Log::default();
    let work = Work::start(consumer(&url(&server)), noting(&log));
    until("two are given up on", || letters(&server, 0).len() == 2 && log.len() == 1).await;
    work.stop().await;
    let errors: Vec<_> = letters(&server, 0).into_iter().map(|mut it| it.remove("error")).collect();
    let expected = [
        "entry cannot be read: it has format 2; this Baton knows 1",
        "entry cannot be read: there is no field \"v\"",
    ];
    assert_eq!(errors, expected.map(|text| Some(text.to_owned())));
    assert_eq!(pending(&server, 0), 0);
}

#[tokio::test]
async fn a_wiped_store_is_read_from_its_new_beginning() {
    let server = Server::start(Program::Valkey, &[]);
    write_at(&server, 0, &range(1..=10, 3));
    let log = Log::default();
    let builder = consumer(&url(&server)).begin(Begin::Oldest);
    let work = Work::start(builder, noting(&log));
    until("the first are handled", || log.len() == 10).await;
    server.command::<String>(&["FLUSHALL"]).expect("wiped");
    // One that was handled before is written again, as an instance does after a wipe.
    write_at(&server, 0, &range(10..=20, 3));
    until("the others are handled", || log.len() == 20).await;
    until("all are acknowledged", || pending(&server, 0) == 0).await;
    work.stop().await;
    let mut seqs = log.seqs();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=20).collect::<Vec<_>>(), "the one that came twice was handled once");
}

#[tokio::test]
async fn only_what_is_wanted_is_handed_over_and_the_rest_is_acknowledged() {
    let server = Server::start(Program::Valkey, &[]);
    let body = EntryBody::Marker {
        seq: Seq(4),
        at: UnixMicros(0),
        marker: Marker::Gap { after: Seq(1), before: Seq(5) },
    };
    let gap = Entry { shard: ShardNumber(0), session: SessionNumber(1), epoch: Epoch(1), body };
    write_at(&server, 0, &[entry(1, None), gap, entry(5, None)]);
    let log = Log::default();
    let noted = log.clone();
    let handlers = Handlers::new().on("cache", MARKERS, move |delivery: Delivery| {
        assert_eq!(delivery.marker(), Some(&Marker::Gap { after: Seq(1), before: Seq(5) }));
        noted.note(&delivery);
        async { Ok::<_, io::Error>(()) }
    });
    let work = Work::start(consumer(&url(&server)), handlers);
    until("all are acknowledged", || log.len() == 1 && pending(&server, 0) == 0).await;
    work.stop().await;
    assert_eq!(log.seqs(), [4]);
    assert!(letters(&server, 0).is_empty());
}

async fn a_stop_finishes_what_is_held_and_leaves_the_rest_to_others_at_once(server: Stand) {
    server.write(&range(1..=3, 2));
    let (log, begun) = (Log::default(), Arc::new(Notify::new()));
    let (noted, told) = (log.clone(), begun.clone());
    let builder = consumer(&url(&server))
        .stop_limit(Duration::from_millis(300))
        .claim_after(Duration::from_secs(6));
    let work = Work::start(builder.clone(), move |delivery: Delivery| {
        let (noted, told) = (noted.clone(), told.clone());
        async move {
            match delivery.key().seq.0 {
                1 => {
                    told.notify_one();
                    std::future::pending::<()>().await;
                }
                _ => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    noted.note(&delivery);
                }
            }
            Ok::<_, io::Error>(())
        }
    });
    begun.notified().await;
    work.stop().await;
    assert_eq!(log.seqs(), [2], "1 hangs, and 3 waits for it");
    assert_eq!(pending(&server, 0), 2);
    let others = Log::default();
    let work = Work::start(builder, noting(&others));
    until("another has them", || others.len() == 2).await;
    work.stop().await;
    assert_eq!(others.seqs(), [1, 3]);
    assert_eq!(pending(&server, 0), 0);
}

async fn who_comes_back_under_its_name_goes_on_with_what_it_left(server: Stand) {
    server.write(&range(1..=5, 1));
    server.ensure_group();
    let read = ["XREADGROUP", "GROUP", "group", "me", "COUNT", "3", "STREAMS", &events(0), ">"];
    server.command::<redis::Value>(&read).expect("read, and died");
    let log = Log::default();
    let builder = consumer(&url(&server)).name("me").claim_after(Duration::from_secs(600));
    let work = Work::start(builder, noting(&log));
    until("all are handled", || log.len() == 5).await;
    work.stop().await;
    assert_eq!(log.seqs(), [1, 2, 3, 4, 5]);
    assert_eq!(
        members(&server, 0),
        ["me"],
        "the last one stays, so that its group counts as alive"
    );
}

async fn what_is_being_handled_for_long_is_not_taken_over(server: Stand) {
    server.write(&[entry(1, Some(1))]);
    let (log, other) = (Log::default(), Log::default());
    let noted = log.clone();
    let slow = move |delivery: Delivery| {
        let noted = noted.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            noted.note(&delivery);
            Ok::<_, io::Error>(())
        }
    };
    let work = Work::start(consumer(&url(&server)), slow);
    until("it is being handled", || pending(&server, 0) == 1).await;
    let second = Work::start(consumer(&url(&server)), noting(&other));
    until("it is handled", || log.len() == 1).await;
    work.stop().await;
    second.stop().await;
    assert_eq!((log.seqs(), other.seqs()), (vec![1], vec![]));
    assert_eq!(pending(&server, 0), 0);
}
