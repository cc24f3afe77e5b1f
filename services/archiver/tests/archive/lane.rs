//! The lanes of an app, as instances write them.

use std::collections::BTreeMap;

use baton_model::{
    Dispatch, Epoch, EventName, GuildId, Marker, Seq, SessionNumber, ShardNumber, UnixMicros,
};
use baton_store::{Entry, EntryBody};
use baton_test_servers::Server;
use bytes::Bytes;

/// What an entry is known by: lane, session, seq, name.
pub(crate) type Key = (u16, u64, u64, String);

/// What was written: the frames, by their keys.
pub(crate) type Written = BTreeMap<Key, Vec<u8>>;

/// A frame with whatever a writer of JSON would write otherwise.
pub(crate) fn frame(seq: u64) -> String {
    format!(r#"{{"t":"MESSAGE_CREATE","s":{seq},"op":0,"d": {{"n":1.50,"id":"613425648685547541","#)
        + r#""content":"\u00e4 ä \/ \" line\n","big":12345678901234567890,"e":1E2}}"#
}

pub(crate) fn entry(lane: u16, session: u64, seq: u64) -> Entry {
    let body = EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("MESSAGE_CREATE"),
        guild: Some(GuildId(613_425_648_685_547_541 + seq % 7)),
        at: UnixMicros(1_795_159_808_791_023),
        trace: None,
        frame: Bytes::from(frame(seq)),
    });
    of(lane, session, body)
}

pub(crate) fn marker(lane: u16, session: u64, seq: u64) -> Entry {
    let marker = Marker::Gap { after: Seq(0), before: Seq(seq) };
    of(lane, session, EntryBody::Marker { seq: Seq(seq), at: UnixMicros(1), marker })
}

fn of(lane: u16, session: u64, body: EntryBody) -> Entry {
    let (shard, session) = (ShardNumber(lane.into()), SessionNumber(session));
    Entry { shard, session, epoch: Epoch(1), body }
}

pub(crate) fn connection(port: u16) -> redis::Connection {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).expect("an address");
    client.get_connection().expect("a connection")
}

pub(crate) fn stream(lane: u16) -> String {
    format!("baton:{{bot.{lane}}}:events")
}

/// Writes entries to a lane, and notes them.
pub(crate) fn write(
    connection: &mut redis::Connection,
    lane: u16,
    entries: &[Entry],
    written: &mut Written,
) {
    let mut pipeline = redis::Pipeline::new();
    for entry in entries {
        let fields = entry.encode();
        let add = pipeline.cmd("XADD").arg(stream(lane)).arg("*").ignore();
        for (name, value) in &fields {
            add.arg(*name).arg(value.as_ref());
        }
        let name = String::from_utf8(fields[1].1.to_vec()).expect("a name");
        let key = (lane, entry.session.0, entry.body.seq().0, name);
        written.insert(key, fields[9].1.to_vec());
    }
    pipeline.exec(connection).expect("written");
}

/// Writes the dispatches from one seq to another.
pub(crate) fn write_range(
    server: &Server,
    lane: u16,
    seqs: std::ops::Range<u64>,
    written: &mut Written,
) {
    let entries: Vec<_> = seqs.map(|seq| entry(lane, 1, seq)).collect();
    write(&mut connection(server.port()), lane, &entries, written);
}

/// How many entries of a lane some group has not acknowledged, delivered or not; very many before
/// there is a group.
pub(crate) fn left(server: &Server, lane: u16) -> u64 {
    of_groups(server, lane, &["pending", "lag"])
}

/// How many entries of a lane its groups have not been given yet.
pub(crate) fn unread(server: &Server, lane: u16) -> u64 {
    of_groups(server, lane, &["lag"])
}

/// The sum of what a lane's groups say of themselves; the most there can be as long as there is no
/// group, or one does not know.
fn of_groups(server: &Server, lane: u16, names: &[&str]) -> u64 {
    let groups: redis::RedisResult<Vec<BTreeMap<String, redis::Value>>> =
        server.command(&["XINFO", "GROUPS", &stream(lane)]);
    let groups = groups.unwrap_or_default();
    let number = |group: &BTreeMap<String, redis::Value>, name: &str| {
        let value = group.get(name).cloned().unwrap_or(redis::Value::Nil);
        redis::from_redis_value::<Option<u64>>(value).expect("a number").unwrap_or(u64::MAX)
    };
    let sum = |group| names.iter().map(|name| number(group, name)).fold(0, u64::saturating_add);
    groups.iter().map(sum).reduce(u64::saturating_add).unwrap_or(u64::MAX)
}
