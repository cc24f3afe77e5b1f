//! What consumers keep in streams of their own, and what is known of any stream besides its items.

use baton_store::StreamId;
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{
    DiskError, groups,
    streams::{self, COMMANDS},
};
use crate::{
    key::{Place, place_of},
    state::{Change, Record, StoreState, StreamChange, StreamMark, StreamName},
};

/// Key of the stream, stream id → names and values, in turns.
const RECORDS: TableDefinition<'_, RecordKey<'_>, Vec<&[u8]>> = TableDefinition::new("records");

type RecordKey<'a> = (&'a [u8], u64, u64);

/// Key of the stream → how many items are gone, the last id given, the last id deleted.
const MARKS: TableDefinition<'_, &[u8], Mark> = TableDefinition::new("stream_marks");

type Mark = (u64, (u64, u64), (u64, u64));

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(RECORDS)?;
    transaction.open_table(MARKS)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    name: &StreamName,
    change: &StreamChange,
) -> Result<(), DiskError> {
    match (name, change) {
        (_, StreamChange::Mark(mark)) => put_mark(transaction, &name.key(), *mark),
        (StreamName::Commands(lane), StreamChange::Record(id, record)) => {
            streams::put_command(transaction, lane, *id, record)
        }
        (StreamName::Commands(lane), StreamChange::Trimmed(upto)) => {
            streams::trim(transaction, COMMANDS, lane, *upto)
        }
        (StreamName::Other(key), StreamChange::Record(id, record)) => {
            put_record(transaction, key, *id, record)
        }
        (StreamName::Other(key), StreamChange::Trimmed(upto)) => {
            remove(transaction, key, StreamId::START, *upto)
        }
        (StreamName::Other(key), StreamChange::Deleted(id)) => remove(transaction, key, *id, *id),
        (StreamName::Other(key), StreamChange::Gone) => remove_stream(transaction, key),
        (StreamName::Events(_), StreamChange::Record(..) | StreamChange::Trimmed(_))
        | (
            StreamName::Events(_) | StreamName::Commands(_),
            StreamChange::Deleted(_) | StreamChange::Gone,
        ) => unreachable!("nobody does that to a stream of Baton's: {change:?}"),
    }
}

fn put_mark(transaction: &WriteTransaction, key: &[u8], mark: StreamMark) -> Result<(), DiskError> {
    let StreamMark { gone, given, max_deleted } = mark;
    let value = (gone, (given.millis, given.number), (max_deleted.millis, max_deleted.number));
    transaction.open_table(MARKS)?.insert(key, value)?;
    Ok(())
}

fn put_record(
    transaction: &WriteTransaction,
    key: &[u8],
    id: StreamId,
    record: &Record,
) -> Result<(), DiskError> {
    let fields = record.fields().flat_map(|(name, value)| [&name[..], &value[..]]);
    let fields: Vec<&[u8]> = fields.collect();
    transaction.open_table(RECORDS)?.insert((key, id.millis, id.number), fields)?;
    Ok(())
}

fn remove(
    transaction: &WriteTransaction,
    key: &[u8],
    first: StreamId,
    last: StreamId,
) -> Result<(), DiskError> {
    let gone = (key, first.millis, first.number)..=(key, last.millis, last.number);
    transaction.open_table(RECORDS)?.retain_in(gone, |_, _| false)?;
    Ok(())
}

fn remove_stream(transaction: &WriteTransaction, key: &[u8]) -> Result<(), DiskError> {
    remove(transaction, key, StreamId::START, StreamId::END)?;
    transaction.open_table(MARKS)?.remove(key)?;
    groups::remove_of_stream(transaction, key)
}

/// The marks come after all items: an item is added behind what a mark says was given.
pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(RECORDS)?.iter()? {
        let (key, value) = stored?;
        let (key, millis, number) = key.value();
        let fields = value.value();
        let fields = fields.chunks(2).map(|field| (field[0], field.get(1).copied().unwrap_or(b"")));
        let id = StreamId { millis, number };
        let change = StreamChange::Record(id, Record::copied(fields));
        state.apply(&Change::Stream(name_of(key)?, change));
    }
    for stored in transaction.open_table(MARKS)?.iter()? {
        let (key, value) = stored?;
        let (gone, (millis, number), deleted) = value.value();
        let given = StreamId { millis, number };
        let max_deleted = StreamId { millis: deleted.0, number: deleted.1 };
        let mark = StreamMark { gone, given, max_deleted };
        state.apply(&Change::Stream(name_of(key.value())?, StreamChange::Mark(mark)));
    }
    Ok(())
}

/// The stream that stands under a key.
pub(super) fn name_of(key: &[u8]) -> Result<StreamName, DiskError> {
    match place_of(&Bytes::copy_from_slice(key)) {
        Place::Stream(name) => Ok(name),
        Place::Results(..) | Place::Apps | Place::Hash(_) | Place::Baton => {
            Err(DiskError::Damaged(format!("stream {:?}", String::from_utf8_lossy(key))))
        }
    }
}
