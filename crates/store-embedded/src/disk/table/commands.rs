//! The lanes' commands.

use baton_model::{ShardNumber, StoreMillis};
use baton_store::{Command, StreamId};
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{
    DiskError,
    events::{key, place_of},
    parse,
};
use crate::state::{Change, LaneAddress, StoreState};

/// Shard, expiry, reply address, traceparent, frame.
type Value<'a> = (u32, Option<u64>, &'a str, Option<&'a str>, &'a [u8]);

const TABLE: TableDefinition<'_, (&str, u16, u64, u64), Value<'_>> =
    TableDefinition::new("commands");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    lane: &LaneAddress,
    id: StreamId,
    command: &Command,
) -> Result<(), DiskError> {
    let value = (
        command.shard.0,
        command.expires.map(|at| at.0),
        command.reply_to.as_str(),
        command.trace.as_ref().map(|trace| trace.as_str()),
        &command.frame[..],
    );
    let mut table = transaction.open_table(TABLE)?;
    table.insert(key(lane, id), value)?;
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
        let (shard, expires, reply_to, trace, frame) = value.value();
        let command = Command {
            shard: ShardNumber(shard),
            expires: expires.map(StoreMillis),
            reply_to: reply_to.to_owned(),
            trace: trace.map(|text| parse("traceparent", text)).transpose()?,
            frame: Bytes::copy_from_slice(frame),
        };
        state.apply(&Change::Command(lane, id, command));
    }
    Ok(())
}
