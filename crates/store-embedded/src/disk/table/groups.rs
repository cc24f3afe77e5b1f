//! Consumer groups: how far each has read, its consumers, and what is pending.

use baton_model::StoreMillis;
use baton_store::StreamId;
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, consumer_streams::name_of};
use crate::state::{Change, GroupChange, GroupName, GroupPlace, Heard, Pending, StoreState};

/// Stream, group → the last delivery, how many entries were read.
const GROUPS: TableDefinition<'_, GroupKey<'_>, Place> = TableDefinition::new("groups");

/// Stream, group, consumer → when it was heard of, when it was given something.
const CONSUMERS: TableDefinition<'_, ConsumerKey<'_>, Times> = TableDefinition::new("consumers");

/// Stream, group, stream id → consumer, when, how often.
const PENDING: TableDefinition<'_, PendingKey<'_>, Delivery<'_>> = TableDefinition::new("pending");

type GroupKey<'a> = (&'a [u8], &'a [u8]);
type Place = ((u64, u64), Option<u64>);

type ConsumerKey<'a> = (&'a [u8], &'a [u8], &'a [u8]);
type Times = (u64, Option<u64>);

type PendingKey<'a> = (&'a [u8], &'a [u8], u64, u64);
type Delivery<'a> = (&'a [u8], u64, u64);

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(GROUPS)?;
    transaction.open_table(CONSUMERS)?;
    transaction.open_table(PENDING)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    name: &GroupName,
    change: &GroupChange,
) -> Result<(), DiskError> {
    let stream = name.stream.key();
    let key = (&stream[..], &name.group[..]);
    match change {
        GroupChange::Place(GroupPlace { last_delivered: last, entries_read }) => {
            let value = ((last.millis, last.number), *entries_read);
            transaction.open_table(GROUPS)?.insert(key, value)?;
        }
        GroupChange::Gone => remove(transaction, key)?,
        GroupChange::Consumer(consumer, heard) => {
            let value = (heard.seen.0, heard.active.map(|active| active.0));
            transaction.open_table(CONSUMERS)?.insert((key.0, key.1, &consumer[..]), value)?;
        }
        GroupChange::ConsumerGone(consumer) => {
            transaction.open_table(CONSUMERS)?.remove((key.0, key.1, &consumer[..]))?;
        }
        GroupChange::Pending(deliveries) => {
            let mut table = transaction.open_table(PENDING)?;
            for (id, Pending { consumer, at, deliveries }) in deliveries {
                let value = (&consumer[..], at.0, *deliveries);
                table.insert((key.0, key.1, id.millis, id.number), value)?;
            }
        }
        GroupChange::Settled(ids) => {
            let mut table = transaction.open_table(PENDING)?;
            for id in ids {
                table.remove((key.0, key.1, id.millis, id.number))?;
            }
        }
    }
    Ok(())
}

fn remove(transaction: &WriteTransaction, key: GroupKey<'_>) -> Result<(), DiskError> {
    let (stream, group) = key;
    transaction.open_table(GROUPS)?.remove(key)?;
    let next = next_bytes(group);
    let mut consumers = transaction.open_table(CONSUMERS)?;
    consumers.retain_in((stream, group, &[][..])..(stream, &next[..], &[][..]), |_, _| false)?;
    let mut pending = transaction.open_table(PENDING)?;
    pending.retain_in((stream, group, 0, 0)..=(stream, group, u64::MAX, u64::MAX), |_, _| false)?;
    Ok(())
}

/// Removes every group of a stream.
pub(super) fn remove_of_stream(
    transaction: &WriteTransaction,
    stream: &[u8],
) -> Result<(), DiskError> {
    let next = next_bytes(stream);
    let none = &[][..];
    let (first, end) = ((stream, none), (&next[..], none));
    transaction.open_table(GROUPS)?.retain_in(first..end, |_, _| false)?;
    let (first, end) = ((stream, none, none), (&next[..], none, none));
    transaction.open_table(CONSUMERS)?.retain_in(first..end, |_, _| false)?;
    let (first, end) = ((stream, none, 0, 0), (&next[..], none, 0, 0));
    transaction.open_table(PENDING)?.retain_in(first..end, |_, _| false)?;
    Ok(())
}

/// The first bytes behind these.
fn next_bytes(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0]].concat()
}

/// A group comes before its consumers, and those before what they have not acknowledged.
pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(GROUPS)?.iter()? {
        let (key, value) = stored?;
        let ((millis, number), entries_read) = value.value();
        let last_delivered = StreamId { millis, number };
        let change = GroupChange::Place(GroupPlace { last_delivered, entries_read });
        state.apply(&Change::Group(group_of(key.value())?, change));
    }
    for stored in transaction.open_table(CONSUMERS)?.iter()? {
        let (key, value) = stored?;
        let (stream, group, consumer) = key.value();
        let (seen, active) = value.value();
        let heard = Heard { seen: StoreMillis(seen), active: active.map(StoreMillis) };
        let change = GroupChange::Consumer(Bytes::copy_from_slice(consumer), heard);
        state.apply(&Change::Group(group_of((stream, group))?, change));
    }
    for stored in transaction.open_table(PENDING)?.iter()? {
        let (key, value) = stored?;
        let (stream, group, millis, number) = key.value();
        let (consumer, at, deliveries) = value.value();
        let consumer = Bytes::copy_from_slice(consumer);
        let pending = Pending { consumer, at: StoreMillis(at), deliveries };
        let change = GroupChange::Pending(vec![(StreamId { millis, number }, pending)]);
        state.apply(&Change::Group(group_of((stream, group))?, change));
    }
    Ok(())
}

fn group_of(key: GroupKey<'_>) -> Result<GroupName, DiskError> {
    let (stream, group) = key;
    Ok(GroupName { stream: name_of(stream)?, group: Bytes::copy_from_slice(group) })
}
