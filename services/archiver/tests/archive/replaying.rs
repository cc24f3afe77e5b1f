//! The way back: from an archive into streams, and to consumers.

use std::{
    collections::BTreeMap,
    num::NonZeroU16,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use baton_consumer::{Consumer, Delivery};
use baton_model::LaneCount;
use baton_test_servers::{Program, Server};

use crate::{
    archiver::Settings,
    lane::{Key, Written, connection, left, marker, stream, write, write_range},
    waiting::until,
};

const INTO: [&str; 6] =
    ["--from", "2020-01-01T00", "--to", "2090-01-01T00", "--into", "bot-replay"];

/// An archive of two lanes.
fn archived(server: &Server, folder: &Path, each: u64) -> (Settings, Written) {
    let settings = Settings::folder(server, folder).with("OBJECT__BYTES_MAX", "65536");
    let mut written = Written::new();
    write(&mut connection(server.port()), 1, &[marker(1, 1, 1)], &mut written);
    for lane in 0..2 {
        for first in (1..each).step_by(500) {
            write_range(server, lane, first..(first + 500).min(each), &mut written);
        }
    }
    let archiver = settings.start();
    until("everything is archived", || (0..2).all(|lane| left(server, lane) == 0));
    archiver.stop();
    (settings, written)
}

fn replay(settings: &Settings, words: &[&str]) -> (Option<i32>, String) {
    settings.run(&[&["replay"], words].concat())
}

type Entries = Vec<(String, Vec<(String, Vec<u8>)>)>;

fn raw(server: &Server, key: &str) -> Entries {
    server.command(&["XRANGE", key, "-", "+"]).expect("entries")
}

fn replayed(lane: u16) -> String {
    stream(lane).replace("bot", "bot-replay")
}

#[test]
fn a_consumer_of_the_replay_gets_the_same_keys_and_bytes() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let (settings, written) = archived(&server, folder.path(), 1_000);
    let (code, said) = replay(&settings, &INTO);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1999 entries written, 0 were there already"), "{said}");
    for lane in 0..2 {
        assert!(raw(&server, &replayed(lane)) == raw(&server, &stream(lane)), "lane {lane}");
    }

    let seen = Arc::new(Mutex::new(BTreeMap::<Key, Vec<u8>>::new()));
    let noted = seen.clone();
    let handler = move |delivery: Delivery| {
        let key = delivery.key();
        let key = (delivery.lane().0, key.session.0, key.seq.0, delivery.name().to_owned());
        noted.lock().expect("no panic").insert(key, delivery.frame().to_vec());
        async { Ok::<_, std::io::Error>(()) }
    };
    let url = format!("valkey://127.0.0.1:{}", server.port());
    let consumer = Consumer::builder(&url, "bot-replay", "again")
        .lanes(LaneCount(NonZeroU16::new(2).expect("lanes")))
        .build()
        .expect("a consumer");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let running = runtime.spawn(consumer.run(handler));
    until("all are handled", || seen.lock().expect("no panic").len() == written.len());
    running.abort();
    // What a marker says is not a frame.
    let frames = |all: &BTreeMap<Key, Vec<u8>>| {
        let mut all = all.clone();
        all.retain(|key, _| !key.3.starts_with("BATON_"));
        all
    };
    assert!(frames(&seen.lock().expect("no panic")) == frames(&written));
}

#[test]
fn a_replay_that_was_killed_goes_on_where_it_was() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let (settings, _) = archived(&server, folder.path(), 6_000);
    for _ in 0..3 {
        let length = || server.command::<u64>(&["XLEN", &replayed(0)]).expect("a length");
        let before = length();
        let mut command = settings.command(&[&["replay"], &INTO[..]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("one");
        until("some are written", || {
            length() > before || child.try_wait().expect("a child").is_some()
        });
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        thread::sleep(Duration::from_millis(10));
    }
    let (code, said) = replay(&settings, &INTO);
    assert_eq!(code, Some(0), "{said}");
    for lane in 0..2 {
        assert!(raw(&server, &replayed(lane)) == raw(&server, &stream(lane)), "lane {lane}");
    }
    let (code, said) = replay(&settings, &INTO);
    assert_eq!(code, Some(0));
    assert!(said.contains("0 entries written, 11999 were there already"), "{said}");
}

#[test]
fn ids_that_go_backwards_in_the_archive_keep_their_order() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let (settings, _) = archived(&server, folder.path(), 10);
    let earlier: Vec<String> = raw(&server, &stream(0)).into_iter().map(|(id, _)| id).collect();
    // Another store, whose clock is behind.
    server.command::<String>(&["FLUSHALL"]).expect("wiped");
    let fields = crate::lane::entry(0, 1, 10).encode();
    let mut add = redis::cmd("XADD");
    add.arg(stream(0)).arg("1500000000000-0");
    for (name, value) in &fields {
        add.arg(*name).arg(value.as_ref());
    }
    add.exec(&mut connection(server.port())).expect("written");
    let archiver = settings.start();
    until("it is archived", || left(&server, 0) == 0);
    archiver.stop();
    let (from, to) = (["--from", "2010-01-01T00"], ["--to", "2090-01-01T00"]);
    let words = [&from[..], &to[..], &["--into", "bot-replay", "--lane", "0"][..]].concat();
    for _ in 0..2 {
        let (code, said) = replay(&settings, &words);
        assert_eq!(code, Some(0), "{said}");
    }
    let ids: Vec<_> = raw(&server, &replayed(0)).into_iter().map(|(id, _)| id).collect();
    assert_eq!(&ids[..9], &earlier[..]);
    let (millis, number) = earlier[8].split_once('-').expect("an id");
    let next = format!("{millis}-{}", number.parse::<u64>().expect("a number") + 1);
    assert_eq!(ids[9..], [next]);
}

#[test]
fn a_replay_writes_only_where_nobody_else_does() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let (settings, _) = archived(&server, folder.path(), 10);
    let shape = r#"{"generation":0,"shards":2,"lanes":2}"#;
    server.command::<i64>(&["HSET", "baton:{main}:apps", "bot-replay", shape]).expect("set");
    let refused = |told: &str| {
        let (code, said) = replay(&settings, &INTO);
        assert_eq!((code, said.trim_end().lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains(told), "{said}");
    };
    refused("bot-replay is an app of fleet main, and its lanes are the gateways'");
    server.command::<i64>(&["DEL", "baton:{main}:apps"]).expect("deleted");
    server.command::<String>(&["XADD", &replayed(0), "5-5", "a", "b"]).expect("written");
    refused("begins with entry 5-5, and this replay with ");
    server.command::<i64>(&["DEL", &replayed(0)]).expect("deleted");
    std::fs::create_dir(folder.path().join("bot/v2")).expect("a folder");
    std::fs::write(folder.path().join("bot/v2/x"), "").expect("a file");
    refused("archive has objects of format v2; this baton-archiver reads v1, take a newer one");
}
