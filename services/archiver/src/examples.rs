//! Entries for the tests of this crate.

use baton_consumer::LaneEntry;
use baton_model::{
    Dispatch, Epoch, EventName, Marker, Seq, SessionNumber, ShardNumber, StreamId, UnixMicros,
};
use baton_store::{Entry, EntryBody};
use bytes::Bytes;

/// A dispatch of a shard's session, in its stream under this id.
pub(crate) fn dispatch(id: u64, shard: u32, session: u64, seq: u64) -> (LaneEntry, Entry) {
    let frame = format!(r#"{{"t":"X","s":{seq},"op":0,"d":{{"in":"{shard}/{session}"}}}}"#);
    let body = EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("X"),
        guild: None,
        at: UnixMicros(1),
        trace: None,
        frame: Bytes::from(frame),
    });
    entry(id, shard, session, body)
}

/// A marker, in its stream under this id.
pub(crate) fn gap(id: u64, shard: u32, session: u64, seq: u64) -> (LaneEntry, Entry) {
    let marker = Marker::Gap { after: Seq(0), before: Seq(seq) };
    entry(id, shard, session, EntryBody::Marker { seq: Seq(seq), at: UnixMicros(1), marker })
}

fn entry(id: u64, shard: u32, session: u64, body: EntryBody) -> (LaneEntry, Entry) {
    let (shard, session, epoch) = (ShardNumber(shard), SessionNumber(session), Epoch(1));
    let entry = Entry { shard, session, epoch, body };
    let field = |(name, value): (&'static str, Bytes)| (Bytes::from_static(name.as_bytes()), value);
    let fields = entry.encode().into_iter().map(field).collect();
    (LaneEntry { id: StreamId { millis: id, number: 0 }, fields }, entry)
}
