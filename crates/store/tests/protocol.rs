//! `docs/protocol.md` is the contract with consumers: it must say what the code does.

use std::{collections::BTreeSet, fs, time::Duration};

use baton_model::{
    AppName, ConsumerReport, FleetName, Generation, HandlerReport, InstanceId, Lane, Line, Marker,
    Seq, SessionNumber, SessionStart, ShardKey, ShardNumber, StoreMillis, StreamId,
    limits::{
        CONSUMER_REPORT_BYTES_MAX, CONSUMER_REPORT_KEPT, CONSUMER_REPORT_PERIOD,
        CONSUMER_REPORTS_MAX, CONSUMER_SILENT_AFTER, LINE_BYTES_MAX,
    },
};
use baton_store::{
    COMMAND_FIELDS, CommandOutcome, ENTRY_FIELDS, FORMAT, RESULT_FIELDS, ShardAddress, key::Key,
    stored,
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");

fn page() -> String {
    fs::read_to_string(PAGE).expect("docs/protocol.md")
}

/// The rows of the table under a heading, each as its cells without backticks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = page();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(cells).collect()
}

fn cells(row: &str) -> Vec<String> {
    let inner = row.trim_matches('|');
    inner.split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
}

#[test]
fn the_page_names_the_version_and_the_fields_in_their_order() {
    assert!(page().contains(&format!("\nVersion: `{FORMAT}`\n")));
    let names: Vec<_> = table("Entries").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(names, ENTRY_FIELDS);
    let names: Vec<_> = table("Commands").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(names, COMMAND_FIELDS);
    let names: Vec<_> =
        table("Results of commands").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(names, RESULT_FIELDS);
}

#[test]
fn the_page_shows_a_consumers_report_as_it_is_written() {
    let handler = HandlerReport {
        name: Line::shortened("n"),
        handled: 0,
        failed: 0,
        failed_in_a_row: 0,
        running: 0,
        busy_ms: 0,
        error: None,
    };
    let line = Line::shortened("g");
    let (group, consumer, handlers) = (line.clone(), line, vec![handler]);
    let report = ConsumerReport { at: StoreMillis(7), group, consumer, handlers, left_out: 0 };
    let written: serde_json::Value =
        serde_json::from_str(&stored::consumer_report::encode(&report)).expect("JSON");
    let names = |of: &serde_json::Value| -> BTreeSet<String> {
        of.as_object().expect("an object").keys().cloned().collect()
    };
    let expected = names(&written).into_iter().chain(names(&written["handlers"][0]));
    let mut shown = table("Reports of consumers");
    shown.retain(|row| row[0] != "field" && !row[0].starts_with("---"));
    let shown: BTreeSet<_> = shown.into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(shown, expected.collect());
    let app: AppName = "bot".parse().expect("a name");
    for told in [
        format!("HSET {} ", Key::Handlers(&app)),
        format!("every {} seconds", CONSUMER_REPORT_PERIOD.as_secs()),
        format!("at most {CONSUMER_REPORT_BYTES_MAX} bytes"),
        format!("at most {LINE_BYTES_MAX} bytes"),
        format!("{} seconds old", CONSUMER_SILENT_AFTER.as_secs()),
        format!("{} minutes old", CONSUMER_REPORT_KEPT.as_secs() / 60),
        format!("at most {CONSUMER_REPORTS_MAX} reports"),
    ] {
        let page = page().replace('\n', " ");
        assert!(page.contains(&told), "{told}");
    }
}

#[test]
fn the_page_names_every_outcome_of_a_command() {
    let why = String::new();
    for outcome in [
        CommandOutcome::Sent,
        CommandOutcome::Expired,
        CommandOutcome::Invalid { why: why.clone() },
        CommandOutcome::Dropped { why },
        CommandOutcome::RateLimited { retry_after: Duration::ZERO },
    ] {
        let shown = format!("`{}`", outcome.name());
        assert!(table("Results of commands")[2][1].contains(&shown), "{shown}");
    }
}

#[test]
fn the_page_shows_every_marker_as_it_is_written() {
    let previous = Some((SessionNumber(1_795_159_808_786), Seq(4_711)));
    let markers = [
        Marker::SessionStarted { start: SessionStart::Invalidated, previous },
        Marker::Gap { after: Seq(4_711), before: Seq(4_800) },
        Marker::StreamLost { upto: Seq(4_711) },
        Marker::Trimmed {
            before: StreamId { millis: 1_795_159_808_786, number: 0 },
            entries: 1_200,
        },
        Marker::GenerationSwitched { from: Generation(0), to: Generation(1) },
    ];
    let written = markers.map(|marker| {
        let body = serde_json::to_string(&marker).expect("plain data");
        (marker.name().as_str().to_owned(), body)
    });
    let shown: Vec<_> =
        table("Markers").into_iter().map(|row| (row[0].clone(), row[2].clone())).collect();
    assert_eq!(shown, written);
}

#[test]
fn the_page_shows_every_way_a_session_can_start() {
    for start in [SessionStart::First, SessionStart::Invalidated, SessionStart::Restarted] {
        let written = serde_json::to_string(&start).expect("plain data");
        let shown = format!("`{}`", written.trim_matches('"'));
        assert!(table("Markers")[0][1].contains(&shown), "{shown}");
    }
}

#[test]
fn the_page_shows_every_key_as_it_is_written() {
    let fleet: FleetName = "main".parse().expect("a name");
    let app: AppName = "bot".parse().expect("a name");
    let (generation, number) = (Generation(0), ShardNumber(7));
    let shard = ShardKey { app: app.clone(), generation, number };
    let address = ShardAddress { shard, lane: Lane(0) };
    let keys = [
        Key::Instances(&fleet),
        Key::Planner(&fleet),
        Key::Targets(&fleet),
        Key::Apps(&fleet),
        Key::StoredApps(&fleet),
        Key::Intents(&fleet),
        Key::Reports(&fleet),
        Key::DataSet(&fleet),
        Key::Conflicts(&fleet),
        Key::Journal(&fleet),
        Key::IdentifyBuckets(&app),
        Key::IdentifyDay(&app),
        Key::Copied(&app),
        Key::IdleGroups(&app, "<stream>"),
        Key::Readers(&app, "<group>"),
        Key::Reader(&app, Lane(0), "<group>"),
        Key::Row(&address),
    ];
    let shown: Vec<_> = table("Other keys").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(shown, keys.map(|key| key.to_string()));
    let streams = [
        Key::Events(&app, Lane(0)),
        Key::Commands(&app, Lane(0)),
        Key::Results(&app, Lane(0), "<re>"),
        Key::DeadLetters(&app, Lane(0), "<group>"),
    ];
    let shown: Vec<_> = table("Streams").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(shown, streams.map(|key| key.to_string()));
    let channel = Key::Presence(&fleet, InstanceId::new(0)).to_string();
    let shown = channel.replace(&InstanceId::new(0).to_string(), "<instance>");
    assert!(page().contains(&format!("`{shown}`")), "{shown}");
    let channel = Key::Hints(&fleet).to_string();
    assert!(page().contains(&format!("`{channel}`")), "{channel}");
}
