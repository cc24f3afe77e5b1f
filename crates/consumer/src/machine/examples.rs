//! Entries for the tests of this machine.

use baton_model::{
    Dispatch, Epoch, EventName, GuildId, Seq, SessionNumber, ShardNumber, StreamId, UnixMicros,
};
use baton_store::{Entry, EntryBody};
use bytes::Bytes;

use super::Arrival;

/// A message that a shard received.
pub(crate) fn entry(shard: u32, seq: u64, guild: Option<u64>) -> Entry {
    let body = EntryBody::Dispatch(Dispatch {
        seq: Seq(seq),
        name: EventName::new("MESSAGE_CREATE"),
        guild: guild.map(GuildId),
        at: UnixMicros(0),
        trace: None,
        frame: Bytes::from_static(b"{}"),
    });
    Entry { shard: ShardNumber(shard), session: SessionNumber(1), epoch: Epoch(1), body }
}

/// The same as it is read, for the first time.
pub(crate) fn arrival(number: u64, entry: &Entry) -> Arrival {
    let fields = entry.encode().map(|(name, value)| (Bytes::from_static(name.as_bytes()), value));
    Arrival { id: StreamId { millis: 1, number }, deliveries: 1, fields: fields.into() }
}
