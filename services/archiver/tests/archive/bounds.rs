//! When an object is put: by its hour, its size, its age, and the memory for all.

use baton_test_servers::{Program, Server};

use crate::{
    archiver::Settings,
    lane::{Written, connection, entry, left, stream, write_range},
    reader,
    waiting::until,
};

#[test]
fn an_object_holds_entries_of_one_hour() {
    let server = Server::start(Program::Valkey, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let mut written = Written::new();
    // Around 2026-11-20T08:00 and the midnight behind it.
    let times = [1_795_161_599_998_u64, 1_795_161_599_999, 1_795_161_600_000, 1_795_219_200_000];
    for (seq, millis) in (1..).zip(times) {
        let entry = entry(0, 1, seq);
        let mut add = redis::cmd("XADD");
        add.arg(stream(0)).arg(format!("{millis}-0"));
        for (name, value) in &entry.encode() {
            add.arg(*name).arg(value.as_ref());
        }
        add.exec(&mut connection(server.port())).expect("written");
        let frame = crate::lane::frame(seq).into_bytes();
        written.insert((0, 1, seq, "MESSAGE_CREATE".to_owned()), frame);
    }
    let settings = Settings::folder(&server, folder.path()).with("OBJECT__AGE_MAX", "1h");
    let archiver = settings.start();
    until("what cannot become more is put", || left(&server, 0) == 1);
    archiver.stop();
    let objects = reader::folder(folder.path());
    reader::ensure_exact(&objects, &written);
    let names: Vec<_> = objects.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "bot/v1/date=2026-11-20/hour=07/lane=0/0000000001.ndjson.zst",
            "bot/v1/date=2026-11-20/hour=08/lane=0/0000000002.ndjson.zst",
            "bot/v1/date=2026-11-21/hour=00/lane=0/0000000003.ndjson.zst",
        ]
    );
}

#[test]
fn what_is_large_enough_is_put_and_so_is_everything_when_memory_is_short() {
    for (option, objects_min) in [("OBJECT__BYTES_MAX", 10), ("MEMORY__BYTES_MAX", 2)] {
        let server = Server::start(Program::Valkey, &[]);
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings::folder(&server, folder.path())
            .with("OBJECT__AGE_MAX", "1h")
            .with(option, "20000");
        let mut written = Written::new();
        for lane in 0..2 {
            for first in (1..2_000).step_by(500) {
                write_range(&server, lane, first..first + 500, &mut written);
            }
        }
        let archiver = settings.start();
        let count = || reader::folder(folder.path()).len();
        until("objects are put", || count() >= objects_min);
        archiver.stop();
        let archiver = settings.with("OBJECT__AGE_MAX", "1s").start();
        until("the rest is put", || (0..2).all(|lane| left(&server, lane) == 0));
        archiver.stop();
        reader::ensure_exact(&reader::folder(folder.path()), &written);
    }
}
