//! The lanes' entries: the values of [`FIELDS`], as every consumer gets them.

use baton_store::{Entry, FIELDS, StreamId};
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, parse};
use crate::state::{Change, LaneAddress, StoreState};

/// App, lane, stream id → the entry's values.
const TABLE: TableDefinition<'_, (&str, u16, u64, u64), Vec<&[u8]>> =
    TableDefinition::new("events");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    lane: &LaneAddress,
    id: StreamId,
    entry: &Entry,
) -> Result<(), DiskError> {
    let encoded = entry.encode();
    let values: Vec<&[u8]> = encoded.iter().map(|(_, value)| &value[..]).collect();
    let mut table = transaction.open_table(TABLE)?;
    table.insert(key(lane, id), values)?;
    Ok(())
}

pub(super) fn trim(
    transaction: &WriteTransaction,
    lane: &LaneAddress,
    upto: StreamId,
) -> Result<(), DiskError> {
    let gone = key(lane, StreamId::START)..=key(lane, upto);
    transaction
        .open_table(TABLE)?
        .retain_in(gone, |_, _| false)?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (key, value) = stored?;
        let (lane, id) = place_of(key.value())?;
        let values = value.value();
        let fields = FIELDS.iter().zip(&values);
        let fields = fields.map(|(name, value)| (name.as_bytes(), Bytes::copy_from_slice(value)));
        let entry = Entry::decode(fields)
            .map_err(|error| DiskError::Damaged(format!("entry {id} of lane {lane}: {error}")))?;
        state.apply(&Change::Entry(lane, id, entry));
    }
    Ok(())
}

/// A place in a stream as a key: ordered by lane, then as in the stream.
pub(super) fn key(lane: &LaneAddress, id: StreamId) -> (&str, u16, u64, u64) {
    (lane.app.as_str(), lane.lane.0, id.millis, id.number)
}

/// The place that [`key`] stands for.
pub(super) fn place_of(key: (&str, u16, u64, u64)) -> Result<(LaneAddress, StreamId), DiskError> {
    let (app, lane, millis, number) = key;
    let lane = LaneAddress {
        app: parse("app", app)?,
        lane: baton_model::Lane(lane),
    };
    Ok((lane, StreamId { millis, number }))
}
