//! What command lines mean, and what is said about those that mean nothing.

use std::time::Duration;

use baton_mock_discord::{
    Compressions,
    load::{Mix, Pace},
};
use clap::Parser;

use super::*;

fn read(options: &[&str]) -> Result<Configuration, Mistakes> {
    let line = ["baton-mock-discord"].iter().chain(options);
    Configuration::of(&Arguments::try_parse_from(line).expect("a command line"))
}

/// What is said about a command line, a line for each mistake.
fn told(options: &[&str]) -> Vec<String> {
    let told = read(options).expect_err("a mistake").to_string();
    let mut lines: Vec<_> = told.lines().map(str::to_owned).collect();
    assert!(lines.pop().is_some_and(|last| last.starts_with("--help")), "{told}");
    lines
}

#[test]
fn without_options_it_is_a_small_discord_on_loopback() {
    let configuration = read(&[]).unwrap();
    let ports = |addresses: Addresses| {
        let Addresses { gateway, resume, rest, admin } = addresses;
        [gateway, resume, rest, admin].map(|address| address.to_string())
    };
    let expected = ["127.0.0.1:4000", "127.0.0.1:4001", "127.0.0.1:4002", "127.0.0.1:4003"];
    assert_eq!(ports(configuration.addresses), expected);
    let like_the_library = Settings {
        shards_max: configuration.settings.shards,
        ledger_max: 2_000_000,
        ..Settings::default()
    };
    assert_eq!(configuration.settings, like_the_library);
    assert_eq!(configuration.at_start, [Input::Load(None)]);
    assert_eq!((configuration.seed, configuration.form), (1, Form::Text));
    assert_eq!(configuration.public_host, None);
}

#[test]
fn every_option_reaches_its_place() {
    let configuration = read(&[
        "--listen=0.0.0.0",
        "--gateway-port=0",
        "--resume-port=0",
        "--public-host=discord",
        "--json",
        "--shards-max=16",
        "--guilds=5",
        "--guild-bytes=1000",
        "--token=one",
        "--token=two",
        "--compression=zlib",
        "--max-concurrency=4",
        "--identify-limit=50",
        "--heartbeat-interval=5s",
        "--ledger-max=7",
        "--seed=9",
        "--rate=20",
        "--mix=presences",
        "--latency=20ms",
        "--invalid-sessions=3",
    ])
    .unwrap();
    let Settings { tokens, guilds, guild_create_bytes, shards, shards_max, .. } =
        &configuration.settings;
    assert_eq!(tokens, &["one", "two"]);
    assert_eq!((*guilds, *guild_create_bytes), (80, 1_000));
    assert_eq!((shards.0.get(), shards_max.0.get()), (16, 16));
    let Settings { compressions, max_concurrency, identifies_a_day, heartbeat_interval, .. } =
        configuration.settings;
    assert_eq!(compressions, Compressions::Zlib);
    assert_eq!(configuration.settings.ledger_max, 7);
    assert_eq!((max_concurrency, identifies_a_day), (4, 50));
    assert_eq!(heartbeat_interval, Duration::from_secs(5));
    let pace = Pace { mix: Mix::Presences, every_ms: 50, events: 1, burst: None };
    let faults = [Fault::Latency { ms: 20 }, Fault::InvalidSession { percent: 3 }];
    let mut at_start = vec![Input::Load(Some(pace))];
    at_start.extend(faults.map(Input::Fault));
    assert_eq!(configuration.at_start, at_start);
    assert_eq!((configuration.seed, configuration.form), (9, Form::Json));
    assert_eq!(configuration.public_host.as_deref(), Some("discord"));
    assert_eq!(configuration.addresses.gateway.to_string(), "0.0.0.0:0");
}

#[test]
fn every_wrong_value_is_named_with_what_was_expected() {
    let wrong = [
        ("--listen", "localhost", "an address of this machine"),
        ("--gateway-port", "65536", "a whole number from 0 to 65535"),
        ("--resume-port", "x", "a whole number from 0 to 65535"),
        ("--rest-port", "-1", "a whole number from 0 to 65535"),
        ("--admin-port", "", "a whole number from 0 to 65535"),
        ("--public-host", "ws://discord", "a host name or an address without scheme and port"),
        ("--shards-max", "0", "a whole number from 1 to 16384"),
        ("--guilds", "2501", "a whole number from 0 to 2500"),
        ("--guild-bytes", "1e9", "a whole number from 0 to 16777216"),
        ("--compression", "gzip", "one of any, none, zlib, zstd"),
        ("--max-concurrency", "0", "a whole number from 1 to 16384"),
        ("--identify-limit", "0", "a whole number from 1 to 4294967295"),
        ("--heartbeat-interval", "0", "a time from 1ms to 3600000ms"),
        ("--heartbeat-interval", "0s", "a time from 1ms to 3600000ms"),
        ("--ledger-max", "0", "a whole number from 1 to 1000000000"),
        ("--seed", "-1", "a whole number from 0 to"),
        ("--rate", "100000.001", "a number from 0 to 100000"),
        ("--rate", "fast", "a number from 0 to 100000"),
        ("--burst", "500", "1 to 10000 dispatches and a time"),
        ("--burst", "0/60s", "1 to 10000 dispatches and a time"),
        ("--mix", "all", "one of messages, presences, member_updates"),
        ("--latency", "61s", "a time from 0ms to 60000ms"),
        ("--invalid-sessions", "101", "a whole number from 0 to 100"),
    ];
    for (option, value, expected) in wrong {
        let lines = told(&[&format!("{option}={value}")]);
        let expected = format!("{option} {value:?}: expected {expected}");
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&expected), "{} for {expected}", lines[0]);
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let lines = told(&[
        "--gateway-port=7",
        "--rest-port=7",
        "--token=",
        "--heartbeat-interval=0s",
        "--rate=fast",
        "--latency=x",
        "--invalid-sessions=101",
        "--shards-max=0",
    ]);
    let options: Vec<_> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    let expected = [
        "--rest-port",
        "--shards-max",
        "--token:",
        "--heartbeat-interval",
        "--rate",
        "--latency",
        "--invalid-sessions",
    ];
    assert_eq!(options, expected);
}

#[test]
fn ports_differ_unless_they_are_any() {
    let lines = told(&["--gateway-port=4003"]);
    let expected = "four different ports, or 0 for any free one";
    assert_eq!(
        lines,
        [format!("--admin-port \"4003\" is also --gateway-port: expected {expected}")]
    );
    assert!(read(&["--gateway-port=0", "--resume-port=0"]).is_ok());
    // Two that cannot be read are two mistakes and no third.
    assert_eq!(told(&["--gateway-port=x", "--resume-port=x"]).len(), 2);
}

#[test]
fn clients_are_never_told_to_connect_to_any_address() {
    for any in ["0.0.0.0", "::"] {
        let lines = told(&[&format!("--listen={any}")]);
        assert!(lines[0].contains("expected --public-host as well"), "{lines:?}");
    }
    let named = |host: &str| {
        read(&["--listen=::", &format!("--public-host={host}")]).unwrap().public_host.unwrap()
    };
    assert_eq!(named("mock.discord"), "mock.discord");
    assert_eq!(named("::1"), "[::1]");
    assert_eq!(named("[::1]"), "[::1]");
    assert_eq!(named("127.0.0.1"), "127.0.0.1");
}

#[test]
fn what_many_shards_may_take_each_is_less() {
    assert!(read(&["--shards-max=1000", "--rate=100"]).is_ok());
    let lines = told(&["--shards-max=1000", "--rate=101"]);
    assert!(lines[0].contains("a number from 0 to 100 such as 2.5, for 1000 shards"), "{lines:?}");
}

#[test]
fn bursts_come_no_more_often_than_turns() {
    let lines = told(&["--rate=0.1", "--burst=5/1s"]);
    let expected = "--burst \"5/1s\" with --rate \"0.1\": expected bursts no more often than";
    assert!(lines[0].starts_with(expected), "{lines:?}");
    assert!(read(&["--rate=1", "--burst=5/1s"]).is_ok());
    assert!(read(&["--burst=5/1s"]).is_ok());
}

#[test]
fn bursts_count_as_well() {
    assert!(read(&["--shards-max=1000", "--rate=50", "--burst=500/10s"]).is_ok());
    let lines = told(&["--shards-max=1000", "--rate=50.001", "--burst=500/10s"]);
    assert!(lines[0].contains("both together to make 100 a second or less"), "{lines:?}");
}

#[test]
fn a_token_is_there_visible_and_new_and_never_repeated_in_a_mistake() {
    for tokens in [&["--token="][..], &["--token=a b"], &["--token=secret", "--token=secret"]] {
        let lines = told(tokens);
        assert!(lines[0].starts_with("--token: expected at least one"), "{lines:?}");
    }
}
