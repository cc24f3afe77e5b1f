//! The fleet's conflicts and its journal: the values of their fields.

use std::iter::zip;

use baton_store::{CONFLICT_FIELDS, Conflict, HAPPENING_FIELDS, Happening, StreamId};
use bytes::Bytes;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::DiskError;
use crate::state::{Change, StoreState};

/// Stream id → values of the fields.
type Table = TableDefinition<'static, (u64, u64), Vec<&'static [u8]>>;

/// Values of [`CONFLICT_FIELDS`].
pub(super) const CONFLICTS: Table = TableDefinition::new("conflicts");

/// Values of [`HAPPENING_FIELDS`].
pub(super) const JOURNAL: Table = TableDefinition::new("journal");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(CONFLICTS)?;
    transaction.open_table(JOURNAL)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    table: Table,
    id: StreamId,
    fields: &[(&'static str, Bytes)],
) -> Result<(), DiskError> {
    let values: Vec<&[u8]> = fields.iter().map(|(_, value)| &value[..]).collect();
    transaction.open_table(table)?.insert((id.millis, id.number), values)?;
    Ok(())
}

pub(super) fn trim(
    transaction: &WriteTransaction,
    table: Table,
    upto: StreamId,
) -> Result<(), DiskError> {
    let gone = (0, 0)..=(upto.millis, upto.number);
    transaction.open_table(table)?.retain_in(gone, |_, _| false)?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    read_table(transaction, CONFLICTS, |id, values| {
        let fields = CONFLICT_FIELDS.iter().map(|field| field.as_bytes());
        let conflict = Conflict::decode(zip(fields, values))
            .map_err(|error| DiskError::Damaged(format!("{CONFLICTS} has {id}: {error}")))?;
        state.apply(&Change::Conflict(id, conflict));
        Ok(())
    })?;
    read_table(transaction, JOURNAL, |id, values| {
        let fields = HAPPENING_FIELDS.iter().map(|field| field.as_bytes());
        // What a newer Baton has noted down is no reason to start without the rest.
        if let Ok(happening) = Happening::decode(zip(fields, values)) {
            state.apply(&Change::Happening(id, happening));
        }
        Ok(())
    })
}

fn read_table(
    transaction: &ReadTransaction,
    table: Table,
    mut found: impl FnMut(StreamId, Vec<Bytes>) -> Result<(), DiskError>,
) -> Result<(), DiskError> {
    for stored in transaction.open_table(table)?.iter()? {
        let (key, value) = stored?;
        let (millis, number) = key.value();
        let values = value.value().into_iter().map(Bytes::copy_from_slice);
        found(StreamId { millis, number }, values.collect())?;
    }
    Ok(())
}
