//! The planner's lease row.

use baton_model::LeaseRow;
use baton_store::stored;
use redb::{ReadTransaction, TableDefinition, WriteTransaction};

use super::{
    DiskError,
    rows::{borrowed, lease_of},
};
use crate::state::{Change, StoreState};

const TABLE: TableDefinition<'_, (), Vec<(&str, &str)>> = TableDefinition::new("planner");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(transaction: &WriteTransaction, row: &LeaseRow) -> Result<(), DiskError> {
    let fields = stored::row::encode(row);
    transaction.open_table(TABLE)?.insert((), borrowed(&fields))?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    let table = transaction.open_table(TABLE)?;
    if let Some(fields) = table.get(())? {
        let row = lease_of("planner", fields.value())?;
        state.apply(&Change::Planner(row));
    }
    Ok(())
}
