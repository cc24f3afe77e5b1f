//! Archivers that are killed, frozen, asked to end; stores that are wiped.

use std::{thread, time::Duration};

use baton_test_servers::{Program, Server};

use crate::{
    archiver::{Archiver, Settings},
    lane::{Written, connection, entry, left, marker, stream, unread, write, write_range},
    reader,
    waiting::until,
};

fn await_all(server: &Server) {
    until("everything is acknowledged", || (0..2).all(|lane| left(server, lane) == 0));
}

/// Waits until an archiver that puts nothing yet holds all that is in the lane.
fn await_held(server: &Server, archiver: &Archiver) {
    until("all are read", || unread(server, 0) == 0);
    // What it was given it takes at once; a busy machine may need a moment for it.
    let held = || archiver.number("baton_archiver_held_bytes");
    let mut before = None;
    until("all are held", || {
        thread::sleep(Duration::from_millis(500));
        let now = held().filter(|held| *held > 0);
        std::mem::replace(&mut before, now) == now && now.is_some()
    });
}

#[test]
fn archivers_killed_under_load_leave_every_entry_once() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    // Objects of some twenty entries, so that something is always on its way.
    let settings = Settings::folder(&server, folder.path()).with("OBJECT__BYTES_MAX", "8192");
    let port = server.port();
    let writing = thread::spawn(move || {
        let (mut connection, mut written) = (connection(port), Written::new());
        for first in (1..=4_000).step_by(20) {
            for lane in 0..2 {
                let mut some: Vec<_> = (first..first + 20).map(|seq| entry(lane, 1, seq)).collect();
                if first % 400 == 1 {
                    some.insert(0, marker(lane, 1, first));
                }
                write(&mut connection, lane, &some, &mut written);
            }
            thread::sleep(Duration::from_millis(60));
        }
        written
    });
    let mut two = vec![settings.start(), settings.start()];
    for round in 0..6 {
        let before = reader::folder(folder.path()).len();
        until("some objects are put", || reader::folder(folder.path()).len() > before + 5 + round);
        two.remove(0).kill();
        two.push(settings.start());
    }
    let written = writing.join().expect("all is written");
    await_all(&server);
    let objects = reader::folder(folder.path());
    println!("{} entries in {} objects", written.len(), objects.len());
    reader::ensure_exact(&objects, &written);
}

#[test]
fn who_is_asked_to_end_puts_what_it_holds() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::folder(&server, folder.path()).with("OBJECT__AGE_MAX", "1h");
    let mut written = Written::new();
    write_range(&server, 0, 1..100, &mut written);
    let archiver = settings.start();
    archiver.await_lanes(2);
    await_held(&server, &archiver);
    assert!(reader::folder(folder.path()).is_empty(), "nothing is old enough to be put");
    assert_eq!(left(&server, 0), 99, "and nothing is acknowledged");
    archiver.stop();
    await_all(&server);
    reader::ensure_exact(&reader::folder(folder.path()), &written);
}

#[test]
fn who_was_frozen_and_wakes_up_late_adds_nothing() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::folder(&server, folder.path()).with("OBJECT__AGE_MAX", "2s");
    let mut written = Written::new();
    let frozen = settings.start();
    frozen.await_lanes(2);
    write_range(&server, 0, 1..200, &mut written);
    until("it holds something", || frozen.number("baton_archiver_held_bytes") > Some(0));
    frozen.signal("STOP");
    let successor = settings.start();
    write_range(&server, 0, 200..300, &mut written);
    await_all(&server);
    frozen.signal("CONT");
    until("it has seen that it was too late", || {
        frozen.number("baton_archiver_held_bytes") == Some(0)
    });
    write_range(&server, 0, 300..400, &mut written);
    await_all(&server);
    reader::ensure_exact(&reader::folder(folder.path()), &written);
    drop(successor);
}

#[test]
fn a_wiped_store_that_is_written_again_adds_nothing_twice() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::folder(&server, folder.path());
    let mut written = Written::new();
    let archiver = settings.start();
    archiver.await_lanes(2);
    write_range(&server, 0, 1..100, &mut written);
    await_all(&server);
    server.command::<String>(&["FLUSHALL"]).expect("wiped");
    // As an instance does: what it still has, under new ids, and then what is new.
    write_range(&server, 0, 50..150, &mut written);
    await_all(&server);
    archiver.kill();
    server.command::<String>(&["FLUSHALL"]).expect("wiped");
    write_range(&server, 0, 120..180, &mut written);
    let archiver = settings.start();
    await_all(&server);
    reader::ensure_exact(&reader::folder(folder.path()), &written);
    assert_eq!(archiver.number("baton_archiver_repeated_total"), Some(30));
}

#[test]
fn what_comes_again_before_it_is_put_is_acknowledged_with_it() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::folder(&server, folder.path()).with("OBJECT__AGE_MAX", "1h");
    let mut written = Written::new();
    let archiver = settings.start();
    archiver.await_lanes(2);
    write_range(&server, 0, 1..100, &mut written);
    await_held(&server, &archiver);
    server.command::<String>(&["FLUSHALL"]).expect("wiped");
    write_range(&server, 0, 50..150, &mut written);
    until("they came again", || archiver.number("baton_archiver_repeated_total") == Some(50));
    await_held(&server, &archiver);
    assert_eq!(left(&server, 0), 100, "none of them is in the archive");
    archiver.stop();
    await_all(&server);
    reader::ensure_exact(&reader::folder(folder.path()), &written);
}

#[test]
fn two_groups_that_write_to_one_place_look_anew_again_and_again_and_double_nothing() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings::folder(&server, folder.path()).with("OBJECT__BYTES_MAX", "8192");
    let two = [settings.start(), settings.with("GROUP", "other").start()];
    two.iter().for_each(|archiver| archiver.await_lanes(2));
    let mut written = Written::new();
    for first in (1..1_000).step_by(50) {
        (0..2).for_each(|lane| write_range(&server, lane, first..first + 50, &mut written));
        thread::sleep(Duration::from_millis(50));
    }
    await_all(&server);
    reader::ensure_exact(&reader::folder(folder.path()), &written);
    let anew = two.iter().filter_map(|one| one.number("baton_archiver_superseded_total"));
    assert!(anew.sum::<u64>() > 0, "they were in each other's way");
}

#[test]
fn what_cannot_be_read_is_a_dead_letter_and_holds_up_nothing() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let mut written = Written::new();
    write_range(&server, 0, 1..10, &mut written);
    for (field, value) in [("v", "2"), ("x", "1")] {
        let add = ["XADD", &stream(0), "*", field, value];
        server.command::<String>(&add).expect("written");
    }
    write_range(&server, 0, 10..20, &mut written);
    let archiver = Settings::folder(&server, folder.path()).start();
    await_all(&server);
    reader::ensure_exact(&reader::folder(folder.path()), &written);
    let letters: Vec<(String, std::collections::BTreeMap<String, String>)> =
        server.command(&["XRANGE", "baton:{bot.0}:dead:archiver", "-", "+"]).expect("letters");
    let errors: Vec<_> = letters.iter().map(|(_, fields)| fields["error"].as_str()).collect();
    assert_eq!(errors, ["it has format 2; this Baton knows 1", "there is no field \"v\""]);
    let log = archiver.log();
    assert_eq!(log.matches("gave up on an entry").count(), 2, "a line each: {log}");
}
