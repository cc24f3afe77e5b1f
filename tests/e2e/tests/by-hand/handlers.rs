//! How long an event is on its way from the gateway's socket to a handler of the consumers' SDK.

use std::{
    io,
    num::NonZeroU16,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use baton_consumer::{Consumer, Delivery, LaneCount};
use baton_e2e::{
    processes::{Fleet, app, discord},
    scenario::table::percentile,
};
use baton_test_servers::{Program, Server};
use tokio::{sync::Notify, time::sleep};

const SHARDS: u32 = 20;

/// Each of the shards gets an event so often: 2,000 in a second.
const EVERY: Duration = Duration::from_millis(10);

const MEASURED: Duration = Duration::from_secs(30);

/// Both clocks are this machine's.
fn under_way(delivery: &Delivery) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    now.saturating_sub(Duration::from_micros(delivery.at().0))
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_to_handlers_in_a_moment() {
    // One that writes nothing to a disk: how fast that is, is not what this is about.
    let valkey = Server::start(Program::Valkey, &[]);
    let mut fleet = Fleet::over(&valkey, discord(), SHARDS).await;
    fleet.start("a");
    fleet.until_all_live().await;
    let (took, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
    let consumer = Consumer::builder(fleet.url(), app().as_str(), "measured")
        .fleet(fleet.name())
        .lanes(LaneCount(NonZeroU16::new(4).expect("4 lanes")))
        .build()
        .expect("a consumer");
    let (noted, stopped) = (took.clone(), stop.clone());
    let handler = move |delivery: Delivery| {
        noted.lock().expect("no panic").push(under_way(&delivery));
        async { Ok::<_, io::Error>(()) }
    };
    let running =
        tokio::spawn(async move { consumer.run_until(handler, stopped.notified()).await });
    fleet.load(EVERY).await;
    sleep(Duration::from_secs(3)).await;
    // What came while everything came up is not what this is about.
    took.lock().expect("no panic").clear();
    sleep(MEASURED).await;
    let took = std::mem::take(&mut *took.lock().expect("no panic"));
    stop.notify_one();
    running.await.expect("no panic").expect("a clean end");
    let a_second = took.len() as u64 / MEASURED.as_secs();
    let [median, high, worst] =
        [50, 99, 100].map(|of| percentile(&took, of).expect("something came"));
    println!("{a_second} events/s: p50 {median:?}, p99 {high:?} (goal 5 ms), worst {worst:?}");
    assert!(a_second > 1_500, "{a_second} events/s are no load of 2,000");
}
