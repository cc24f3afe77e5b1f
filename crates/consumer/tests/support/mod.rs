//! What the tests of this crate share: a lane to read, and what became of its entries.

use std::{
    collections::BTreeMap,
    num::NonZeroU16,
    time::{Duration, Instant},
};

use baton_consumer::{Consumer, ConsumerBuilder};
use baton_model::{
    Dispatch, Epoch, EventName, GuildId, LaneCount, Seq, SessionNumber, ShardNumber, UnixMicros,
};
use baton_store::{Entry, EntryBody};
use baton_test_servers::Server;
use bytes::Bytes;

/// How long anything may take. Only what never happens is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The stream of a lane.
pub(crate) fn events(lane: u16) -> String {
    format!("baton:{{bot.{lane}}}:events")
}

/// A message of a guild, or of none.
pub(crate) fn entry(seq: u64, guild: Option<u64>) -> Entry {
    let frame = format!(r#"{{"t":"MESSAGE_CREATE","s":{seq},"op":0,"d":{{"content":"{seq}"}}}}"#);
    let body = EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("MESSAGE_CREATE"),
        guild: guild.map(GuildId),
        at: UnixMicros(1_795_159_808_791_023),
        trace: None,
        frame: Bytes::from(frame),
    });
    Entry { shard: ShardNumber(0), session: SessionNumber(1), epoch: Epoch(1), body }
}

/// Writes entries to a lane, as an instance does.
pub(crate) fn write(connection: &mut redis::Connection, lane: u16, entries: &[Entry]) {
    for some in entries.chunks(500) {
        let mut pipeline = redis::Pipeline::new();
        for entry in some {
            let add = pipeline.cmd("XADD").arg(events(lane)).arg("*").ignore();
            for (name, value) in entry.encode() {
                add.arg(name).arg(value.as_ref());
            }
        }
        pipeline.exec(connection).expect("written");
    }
}

/// Writes entries to a lane of a server.
pub(crate) fn write_at(server: &Server, lane: u16, entries: &[Entry]) {
    write(&mut connection(server.port()), lane, entries);
}

/// Whatever speaks the Redis protocol.
pub(crate) trait Speaker {
    /// Its port on loopback.
    fn port(&self) -> u16;

    /// Sends it a command and waits for the answer.
    fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> redis::RedisResult<T> {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(*word);
        }
        command.query(&mut connection(self.port()))
    }
}

impl Speaker for Server {
    fn port(&self) -> u16 {
        self.port()
    }
}

pub(crate) fn connection(port: u16) -> redis::Connection {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).expect("an address");
    client.get_connection().expect("a connection")
}

/// A consumer of one lane, that is told of trouble soon.
pub(crate) fn consumer(url: &str) -> ConsumerBuilder {
    Consumer::builder(url, "bot", "group")
        .lanes(LaneCount(NonZeroU16::MIN))
        .retry_pauses(Duration::from_millis(5), Duration::from_millis(20))
        .claim_after(Duration::from_secs(2))
}

pub(crate) fn url(server: &impl Speaker) -> String {
    format!("valkey://127.0.0.1:{}", server.port())
}

/// How many deliveries the group has not acknowledged; none before the first consumer has made it.
pub(crate) fn pending(server: &impl Speaker, lane: u16) -> u64 {
    let summary = server.command::<Vec<redis::Value>>(&["XPENDING", &events(lane), "group"]);
    let summary = match summary {
        Err(error) if error.code() == Some("NOGROUP") => return 0,
        summary => summary.expect("a summary"),
    };
    redis::from_redis_value(summary[0].clone()).expect("a count")
}

/// The dead letters of the group, oldest first.
pub(crate) fn letters(server: &impl Speaker, lane: u16) -> Vec<BTreeMap<String, String>> {
    let key = format!("baton:{{bot.{lane}}}:dead:group");
    let found: Vec<(String, BTreeMap<String, String>)> =
        server.command(&["XRANGE", &key, "-", "+"]).expect("letters");
    found.into_iter().map(|(_, fields)| fields).collect()
}

/// The names of the group's consumers.
pub(crate) fn members(server: &impl Speaker, lane: u16) -> Vec<String> {
    let found: Vec<BTreeMap<String, redis::Value>> =
        server.command(&["XINFO", "CONSUMERS", &events(lane), "group"]).expect("consumers");
    let name = |one: &BTreeMap<_, redis::Value>| redis::from_redis_value(one["name"].clone());
    found.iter().map(|one| name(one).expect("a name")).collect()
}

/// Waits until something is so, while others go on.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
