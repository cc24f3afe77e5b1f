//! What operators are told of handlers: on a real server, and on the embedded store over its Redis
//! face.

#[expect(dead_code, reason = "entries are read and given back elsewhere")]
#[path = "reading/stand.rs"]
mod stand;
#[expect(dead_code, reason = "what is given up on is looked at elsewhere")]
mod support;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use baton_consumer::{ConsumerBuilder, Delivery, Handlers, Health, RunError};
use baton_model::{
    ConsumerReport, HandlerReport, Line, StoreMillis,
    limits::{CONSUMER_REPORT_KEPT, CONSUMER_REPORTS_MAX},
    whole_millis,
};
use baton_store::stored::consumer_report::encode;
use baton_test_servers::{Program, Server};
use stand::{Stand, on_both};
use support::{PATIENCE, Speaker, consumer, entry, until, url, write_at};
use tokio::{sync::Notify, task::JoinHandle, time::sleep};

const KEY: &str = "baton:{bot}:handlers";

/// A consumer at work, whose handler does well as long as it is told to.
struct Work {
    running: JoinHandle<Result<(), RunError>>,
    stop: Arc<Notify>,
    does_well: Arc<AtomicBool>,
    health: Health,
}

impl Work {
    fn start(builder: ConsumerBuilder) -> Self {
        let (does_well, stop) = (Arc::new(AtomicBool::new(true)), Arc::new(Notify::new()));
        let (told, stopped) = (does_well.clone(), stop.clone());
        let handle = move |_: Delivery| {
            let outcome = match told.load(Ordering::Relaxed) {
                true => Ok(()),
                false => Err(io::Error::other("no such table")),
            };
            async move { outcome }
        };
        let handlers = Handlers::new()
            .on("rare", ["GUILD_DELETE"], async |_| Ok::<_, io::Error>(()))
            .rest("greeter", handle);
        let consumer = builder.attempts_max(1).build().expect("a consumer");
        let health = consumer.health();
        let running =
            tokio::spawn(async move { consumer.run_until(handlers, stopped.notified()).await });
        Self { running, stop, does_well, health }
    }

    async fn until_handled(&self, count: u64) {
        let handled = || self.health.handler("greeter").is_some_and(|it| it.handled == count);
        until("all is handled", handled).await;
    }

    async fn stop(self) {
        self.stop.notify_one();
        self.running.await.expect("no panic").expect("a clean end");
    }
}

/// The report of a consumer, once it is as it should be.
async fn told(
    stand: &Stand,
    name: &str,
    what: &str,
    is_so: impl Fn(&ConsumerReport) -> bool,
) -> ConsumerReport {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let reports = stand.consumer_reports().await;
        let found = reports.iter().find(|(found, _)| found == name);
        let found = found.map(|(_, report)| report.clone().expect("it can be read"));
        match found {
            Some(report) if is_so(&report) => return report,
            found => assert!(Instant::now() < deadline, "waited until {what}: {found:?}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

fn handler<'a>(report: &'a ConsumerReport, name: &str) -> &'a HandlerReport {
    let found = report.handlers.iter().find(|handler| handler.name.as_str() == name);
    found.expect("it is told of")
}

/// A report of one that has told nothing for so long.
fn left_behind(stand: &Stand, name: &str, silence: Duration) {
    let time: (u64, u64) = stand.command(&["TIME"]).expect("the time");
    let report = ConsumerReport {
        at: StoreMillis(time.0 * 1_000 - whole_millis(silence)),
        group: Line::shortened("group"),
        consumer: Line::shortened(name),
        handlers: Vec::new(),
        left_out: 0,
    };
    write(stand, name, &encode(&report));
}

fn write(stand: &Stand, name: &str, report: &str) {
    stand.command::<i64>(&["HSET", KEY, name, report]).expect("written");
}

on_both! {
    operators_are_told_when_a_handler_fails_and_when_it_is_well_again,
    what_the_dead_have_left_is_removed_and_nothing_of_the_living,
    beyond_so_many_consumers_one_is_silent_and_works,
    whoever_wants_it_tells_nothing,
}

async fn operators_are_told_when_a_handler_fails_and_when_it_is_well_again(stand: Stand) {
    let work = Work::start(consumer(&url(&stand)).name("a"));
    let report = told(&stand, "group/a", "it has told", |_| true).await;
    assert_eq!((report.group.as_str(), report.consumer.as_str()), ("group", "a"));
    assert_eq!((handler(&report, "rare").handled, &handler(&report, "rare").error), (0, &None));
    work.does_well.store(false, Ordering::Relaxed);
    stand.write(&[entry(1, None)]);
    let fails = |report: &ConsumerReport| handler(report, "greeter").error.is_some();
    let report = told(&stand, "group/a", "it fails", fails).await;
    let told_of = handler(&report, "greeter");
    assert_eq!(told_of.error.as_ref().map(|error| error.as_str()), Some("no such table"));
    assert_eq!((told_of.handled, told_of.failed, told_of.failed_in_a_row), (0, 1, 1));
    assert_eq!(report.handlers[0], *told_of, "who fails comes first");
    work.does_well.store(true, Ordering::Relaxed);
    stand.write(&[entry(2, None)]);
    let is_well = |report: &ConsumerReport| handler(report, "greeter").handled == 1;
    let report = told(&stand, "group/a", "it is well", is_well).await;
    let told_of = handler(&report, "greeter");
    assert_eq!((told_of.failed, told_of.failed_in_a_row, &told_of.error), (1, 0, &None));
    work.stop().await;
    assert_eq!(stand.consumer_reports().await, [], "who leaves takes back what it told");
}

async fn what_the_dead_have_left_is_removed_and_nothing_of_the_living(stand: Stand) {
    let second = Duration::from_secs(1);
    left_behind(&stand, "group/dead", CONSUMER_REPORT_KEPT + second);
    left_behind(&stand, "group/silent", CONSUMER_REPORT_KEPT - 60 * second);
    write(&stand, "group/garbage", "what is no report");
    write(&stand, "group/newer", &format!(r#"{{"v":9,"at":{}}}"#, u64::MAX));
    let work = Work::start(consumer(&url(&stand)).name("a"));
    told(&stand, "group/a", "it has told", |_| true).await;
    let reports = stand.consumer_reports().await;
    let names: Vec<_> = reports.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["group/a", "group/newer", "group/silent"]);
    work.stop().await;
}

async fn beyond_so_many_consumers_one_is_silent_and_works(stand: Stand) {
    for number in 0..CONSUMER_REPORTS_MAX {
        left_behind(&stand, &format!("group/{number}"), Duration::ZERO);
    }
    let work = Work::start(consumer(&url(&stand)).name("a"));
    stand.write(&[entry(1, None)]);
    work.until_handled(1).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(stand.consumer_reports().await.len(), CONSUMER_REPORTS_MAX);
    work.stop().await;
    assert_eq!(stand.consumer_reports().await.len(), CONSUMER_REPORTS_MAX);
}

async fn whoever_wants_it_tells_nothing(stand: Stand) {
    let work = Work::start(consumer(&url(&stand)).name("a").unreported());
    stand.write(&[entry(1, None)]);
    work.until_handled(1).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(stand.consumer_reports().await, []);
    work.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_does_not_take_it_changes_nothing_for_the_consumer() {
    let server = Server::start(Program::Valkey, &[]);
    let rights = ["~baton:{bot.0}:*", "~baton:{main}:*", "+@all"];
    let words = [&["ACL", "SETUSER", "consumer", "reset", "on", ">secret"][..], &rights].concat();
    server.command::<()>(&words).expect("a user");
    let url = format!("valkey://consumer:secret@127.0.0.1:{}", server.port());
    let work = Work::start(consumer(&url).name("a"));
    let stand = Stand::Valkey(server);
    for seq in 1..=3 {
        stand.write(&[entry(seq, None)]);
        sleep(Duration::from_millis(700)).await;
    }
    work.until_handled(3).await;
    assert_eq!(stand.consumer_reports().await, []);
    assert!(!work.running.is_finished(), "it lives");
    work.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_comes_back_empty_is_told_again() {
    let mut server = Server::start(Program::Valkey, &[]);
    let work = Work::start(consumer(&url(&server)).name("a"));
    let stand_of = |server: &Server| format!("{KEY} at {}", server.port());
    let reports = |server: &Server| -> i64 { server.command(&["HLEN", KEY]).unwrap_or(0) };
    until(&stand_of(&server), || reports(&server) == 1).await;
    server.kill();
    server.restart();
    until("it has told again", || reports(&server) == 1).await;
    write_at(&server, 0, &[entry(1, None)]);
    work.until_handled(1).await;
    work.stop().await;
    assert_eq!(reports(&server), 0);
}
