//! Exclusive lanes, on a real server and on the embedded store over its Redis face: who may act on
//! one, and who takes one over.

#[expect(dead_code, reason = "what is given up on is looked at elsewhere")]
mod support;

#[path = "reading/stand.rs"]
#[expect(dead_code, reason = "some of it is for other tests")]
mod stand;

use std::{
    io,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use baton_consumer::Delivery;
use baton_test_servers::{Program, Server};
use stand::{Stand, on_both};
use support::{Speaker, connection, consumer, entry, pending, until, url, write_at};
use tokio::sync::Notify;

const ROW: &str = "baton:{bot.0}:reader:group";
const READERS: &str = "baton:{bot}:readers:group";

/// Somebody else in the group, who does nothing but beat, and says that the lane is its own.
struct Stranger {
    running: Arc<Mutex<bool>>,
}

impl Stranger {
    /// One that is about to go: it is given nothing, and has the lane.
    fn start(port: u16) -> Self {
        Self::beating(port, r#""tier":0,"condition":"leaving","lanes":[0]"#)
    }

    /// One of a better tier: whoever sees it leaves the lane to it, which it never takes.
    fn start_better(port: u16) -> Self {
        Self::beating(port, r#""tier":0,"condition":"fit","lanes":[]"#)
    }

    fn beating(port: u16, rest: &'static str) -> Self {
        let running = Arc::new(Mutex::new(true));
        let goes_on = running.clone();
        thread::spawn(move || {
            let mut connection = connection(port);
            for beat in 1_u64.. {
                if !*goes_on.lock().expect("no panic") {
                    return;
                }
                let record = format!(r#"{{"beat":{beat},{rest}}}"#);
                let beat = redis::cmd("HSET")
                    .arg(READERS)
                    .arg("stranger")
                    .arg(record)
                    .exec(&mut connection);
                beat.expect("a beat");
                thread::sleep(Duration::from_millis(200));
            }
        });
        Self { running }
    }

    fn die(&self) {
        *self.running.lock().expect("no panic") = false;
    }
}

/// The lease row of the lane: its epoch, once there is one.
fn epoch(server: &impl Speaker) -> Option<u64> {
    server.command(&["HGET", ROW, "epoch"]).expect("an answer")
}

on_both! {
    who_has_lost_a_lane_acknowledges_nothing_and_takes_it_over_from_the_dead_in_order,
}

async fn who_has_lost_a_lane_acknowledges_nothing_and_takes_it_over_from_the_dead_in_order(
    server: Stand,
) {
    let (log, go) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
    let (noted, gone) = (log.clone(), go.clone());
    let handler = move |delivery: Delivery| {
        let (noted, gone) = (noted.clone(), gone.clone());
        async move {
            let seq = delivery.key().seq.0;
            noted.lock().expect("no panic").push(seq);
            let is_first_try =
                noted.lock().expect("no panic").iter().filter(|one| **one == seq).count() == 1;
            if seq == 2 && is_first_try {
                gone.notified().await;
            }
            Ok::<_, io::Error>(())
        }
    };
    let handled = |count: usize| {
        let log = log.clone();
        move || log.lock().expect("no panic").len() == count
    };
    let running = consumer(&url(&server)).exclusive().build().expect("a consumer");
    let running = tokio::spawn(running.run(handler));
    server.write(&[entry(1, Some(1)), entry(2, Some(1))]);
    until("the second is being handled", handled(2)).await;
    until("the first is acknowledged", || pending(&server, 0) == 1).await;

    let held = epoch(&server).expect("a lease");
    let stranger = Stranger::start(server.port());
    let taken = (held + 1_000).to_string();
    server.command::<()>(&["HSET", ROW, "epoch", &taken, "owner", "stranger"]).expect("taken");
    go.notify_one();
    server.write(&[entry(3, Some(1))]);
    let quiet = Instant::now();
    until("a while has passed", || quiet.elapsed() > Duration::from_secs(3)).await;
    assert_eq!(*log.lock().expect("no panic"), [1, 2], "nothing was begun without the lease");
    assert_eq!(pending(&server, 0), 1, "the second was not acknowledged");

    stranger.die();
    let died = Instant::now();
    until("the others are handled", handled(4)).await;
    println!("taken over after {:?}", died.elapsed());
    assert_eq!(*log.lock().expect("no panic"), [1, 2, 2, 3], "what was pending came first");
    until("all are acknowledged", || pending(&server, 0) == 0).await;
    assert!(epoch(&server).expect("a lease") > held + 1_000);
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_store_is_told_again_who_has_the_lane() {
    let server = Server::start(Program::Valkey, &[]);
    let log = Arc::new(Mutex::new(Vec::new()));
    let noted = log.clone();
    let handler = move |delivery: Delivery| {
        noted.lock().expect("no panic").push(delivery.key().seq.0);
        async { Ok::<_, io::Error>(()) }
    };
    let running = consumer(&url(&server)).exclusive().build().expect("a consumer");
    let running = tokio::spawn(running.run(handler));
    write_at(&server, 0, &[entry(1, Some(1))]);
    until("the first is handled", || *log.lock().expect("no panic") == [1]).await;
    let held = epoch(&server);
    server.command::<String>(&["FLUSHALL"]).expect("wiped");
    write_at(&server, 0, &[entry(2, Some(1))]);
    until("the second is handled", || *log.lock().expect("no panic") == [1, 2]).await;
    assert_eq!(epoch(&server), held, "under the lease that it had");
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_comes_back_is_not_given_up_for_having_been_let_go_of_before() {
    let server = Server::start(Program::Valkey, &[]);
    let log = Arc::new(Mutex::new(Vec::new()));
    let (begun, stop_limit) = (log.clone(), Duration::from_secs(6));
    let handler = move |delivery: Delivery| {
        begun.lock().expect("no panic").push(delivery.key().seq.0);
        async move {
            if delivery.key().seq.0 == 2 {
                tokio::time::sleep(stop_limit).await;
            }
            Ok::<_, io::Error>(())
        }
    };
    let running = consumer(&url(&server)).tier(1).stop_limit(stop_limit);
    let running = tokio::spawn(running.build().expect("a consumer").run(handler));
    write_at(&server, 0, &[entry(1, Some(1))]);
    until("the first is acknowledged", || {
        log.lock().expect("no panic").len() == 1 && pending(&server, 0) == 0
    })
    .await;
    let owner = || server.command::<String>(&["HGET", ROW, "owner"]).expect("a row");
    let stranger = Stranger::start_better(server.port());
    until("the lane is given back", || owner().is_empty()).await;
    stranger.die();
    write_at(&server, 0, &[entry(2, Some(1))]);
    until("the second is handled", || {
        log.lock().expect("no panic").len() > 1 && pending(&server, 0) == 0
    })
    .await;
    assert_eq!(*log.lock().expect("no panic"), [1, 2], "once, and not cut short");
    running.abort();
}
