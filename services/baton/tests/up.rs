//! `baton up` as a process: the demo, and a bot of a Discord that the test simulates.

#[path = "up/operating.rs"]
mod operating;
#[path = "up/process.rs"]
mod process;
#[path = "up/world.rs"]
mod world;

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use baton_store_embedded::{EmbeddedStore, Options};
use process::Up;
use world::{World, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_brings_events_to_its_consumer_and_ends_cleanly() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut up = Up::start(folder.path(), &[]);
    until("its consumer has read something", || up.said().contains("its first event")).await;
    let announced = up.announced();
    for what in ["discord   simulated at ws://127.0.0.1:", "redis     valkey://127.0.0.1:"] {
        assert!(announced.contains(what), "{announced}");
    }
    let groups: Vec<redis::Value> = up.asked(&["XINFO", "GROUPS", "baton:{demo.0}:events"]);
    assert_eq!(groups.len(), 1, "a group reads: {groups:?}");
    let page = announced.split_once("page      http://").expect("there is a page").1;
    let page = page.split_once('/').expect("it is a url").0;
    assert!(get(page, "/").contains("<title>Baton</title>"));
    up.signal("INT");
    assert_eq!(up.ended().await, Some(0), "{}", up.said());
}

/// What is answered to a browser.
fn get(address: &str, path: &str) -> String {
    let mut connection = TcpStream::connect(address).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_and_started_again_it_resumes_and_nothing_is_lost() {
    for instances in ["1", "2"] {
        let world = World::new().await;
        let mut up = world.start(&["--instances", instances]);
        world.until_events_come(&up).await;
        up.signal("TERM");
        assert_eq!(up.ended().await, Some(0), "{}", up.said());
        let up = world.start(&["--instances", instances]);
        world.judge(up).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_started_again_it_resumes_and_nothing_is_lost() {
    let world = World::new().await;
    let mut up = world.start(&[]);
    world.until_events_come(&up).await;
    up.signal("KILL");
    assert_eq!(up.ended().await, None);
    let up = world.start(&[]);
    world.judge(up).await;
}

/// All that lies below a folder, byte for byte.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("it is readable").path();
        match path.is_dir() {
            true => all.extend(bytes(&path)),
            false => drop(all.insert(path.clone(), fs::read(&path).expect("it is readable"))),
        }
    }
    all
}

/// Whatever is wrong, it ends with one line that says so.
async fn ends_with(mut up: Up, code: i32, line: &str) {
    assert_eq!(up.ended().await, Some(code), "{}", up.said());
    let said = up.said();
    assert!(said.lines().count() == 1 && said.contains(line), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_discord_rejects_is_said_before_anything_is_written() {
    let world = World::new().await;
    fs::write(world.token_file(), "another").expect("written");
    let up = world.start(&[]);
    ends_with(up, 1, "discord rejects the token").await;
    assert!(!world.data().exists());
    // Neither is what the bot has written with a token that was right.
    fs::write(world.token_file(), "token").expect("written");
    let mut up = world.start(&[]);
    world.until_events_come(&up).await;
    up.signal("TERM");
    assert_eq!(up.ended().await, Some(0), "{}", up.said());
    let before = bytes(&world.data());
    fs::write(world.token_file(), "another").expect("written");
    ends_with(world.start(&[]), 1, "discord rejects the token").await;
    assert!(bytes(&world.data()) == before, "the same bytes");
    fs::write(world.token_file(), "token").expect("written");
    world.judge(world.start(&[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_do_not_share_a_folder() {
    let world = World::new().await;
    let up = world.start(&[]);
    world.until_events_come(&up).await;
    ends_with(world.start(&[]), 1, "is in use by another process").await;
    let status = operating::typed(&world.data(), "baton --data . instance ls");
    assert_eq!(status.code, Some(0), "the first one is still reached: {status:?}");
    world.judge(up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_a_newer_baton_has_written_is_refused_and_stays_as_it_is() {
    let world = World::new().await;
    let folder = world.data().join("bot");
    drop(EmbeddedStore::open(&folder, Options::default()).expect("it opens"));
    let file = folder.join("baton.redb");
    let database = redb::Database::open(&file).expect("it opens");
    let transaction = database.begin_write().expect("begun");
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    transaction.open_table(meta).expect("it is there").insert("format", 99).expect("written");
    transaction.commit().expect("committed");
    drop(database);
    fs::write(folder.join("format"), "99\n").expect("written");
    let before = bytes(&world.data());
    for _ in 0..2 {
        let line = "has format 99, this Baton knows 2; upgrade this Baton";
        ends_with(world.start(&[]), 1, line).await;
        assert!(bytes(&world.data()) == before, "the same bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_may_not_be_written_is_said_and_stays_as_it_is() {
    let world = World::new().await;
    let mut up = world.start(&[]);
    world.until_events_come(&up).await;
    up.signal("TERM");
    assert_eq!(up.ended().await, Some(0), "{}", up.said());
    let before = bytes(&world.data());
    let folder = world.data().join("bot");
    let all = before.keys().cloned().chain([folder]);
    let all: Vec<_> = all.map(|path| (mode(&path), path)).collect();
    all.iter().for_each(|(mode, path)| set_mode(path, mode & 0o555));
    let up = world.start_without_privileges();
    ends_with(up, 1, "cannot be used; check the disk and the rights of this user").await;
    assert!(bytes(&world.data()) == before, "the same bytes");
    all.iter().for_each(|(mode, path)| set_mode(path, *mode));
    world.judge(world.start(&[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_found_its_ports_taken_resumes_where_it_was() {
    let world = World::new().await;
    let mut up = world.start(&[]);
    world.until_events_come(&up).await;
    up.signal("TERM");
    assert_eq!(up.ended().await, Some(0), "{}", up.said());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    for port in ["--listen", "--page"] {
        ends_with(world.start(&[port, &address]), 1, &address).await;
    }
    world.judge(world.start(&[])).await;
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_or_a_folder_that_cannot_be_used_is_said_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let up = Up::start(folder.path(), &["--listen", &address]);
    ends_with(up, 1, "is the port taken?").await;
    let up = Up::start(folder.path(), &["--page", &address]);
    ends_with(up, 1, "see --page").await;
    let up = Up::start(folder.path(), &["--listen", "0.0.0.0:0"]);
    ends_with(up, 1, "is not on loopback, and no password is set").await;
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    ends_with(Up::start(&file, &[]), 1, "cannot be used").await;
    assert_eq!(fs::read(&file).expect("it is there"), b"", "it is left alone");
    let up = Up::start(folder.path(), &["--token-file", "/nowhere/token"]);
    ends_with(up, 2, "/nowhere/token").await;
}
