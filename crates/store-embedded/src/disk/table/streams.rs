//! The lanes' entries and commands: the values of their fields, as every consumer gets them.
//!
//! Consumers may write something else where commands stand. Values that are not those of the fields
//! of a command are an odd number: nothing, and then names and values.

use baton_model::Lane;
use baton_store::{COMMAND_FIELDS, ENTRY_FIELDS, Entry, FieldsError, StreamId};
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, parse};
use crate::state::{Change, LaneAddress, Record, StoreState, StreamChange, StreamName};

/// App, lane, stream id: ordered by lane, then as in the stream.
type Key<'a> = (&'a str, u16, u64, u64);
type Table = TableDefinition<'static, Key<'static>, Vec<&'static [u8]>>;

/// Values of [`ENTRY_FIELDS`].
pub(super) const EVENTS: Table = TableDefinition::new("events");

/// Values of [`COMMAND_FIELDS`], or a whole record.
pub(super) const COMMANDS: Table = TableDefinition::new("commands");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(EVENTS)?;
    transaction.open_table(COMMANDS)?;
    Ok(())
}

pub(super) fn put_entry(
    transaction: &WriteTransaction,
    lane: &LaneAddress,
    id: StreamId,
    entry: &Entry,
) -> Result<(), DiskError> {
    let fields = entry.encode();
    let values: Vec<&[u8]> = fields.iter().map(|(_, value)| &value[..]).collect();
    transaction.open_table(EVENTS)?.insert(key(lane, id), values)?;
    Ok(())
}

pub(super) fn put_command(
    transaction: &WriteTransaction,
    lane: &LaneAddress,
    id: StreamId,
    record: &Record,
) -> Result<(), DiskError> {
    let names = record.fields().map(|(name, _)| &name[..]);
    let values: Vec<&[u8]> = if names.eq(COMMAND_FIELDS.iter().map(|name| name.as_bytes())) {
        record.fields().map(|(_, value)| &value[..]).collect()
    } else {
        let fields = record.fields().flat_map(|(name, value)| [&name[..], &value[..]]);
        [&[][..]].into_iter().chain(fields).collect()
    };
    transaction.open_table(COMMANDS)?.insert(key(lane, id), values)?;
    Ok(())
}

pub(super) fn trim(
    transaction: &WriteTransaction,
    table: Table,
    lane: &LaneAddress,
    upto: StreamId,
) -> Result<(), DiskError> {
    let gone = key(lane, StreamId::START)..=key(lane, upto);
    transaction.open_table(table)?.retain_in(gone, |_, _| false)?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    read_table(transaction, EVENTS, |(lane, id), values| {
        let entry = Entry::decode(ENTRY_FIELDS.iter().map(|field| field.as_bytes()).zip(values))?;
        state.apply(&Change::Entry(lane, id, entry));
        Ok(())
    })?;
    read_table(transaction, COMMANDS, |(lane, id), values| {
        let change = StreamChange::Record(id, command_of(&values)?);
        state.apply(&Change::Stream(StreamName::Commands(lane), change));
        Ok(())
    })
}

fn command_of(values: &[Bytes]) -> Result<Record, FieldsError> {
    if let Some(fields) = whole_record(values) {
        return Ok(Record::copied(fields));
    }
    let Some(missing) = COMMAND_FIELDS.get(values.len()) else {
        let names = COMMAND_FIELDS.iter().map(|name| name.as_bytes());
        return Ok(Record::copied(names.zip(values.iter().map(|value| &value[..]))));
    };
    Err(FieldsError::Missing((*missing).into()))
}

fn whole_record(values: &[Bytes]) -> Option<impl Iterator<Item = (&[u8], &[u8])>> {
    let (first, fields) = values.split_first()?;
    let is_whole = first.is_empty() && fields.len() % 2 == 0;
    is_whole.then(|| fields.chunks_exact(2).map(|field| (&field[0][..], &field[1][..])))
}

fn read_table(
    transaction: &ReadTransaction,
    table: Table,
    mut found: impl FnMut((LaneAddress, StreamId), Vec<Bytes>) -> Result<(), FieldsError>,
) -> Result<(), DiskError> {
    for stored in transaction.open_table(table)?.iter()? {
        let (key, value) = stored?;
        let (lane, id) = place_of(key.value())?;
        let values = value.value().into_iter().map(Bytes::copy_from_slice).collect();
        found((lane.clone(), id), values).map_err(|error| {
            DiskError::Damaged(format!("{table} has {id} of lane {lane}: {error}"))
        })?;
    }
    Ok(())
}

fn key(lane: &LaneAddress, id: StreamId) -> Key<'_> {
    (lane.app.as_str(), lane.lane.0, id.millis, id.number)
}

fn place_of(key: Key<'_>) -> Result<(LaneAddress, StreamId), DiskError> {
    let (app, lane, millis, number) = key;
    let lane = LaneAddress { app: parse("app", app)?, lane: Lane(lane) };
    Ok((lane, StreamId { millis, number }))
}
