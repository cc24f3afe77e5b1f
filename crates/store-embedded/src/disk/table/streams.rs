//! The lanes' entries and commands: the values of their fields, as every consumer gets them.

use baton_model::Lane;
use baton_store::{COMMAND_FIELDS, Command, ENTRY_FIELDS, Entry, FieldsError, StreamId};
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, parse};
use crate::state::{Change, LaneAddress, StoreState};

/// App, lane, stream id: ordered by lane, then as in the stream.
type Key<'a> = (&'a str, u16, u64, u64);
type Table = TableDefinition<'static, Key<'static>, Vec<&'static [u8]>>;

/// Values of [`ENTRY_FIELDS`].
pub(super) const EVENTS: Table = TableDefinition::new("events");

/// Values of [`COMMAND_FIELDS`].
pub(super) const COMMANDS: Table = TableDefinition::new("commands");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(EVENTS)?;
    transaction.open_table(COMMANDS)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    table: Table,
    place: (&LaneAddress, StreamId),
    fields: &[(&'static str, Bytes)],
) -> Result<(), DiskError> {
    let (lane, id) = place;
    let values: Vec<&[u8]> = fields.iter().map(|(_, value)| &value[..]).collect();
    transaction.open_table(table)?.insert(key(lane, id), values)?;
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
        let fields = COMMAND_FIELDS.iter().map(|field| field.as_bytes());
        let command = Command::decode(fields.zip(values)).map_err(|malformed| malformed.why)?;
        state.apply(&Change::Command(lane, id, command));
        Ok(())
    })
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
