//! What belongs to Baton, and what of it a consumer may touch.

use baton_model::{AppShape, Generation, LaneCount, ShardCount};
use baton_store::Apps;

use crate::{client::Value, differential::Ours};

const NOPERM: &str = "NOPERM No permissions to access a key";
const EVENTS: &str = "baton:{bot.0}:events";
const COMMANDS: &str = "baton:{bot.0}:commands";
const RESULTS: &str = "baton:{bot.0}:results:me";

fn words(line: &str) -> Vec<String> {
    let line = line.replace("EVENTS", EVENTS).replace("COMMANDS", COMMANDS);
    line.replace("RESULTS", RESULTS).split(' ').map(str::to_owned).collect()
}

#[test]
fn what_a_consumer_may_not_do_is_refused_as_access_lists_would() {
    let mut client = Ours::in_memory().client_kept();
    for line in [
        "XADD EVENTS * f v",
        "XDEL EVENTS 1-1",
        "XTRIM EVENTS MAXLEN 0",
        "XSETID EVENTS 1-1",
        "DEL EVENTS",
        "UNLINK mine EVENTS",
        "XADD COMMANDS 1-1 f v",
        "XADD COMMANDS MAXLEN 0 * f v",
        "XDEL COMMANDS 1-1",
        "XTRIM COMMANDS MAXLEN 0",
        "DEL COMMANDS",
        "XADD RESULTS * f v",
        "XDEL RESULTS 1-1",
        "XGROUP CREATE RESULTS g 0 MKSTREAM",
        "DEL RESULTS",
        "XLEN baton:{bot.0}:shard:0:7",
        "HGETALL baton:{bot.0}:shard:0:7",
        "EXISTS baton:{main}:store",
        "TYPE baton:{main}:planner",
        "HGETALL baton:{main}:instances",
        "HSET baton:{bot}:handlers:x f v",
        "HSET baton:{main}:apps f v",
        "XREAD STREAMS baton:{main}:journal 0",
        "XADD baton:{bot.00}:commands * f v",
    ] {
        assert_eq!(client.1.ask(&words(line)).error(), NOPERM, "{line}");
    }
    assert_eq!(
        client.1.ask(&["SUBSCRIBE", "baton:{main}:hints"]).error(),
        "NOPERM No permissions to access a channel"
    );
}

#[test]
fn what_a_consumer_may_do_is_done() {
    let mut client = Ours::in_memory().client_kept();
    for line in [
        "XGROUP CREATE EVENTS g $ MKSTREAM",
        "XREADGROUP GROUP g c STREAMS EVENTS >",
        "XACK EVENTS g 1-1",
        "XPENDING EVENTS g",
        "XCLAIM EVENTS g c 0 1-1",
        "XAUTOCLAIM EVENTS g c 0 0",
        "XREAD STREAMS EVENTS RESULTS 0 0",
        "XRANGE EVENTS - +",
        "XLEN EVENTS",
        "XINFO STREAM EVENTS FULL",
        "XADD COMMANDS * f v",
        "XADD COMMANDS NOMKSTREAM * f v",
        "XRANGE COMMANDS - +",
        "XLEN RESULTS",
        "XADD baton:{bot.0}:dead:g * d {}",
        "HSET baton:{bot}:handlers g/c {}",
        "HGETALL baton:{bot}:handlers",
        "HDEL baton:{bot}:handlers g/c",
        "DEL baton:{bot.0}:dead:g",
        "EXISTS EVENTS COMMANDS RESULTS baton:{main}:apps",
    ] {
        let answer = client.1.ask(&words(line));
        assert!(!matches!(answer, Value::Error(_)), "{line}: {answer:?}");
    }
}

#[test]
fn the_shapes_of_apps_can_be_read_and_nothing_else_of_them() {
    let ours = Ours::in_memory();
    let shape = AppShape {
        generation: Generation(1),
        shards: ShardCount("16".parse().expect("a number")),
        lanes: LaneCount("4".parse().expect("a number")),
    };
    let bot = "bot".parse().expect("a name");
    ours.runtime.block_on(ours.store.agree_app(&bot, &shape)).expect("agreed");
    let mut client = ours.client();
    let key = "baton:{main}:apps";
    let stored = client.ask(&["HGET", key, "bot"]).text().to_owned();
    assert_eq!(stored, baton_store::stored::app::encode(&shape));
    let both = ["bot", &stored].map(|word| Value::Bulk(word.to_owned())).to_vec();
    assert_eq!(client.ask(&["HGETALL", key]), Value::List(both.clone()));
    assert_eq!(client.ask(&["HKEYS", key]).list(), &both[..1]);
    assert_eq!(client.ask(&["HMGET", key, "x", "bot"]).list(), [Value::Null, both[1].clone()]);
    assert_eq!(client.ask(&["HGET", key, "x"]), Value::Null);
    assert_eq!(client.ask(&["HEXISTS", key, "bot"]).number(), 1);
    assert_eq!(client.ask(&["HLEN", key]).number(), 1);
    assert_eq!(client.ask(&["TYPE", key]).text(), "hash");
    assert_eq!(client.ask(&["EXISTS", key]).number(), 1);
    let wrong = "WRONGTYPE Operation against a key holding the wrong kind of value";
    for refused in [&["XLEN", key][..], &["XADD", key, "*", "f", "v"], &["DEL", key]] {
        assert_eq!(client.ask(refused).error(), wrong);
    }
}
