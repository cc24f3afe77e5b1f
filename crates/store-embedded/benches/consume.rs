//! How fast Redis clients consume from a store: read with a group, and acknowledge what was read.
//!
//! Prints entries a second over loopback, for each durability and number of consumers. Each
//! consumer is a connection of the `redis` crate that reads up to a hundred entries of 1 kB and
//! acknowledges them in one command.

use std::{
    thread,
    time::{Duration, Instant},
};

use baton_store_embedded::{
    Durability, EmbeddedStore, Options, Resp, RespOptions, state::Retention,
};
use redis::{Client, Connection, streams::StreamReadReply};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ENTRIES: usize = 40_000;
const AT_ONCE: usize = 100;

fn main() {
    println!("| durability | consumers | entries/s |");
    println!("|---|---|---|");
    for consumers in [1, 4, 16] {
        measure("in memory", None, consumers);
        measure("never", Some(Durability::Never), consumers);
        measure("every 100 ms", Some(Durability::Every(Duration::from_millis(100))), consumers);
        measure("always", Some(Durability::Always), consumers);
    }
}

fn measure(name: &str, durability: Option<Durability>, consumers: usize) {
    let folder = TempDir::new().expect("a folder");
    let retention = Retention { items_max: usize::MAX, bytes_max: usize::MAX };
    let options = Options { retention, ..Options::default() };
    let store = match durability {
        None => EmbeddedStore::in_memory(options),
        Some(durability) => {
            let options = Options { durability, ..options };
            EmbeddedStore::open(folder.path(), options).expect("the store opens")
        }
    };
    let runtime = Runtime::new().expect("a runtime");
    let address = "127.0.0.1:0".parse().expect("an address");
    let listening = Resp::listen(&store, RespOptions { address, password: None });
    let resp = runtime.block_on(listening).expect("it listens");
    let url = format!("redis://{}/", resp.address());
    fill(&mut connect(&url));

    let started = Instant::now();
    let reading: Vec<_> = (0..consumers)
        .map(|number| {
            let url = url.clone();
            thread::spawn(move || consume(&mut connect(&url), number))
        })
        .collect();
    let read: usize = reading.into_iter().map(|consumer| consumer.join().expect("it ends")).sum();
    assert_eq!(read, ENTRIES);
    let rate = ENTRIES as f64 / started.elapsed().as_secs_f64();
    println!("| {name} | {consumers} | {rate:.0} |");
}

fn connect(url: &str) -> Connection {
    Client::open(url).and_then(|client| client.get_connection()).expect("a connection")
}

fn fill(connection: &mut Connection) {
    let body = "x".repeat(1_000);
    for _ in 0..ENTRIES / AT_ONCE {
        let mut pipeline = redis::pipe();
        for _ in 0..AT_ONCE {
            pipeline.cmd("XADD").arg(&["s", "*", "d", &body]).ignore();
        }
        pipeline.query::<()>(connection).expect("added");
    }
    let mut create = redis::cmd("XGROUP");
    create.arg(&["CREATE", "s", "g", "0"]).query::<()>(connection).expect("made");
}

/// Reads until there is nothing left, and says how much it was.
fn consume(connection: &mut Connection, number: usize) -> usize {
    let (name, at_once) = (format!("c{number}"), AT_ONCE.to_string());
    let mut count = 0;
    loop {
        let words = ["GROUP", "g", &name, "COUNT", &at_once, "STREAMS", "s", ">"];
        let read = redis::cmd("XREADGROUP").arg(&words).query(connection);
        let read: Option<StreamReadReply> = read.expect("read");
        let Some(read) = read.filter(|read| !read.keys.is_empty()) else {
            return count;
        };
        let ids = read.keys.iter().flat_map(|key| &key.ids).map(|entry| &entry.id);
        let ids: Vec<_> = ids.collect();
        count += ids.len();
        let mut ack = redis::cmd("XACK");
        ack.arg("s").arg("g").arg(ids).exec(connection).expect("acknowledged");
    }
}
