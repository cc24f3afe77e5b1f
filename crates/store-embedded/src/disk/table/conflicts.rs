//! The fleet's conflicts: the values of their fields.

use baton_store::{CONFLICT_FIELDS, Conflict, StreamId};
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::DiskError;
use crate::state::{Change, StoreState};

/// Stream id → values of [`CONFLICT_FIELDS`].
const TABLE: TableDefinition<'_, (u64, u64), Vec<&[u8]>> = TableDefinition::new("conflicts");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    id: StreamId,
    conflict: &Conflict,
) -> Result<(), DiskError> {
    let fields = conflict.encode();
    let values: Vec<&[u8]> = fields.iter().map(|(_, value)| &value[..]).collect();
    transaction.open_table(TABLE)?.insert((id.millis, id.number), values)?;
    Ok(())
}

pub(super) fn trim(transaction: &WriteTransaction, upto: StreamId) -> Result<(), DiskError> {
    let gone = (0, 0)..=(upto.millis, upto.number);
    transaction.open_table(TABLE)?.retain_in(gone, |_, _| false)?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (key, value) = stored?;
        let (millis, number) = key.value();
        let id = StreamId { millis, number };
        let values = value.value().into_iter().map(Bytes::copy_from_slice);
        let fields = CONFLICT_FIELDS.iter().map(|field| field.as_bytes()).zip(values);
        let conflict = Conflict::decode(fields)
            .map_err(|error| DiskError::Damaged(format!("{TABLE} has {id}: {error}")))?;
        state.apply(&Change::Conflict(id, conflict));
    }
    Ok(())
}
