//! The metrics, compared with what is known to be true: the catalogue, and the simulated Discord's
//! ledger.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_e2e::{asking::get, virtual_time::World};
use baton_mock_discord::{Fault, Input};
use baton_model::{Seq, ShardNumber, limits::DRAIN_LIMIT};
use baton_store_embedded::{Resp, RespOptions};
use baton_telemetry::catalogue::{Kind, Metric, ShownBy, all};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// What a process shows.
#[derive(Debug, Default)]
struct Shown {
    /// Each metric's kind.
    kinds: BTreeMap<String, String>,
    /// Each series with its value.
    series: BTreeMap<String, f64>,
}

impl Shown {
    async fn by(world: &World, number: u128) -> Self {
        let answer = get(world.instances[&number].http, "/metrics").await;
        assert_eq!(answer.status, 200);
        let mut shown = Self::default();
        for line in answer.body.lines().filter(|line| !line.is_empty()) {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and a kind");
                let before = shown.kinds.insert(name.to_owned(), kind.to_owned());
                assert_eq!(before, None, "{name} is announced twice");
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').expect("a series and a value");
                let value = value.parse().expect("a number");
                let before = shown.series.insert(series.to_owned(), value);
                assert_eq!(before, None, "{series} is shown twice");
            }
        }
        shown
    }

    /// The sum of all series of a metric that have these labels.
    fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let is_it = |series: &str| {
            let rest = series.strip_prefix(name).unwrap_or("?");
            (rest.is_empty() || rest.starts_with('{')) && labels.iter().all(|it| rest.contains(it))
        };
        self.series.iter().filter(|(series, _)| is_it(series)).map(|(_, value)| value).sum()
    }

    /// Every series is of a metric of the catalogue, with its kind and its labels.
    fn ensure_known(&self) {
        let known: BTreeMap<_, _> = all().map(|metric| (metric.name, metric)).collect();
        for (name, kind) in &self.kinds {
            let metric = known.get(name.as_str());
            let metric = metric.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
            assert_eq!(metric.kind.as_str(), kind, "{name}");
        }
        for series in self.series.keys() {
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            let suffixes = ["_bucket", "_sum", "_count"];
            let base = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
            let metric = known.get(name).or_else(|| known.get(base?)).copied();
            let metric = metric.unwrap_or_else(|| panic!("{series} is not in the catalogue"));
            assert_eq!(labels_of(labels), named(metric), "{series}");
            assert!(self.kinds.contains_key(metric.name), "{series} is not announced");
        }
    }
}

/// The names of labels, without that of buckets.
fn labels_of(labels: &str) -> BTreeSet<&str> {
    let names = labels.trim_end_matches('}').split("\",");
    let names = names.filter_map(|label| Some(label.split_once('=')?.0));
    names.filter(|name| *name != "le").collect()
}

fn named(metric: &Metric) -> BTreeSet<&'static str> {
    metric.labels.iter().map(|label| label.as_str()).collect()
}

/// Makes a consumer group that has read nothing.
async fn make_group(world: &World, stream: &str) -> Resp {
    let address = "127.0.0.1:0".parse().expect("an address");
    let resp = Resp::listen(&world.store, RespOptions { address, password: None });
    let resp = resp.await.expect("it listens");
    let mut connection = TcpStream::connect(resp.address()).await.expect("it listens");
    let command = format!("XGROUP CREATE {stream} readers 0 MKSTREAM\r\n");
    connection.write_all(inline(&command).as_bytes()).await.expect("written");
    let mut answer = [0; 5];
    connection.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"+OK\r\n");
    resp
}

fn inline(command: &str) -> String {
    let words: Vec<_> = command.split_whitespace().collect();
    let word = |word: &&str| format!("${}\r\n{word}\r\n", word.len());
    format!("*{}\r\n{}", words.len(), words.iter().map(word).collect::<String>())
}

#[tokio::test(start_paused = true)]
async fn what_instances_show_is_in_the_catalogue_and_the_other_way_round() {
    let world = World::of_four_shards(2).await;
    let resp = make_group(&world, "baton:{app.0}:events").await;
    world.load(Duration::from_millis(200)).await;
    seconds(20).await;
    let mut shown = BTreeSet::new();
    let look = async |world: &World, shown: &mut BTreeSet<String>| {
        for number in [1, 2].into_iter().filter(|number| world.instances.contains_key(number)) {
            let page = Shown::by(world, number).await;
            page.ensure_known();
            shown.extend(page.kinds.into_keys());
        }
    };
    // What costs the store something is looked at when somebody has asked once.
    for _ in 0..4 {
        look(&world, &mut shown).await;
        seconds(10).await;
    }
    world.instances[&1].ear.fleet(baton_fleet::Input::Drain { limit: DRAIN_LIMIT });
    seconds(5).await;
    for _ in 0..4 {
        look(&world, &mut shown).await;
        seconds(10).await;
    }
    // Two that agree have nothing to count there.
    let never = ["baton_conflicts_total"];
    let expected = all().filter(|metric| match metric.shown_by {
        ShownBy::Gateway | ShownBy::GatewayPerShard => !never.contains(&metric.name),
        ShownBy::Planner | ShownBy::LaneKeeper => true,
        ShownBy::Consumer | ShownBy::Archiver => false,
    });
    let expected: BTreeSet<_> = expected.map(|metric| metric.name.to_owned()).collect();
    let missing: Vec<_> = expected.difference(&shown).collect();
    assert!(missing.is_empty(), "in the catalogue, and shown by nobody: {missing:?}");
    drop(resp);
}

#[tokio::test(start_paused = true)]
async fn the_counts_are_those_of_discords_ledger() {
    let world = World::of_four_shards(1).await;
    world.load(Duration::from_millis(200)).await;
    seconds(60).await;
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
    let shown = Shown::by(&world, 1).await;
    let (sent, sessions) = world
        .discord
        .look(|discord| {
            let sessions = &discord.ledger().sessions;
            (sessions.values().map(|it| it.sent.len()).sum::<usize>(), sessions.len())
        })
        .await;
    let entries = world.entries().await.len();
    let count = |name, labels: &[&str]| shown.sum(name, labels);
    assert_eq!(count("baton_dispatches_total", &[]), number(sent));
    assert_eq!(count("baton_dispatches_total", &["event=\"READY\""]), number(sessions));
    assert_eq!(count("baton_sessions_total", &["how=\"identified\""]), number(sessions));
    assert_eq!(count("baton_sessions_total", &["how=\"resumed\""]), 0.0);
    assert_eq!(count("baton_identify_permits_total", &["outcome=\"granted\""]), number(sessions));
    assert_eq!(count("baton_identify_wait_seconds_count", &[]), number(sessions));
    assert_eq!(count("baton_appended_total", &[]), number(sent));
    assert!(entries >= sent, "{entries} with markers, {sent} sent");
    assert_eq!(count("baton_appends_refused_total", &[]), 0.0);
    assert_eq!(count("baton_append_entries_sum", &[]), number(sent));
    assert_eq!(count("baton_event_seconds_count", &[]), number(sent));
    assert_eq!(count("baton_replayed_total", &[]), 0.0);
    assert_eq!(count("baton_connections_total", &[]), 4.0);
    let of_shards = count("baton_shard_dispatches_total", &[]);
    assert_eq!(of_shards, number(sent));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_discord_closes_is_counted_by_its_code_and_as_a_resume() {
    let world = World::of_four_shards(1).await;
    world.load(Duration::from_millis(200)).await;
    let shard = Some(ShardNumber(2));
    let close = Fault::CloseAfter { seq: Seq(1), code: 4008, shard };
    world.discord.input(Input::Fault(close)).await;
    seconds(30).await;
    world.discord.input(Input::Fault(Fault::Reconnect { shard: None })).await;
    seconds(30).await;
    let shown = Shown::by(&world, 1).await;
    let count = |name, labels: &[&str]| shown.sum(name, labels);
    assert_eq!(count("baton_connections_closed_total", &["code=\"4008\""]), 1.0);
    assert_eq!(count("baton_connections_closed_total", &[]), 5.0);
    assert_eq!(count("baton_reconnects_asked_total", &[]), 4.0);
    assert_eq!(count("baton_sessions_total", &["how=\"resumed\""]), 5.0);
    assert_eq!(count("baton_session_gap_seconds_count", &["how=\"resumed\""]), 5.0);
    assert_eq!(count("baton_connections_total", &[]), 4.0 + 5.0);
    assert_eq!(count("baton_hand_overs_total", &[]), 0.0);
    let report = world.judge().await;
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_is_counted_by_both_of_its_sides() {
    let world = World::of_four_shards(2).await;
    let held = world.held_by(1);
    assert!(held > 0, "instance 1 has something to give");
    world.instances[&1].ear.fleet(baton_fleet::Input::Drain { limit: DRAIN_LIMIT });
    seconds(1).await;
    let (source, mut given) = (&world.instances[&1], 0.0);
    // It ends when it has nothing left; until then it says what it gave.
    for _ in 0..600 {
        if source.outlook.view.has_changed().is_err() {
            break;
        }
        given = Shown::by(&world, 1).await.sum("baton_hand_overs_total", &["outcome=\"moved\""]);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    seconds(10).await;
    given = f64::max(given, Shown::by(&world, 1).await.sum("baton_hand_overs_total", &["moved"]));
    let target = Shown::by(&world, 2).await;
    let count = |name, labels: &[&str]| target.sum(name, labels);
    assert_eq!(given, number(held));
    assert_eq!(count("baton_hand_overs_total", &["outcome=\"resumed\""]), number(held));
    assert_eq!(count("baton_leases_taken_total", &["how=\"accepted\""]), number(held));
    assert_eq!(count("baton_hand_over_gap_seconds_count", &[]), number(held));
    for step in ["warming", "accepting", "resuming"] {
        let step = format!("step=\"{step}\"");
        assert_eq!(count("baton_hand_over_step_seconds_count", &[&step]), number(held), "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_planner_sees_is_shown_once_somebody_reads_it_and_by_nobody_else() {
    let world = World::of_four_shards(2).await;
    let first = Shown::by(&world, 1).await;
    assert!(!first.kinds.contains_key("baton_fleet_shards_owned"), "nobody has asked before");
    Shown::by(&world, 2).await;
    seconds(30).await;
    let shown = [Shown::by(&world, 1).await, Shown::by(&world, 2).await];
    let say = |name: &str| -> Vec<f64> {
        let says = shown.iter().filter(|it| it.kinds.contains_key(name));
        says.map(|it| it.sum(name, &[])).collect()
    };
    assert_eq!(say("baton_fleet_shards_owned"), [4.0]);
    assert_eq!(say("baton_fleet_shards_orphaned"), [0.0]);
    assert_eq!(say("baton_fleet_shards_live"), [4.0]);
    assert_eq!(say("baton_fleet_shards_doubly_claimed"), [0.0]);
    assert_eq!(say("baton_fleet_shards_expected"), [4.0, 4.0]);
    assert_eq!(shown.iter().map(|it| it.sum("baton_leases_held", &[])).sum::<f64>(), 4.0);
    let of_planner = all().filter(|metric| metric.shown_by == ShownBy::Planner);
    let of_planner: Vec<_> = of_planner.collect();
    assert!(of_planner.len() > 5 && of_planner.iter().all(|it| it.kind == Kind::Gauge));
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("few enough"))
}
