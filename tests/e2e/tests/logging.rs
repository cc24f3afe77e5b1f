//! The log of a gateway, of an archiver and of `baton up`, as a real collector has understood it.

use std::{
    fs,
    io::Read,
    net::TcpListener,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use baton_e2e::{
    collector::{Collector, Line},
    processes::{self, Fleet, PATIENCE, program, valkey},
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

/// How long a process may take to end while its collector hangs: the 3 s that it waits for it, and
/// much for a machine that is busy.
const END_MAX: Duration = Duration::from_secs(30);

const URL: &str = "BATON_TELEMETRY__OTLP_URL";
const LOGS_URL: &str = "BATON_TELEMETRY__OTLP_LOGS_URL";

/// Ends a gateway, and waits until its process is gone.
async fn end(fleet: &mut Fleet, name: &str) {
    fleet.gateway(name).signal(Signal::TERM);
    let gateway = fleet.gateways.get_mut(name).expect("it runs");
    assert!(gateway.ended().await.success(), "{}", fleet.logs());
}

/// Gateways `a` and `b`, both told this, of which `a` has had shards and has handed them over to
/// `b`; both have ended.
async fn hand_over(told: &[(&str, &str)]) -> Fleet {
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, processes::discord(), 4).await;
    fleet.start_another("a", &program("baton-gateway"), told);
    fleet.until_all_live().await;
    fleet.start_another("b", &program("baton-gateway"), told);
    fleet.until_all_live().await;
    end(&mut fleet, "a").await;
    fleet.until_all_live().await;
    end(&mut fleet, "b").await;
    fleet
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_the_log_arrives_once_with_its_severity_and_its_trace_and_without_secrets() {
    let collector = Collector::start();
    let url = collector.url();
    let fleet = hand_over(&[(URL, &url), (LOGS_URL, &url)]).await;
    let lines = collector.lines();
    for name in ["a", "b"] {
        let log = fleet.gateway(name).log();
        let of_it: Vec<_> = lines.iter().filter(|line| line.of.1 == name).collect();
        // All of them, the last as well, and nothing because something was sent.
        assert_eq!(of_it.len(), log.lines().count(), "{of_it:#?}\n{log}");
        assert!(of_it.iter().all(|line| line.of.0 == "baton-gateway"));
        for line in &of_it {
            // Threads that log at once may come in another order here than there.
            let is_it = |it: &str| it.contains(&line.severity) && it.contains(&line.message);
            assert!(log.lines().any(is_it), "{line:?}\n{log}");
        }
        let starting = of_it.iter().find(|line| line.message == "starting").expect("it says so");
        assert_eq!((starting.severity.as_str(), starting.place.0.as_str()), ("INFO", ""));
        assert_eq!(starting.attribute("fleet"), Some(fleet.name()));
        assert!(of_it.iter().any(|line| line.message == "ended"), "{of_it:#?}");
    }
    let of_hand_overs: Vec<_> =
        lines.iter().filter(|line| line.message == "a hand-over has ended").collect();
    assert!(of_hand_overs.len() > 1, "{}", fleet.logs());
    let spans = collector.spans();
    for line in of_hand_overs {
        let (trace, id) = &line.place;
        let span = spans.iter().find(|span| span.trace == *trace && span.id == *id);
        let span = span.unwrap_or_else(|| panic!("{line:?} has no span"));
        assert_eq!(span.instance, line.of.1);
        assert_eq!(span.attribute("baton.shard"), line.attribute("shard"));
        assert_eq!(span.attribute("baton.outcome"), line.attribute("outcome"));
    }
    let token = fs::read_to_string(fleet.token_file()).expect("a token");
    assert!(!collector.all_text().contains(token.trim()), "the token is at the collector");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_stays_here_unless_somebody_says_where_it_goes() {
    let collector = Collector::start();
    let fleet = hand_over(&[(URL, &collector.url())]).await;
    assert!(fleet.gateway("a").log().contains("a hand-over has ended"), "{}", fleet.logs());
    assert!(!collector.spans().is_empty());
    assert_eq!(collector.lines(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_delays_the_end_by_seconds() {
    let hanging = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", hanging.local_addr().expect("an address"));
    let (asked, was_asked) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in hanging.incoming().flatten() {
            let mut first = [0; 64];
            let read = stream.read(&mut first).unwrap_or_default();
            drop(asked.send(String::from_utf8_lossy(&first[..read]).into_owned()));
            kept.push(stream);
        }
    });
    let valkey = valkey();
    let mut fleet = Fleet::over(&valkey, processes::discord(), 4).await;
    fleet.start_another("a", &program("baton-gateway"), &[(URL, &url), (LOGS_URL, &url)]);
    fleet.until_all_live().await;
    let heard = was_asked.recv_timeout(PATIENCE).expect("something is sent");
    assert!(heard.starts_with("POST /v1/logs"), "{heard}");
    let begun = Instant::now();
    end(&mut fleet, "a").await;
    println!("ended after {:?}", begun.elapsed());
    assert!(begun.elapsed() < END_MAX, "{:?}", begun.elapsed());
    let log = fleet.gateway("a").log();
    assert!(log.contains("the last lines of the log may not be sent"), "{log}");
}

#[tokio::test]
async fn what_an_archiver_says_last_arrives_although_it_fails() {
    let collector = Collector::start();
    let url = collector.url();
    let mut archiver = Command::new(program("baton-archiver"));
    archiver.env_clear().kill_on_drop(true).envs([
        ("BATON_ARCHIVER_APP", "bot"),
        ("BATON_ARCHIVER_STORE__URL", "valkey://127.0.0.1:1"),
        ("BATON_ARCHIVER_ARCHIVE__FOLDER", "/no/such/folder"),
        ("BATON_ARCHIVER_TELEMETRY__OTLP_LOGS_URL", &url),
    ]);
    let ended = archiver.output().await.expect("it runs");
    let written = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{written}");
    let lines = collector.lines();
    assert_eq!(lines.len(), written.lines().count(), "{lines:?} {written}");
    let last = lines.last().expect("a line");
    assert_eq!(last.of, ("baton-archiver".to_owned(), "archiver".to_owned()));
    assert_eq!((last.severity.as_str(), last.message.as_str()), ("ERROR", "cannot go on"));
    let why = last.attribute("failure").expect("it says why");
    assert!(why.contains("/no/such/folder"), "{why}");
}

/// `baton` on this folder, with nothing in its environment but where a collector is.
fn baton(data: &Path, collector: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("baton"));
    command.env_clear().env("OTEL_EXPORTER_OTLP_ENDPOINT", collector).kill_on_drop(true);
    command.arg("--data").arg(data).args(arguments);
    command
}

const UP: [&str; 5] = ["up", "--listen", "127.0.0.1:0", "--page", "127.0.0.1:0"];

#[tokio::test(flavor = "multi_thread")]
async fn up_tells_a_collector_that_the_usual_variable_names() {
    let (collector, folder) = (Collector::start(), tempfile::tempdir().expect("a folder"));
    let said = folder.path().join("said");
    let file = fs::File::create(&said).expect("a file");
    let mut up = baton(folder.path(), &collector.url(), &UP);
    let mut up = up.stderr(file).spawn().expect("it starts");
    let begun = Instant::now();
    // An instance has something to give once both have shared the shards.
    while !collector.spans().iter().any(|span| span.name == "hand over demo") {
        assert!(begun.elapsed() < PATIENCE, "{}", fs::read_to_string(&said).expect("a file"));
        let mut drain = baton(folder.path(), "", &["drain", "up-1"]);
        drop(drain.output().await.expect("it runs"));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let pid = up.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).expect("it runs");
    kill_process(pid, Signal::TERM).expect("it runs");
    assert!(up.wait().await.expect("it ends").success());
    let (spans, lines) = (collector.spans(), collector.lines());
    let span = spans.iter().find(|span| span.name == "hand over demo").expect("it was there");
    let of_it = |line: &&Line| line.place == (span.trace.clone(), span.id.clone());
    let line = lines.iter().find(of_it).unwrap_or_else(|| panic!("{span:?} has no line"));
    assert_eq!(line.message, "a hand-over has ended");
    assert_eq!(line.of, ("baton-up".to_owned(), "demo".to_owned()));
    let said = fs::read_to_string(&said).expect("a file");
    assert!(!said.contains("INFO") && !said.contains("a hand-over"), "up's own words only: {said}");
}

#[tokio::test]
async fn a_collector_whose_address_has_a_login_is_refused_without_being_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = baton(folder.path(), "http://me:hunter2@host:4318", &UP).output().await;
    let refused = refused.expect("it runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{said}");
    assert!(!said.contains("hunter2") && !said.contains("BATON_"), "{said}");
}
