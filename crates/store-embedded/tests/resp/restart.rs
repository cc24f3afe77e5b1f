//! What clients have made is there after a restart.

use std::path::Path;

use baton_store_embedded::{Durability, EmbeddedStore, Options};
use tempfile::TempDir;

use crate::{
    blocking::until_waiting,
    client::{Client, Value},
    differential::Ours,
};

fn open(folder: &Path, durability: Durability) -> Ours {
    let options = Options { durability, ..Options::default() };
    Ours::over(EmbeddedStore::open(folder, options).expect("it opens"), None)
}

fn ask(client: &mut Client, line: &str) -> Value {
    client.ask(&line.split(' ').collect::<Vec<_>>())
}

/// Everything that clients can see, but for the clock.
fn seen(client: &mut Client) -> Vec<Value> {
    let mut seen = Vec::new();
    for key in ["s", "baton:{bot.0}:events", "baton:{bot.0}:commands", "baton:{bot.0}:dead:g"] {
        seen.push(client.ask(&["XINFO", "STREAM", key, "FULL", "COUNT", "0"]));
        seen.push(client.ask(&["XINFO", "STREAM", key]));
    }
    seen.push(client.ask(&["EXISTS", "gone"]));
    seen
}

const STORY: [&str; 27] = [
    "XADD s 1-1 a 1",
    "XADD s 1-2 a 2 b 3",
    "XADD s 1-3 a 3",
    "XADD s 1-4 a 4",
    "XGROUP CREATE s g 0",
    "XGROUP CREATE s other 1-2 ENTRIESREAD 2",
    "XREADGROUP GROUP g one COUNT 2 STREAMS s >",
    "XREADGROUP GROUP g two COUNT 1 STREAMS s >",
    "XGROUP CREATECONSUMER s g idle",
    "XACK s g 1-1",
    "XCLAIM s g two 0 1-2",
    "XDEL s 1-4",
    "XTRIM s MINID 1-2",
    "XGROUP CREATECONSUMER s g brief",
    "XCLAIM s g brief 0 1-3",
    "XGROUP DELCONSUMER s g brief",
    "XGROUP CREATE s brief 0",
    "XREADGROUP GROUP brief one STREAMS s >",
    "XGROUP DESTROY s brief",
    "XGROUP CREATE baton:{bot.0}:events g $ MKSTREAM",
    "XADD baton:{bot.0}:commands * v 1 sh 0 exp  re me tp  d {}",
    "XADD baton:{bot.0}:commands * no command",
    "XGROUP CREATE baton:{bot.0}:commands audit 0",
    "XREADGROUP GROUP audit one COUNT 1 STREAMS baton:{bot.0}:commands >",
    "XADD baton:{bot.0}:dead:g * d {} error poison",
    "XADD gone 1-1 a 1",
    "XGROUP CREATE gone g 0",
];

#[test]
fn streams_groups_consumers_and_deliveries_outlive_a_restart() {
    for durability in [Durability::Always, Durability::Never] {
        let folder = TempDir::new().expect("a folder");
        let ours = open(folder.path(), durability);
        let mut client = ours.client();
        for line in STORY {
            let answer = ask(&mut client, line);
            assert!(!matches!(answer, Value::Error(_)), "{line}: {answer:?}");
        }
        ask(&mut client, "DEL gone");
        let before = seen(&mut client);
        drop((client, ours));
        let ours = open(folder.path(), durability);
        let mut client = ours.client();
        assert_eq!(seen(&mut client), before, "{durability:?}");
        ask(&mut client, "XADD gone 1-1 a 1");
        assert_eq!(ask(&mut client, "XINFO GROUPS gone"), Value::List(Vec::new()));
        let added = ask(&mut client, "XADD s 1-4 a 5");
        assert!(added.error().contains("equal or smaller"), "ids are never given twice");
    }
}

#[test]
fn a_file_from_before_there_were_groups_gets_them() {
    let folder = TempDir::new().expect("a folder");
    let ours = open(folder.path(), Durability::Always);
    ask(&mut ours.client(), "XADD baton:{bot.0}:commands * v 1 sh 0 exp  re  tp  d {}");
    drop(ours);
    let database = redb::Database::open(folder.path().join("baton.redb")).expect("a file");
    let transaction = database.begin_write().expect("a transaction");
    let tables: Vec<_> = transaction.list_tables().expect("tables").collect();
    for table in tables {
        use redb::TableHandle;
        let name = table.name().to_owned();
        if ["records", "stream_marks", "groups", "consumers", "pending"].contains(&name.as_str()) {
            assert!(transaction.delete_table(table).expect("deleted"), "{name}");
        }
    }
    let meta = redb::TableDefinition::<&str, u64>::new("meta");
    transaction.open_table(meta).expect("meta").insert("format", 1).expect("written");
    transaction.commit().expect("committed");
    drop(database);
    let ours = open(folder.path(), Durability::Always);
    let mut client = ours.client();
    assert_eq!(ask(&mut client, "XLEN baton:{bot.0}:commands").number(), 1);
    assert_eq!(ask(&mut client, "XGROUP CREATE s g 0 MKSTREAM").text(), "OK");
}

#[test]
fn what_is_asked_of_a_store_that_is_closed_is_refused_as_unavailable() {
    let folder = TempDir::new().expect("a folder");
    let Ours { resp, store, runtime } = open(folder.path(), Durability::Always);
    let mut client = Client::to(resp.address());
    let mut waiting = Client::to(resp.address());
    waiting.send(&["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]);
    until_waiting(&mut client, 1);
    drop(store);
    assert_eq!(
        ask(&mut client, "XLEN s").error(),
        "LOADING the store is unavailable: the store is closed"
    );
    assert_eq!(
        ask(&mut client, "XREAD BLOCK 1 STREAMS s 0").error(),
        "LOADING the store is unavailable: the store is closed"
    );
    assert_eq!(ask(&mut client, "PING").text(), "PONG");
    assert!(waiting.is_closed(), "nothing will come");
    drop((resp, runtime));
}
