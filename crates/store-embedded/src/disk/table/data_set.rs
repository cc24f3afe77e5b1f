//! The identity of the data set.

use baton_model::DataSetId;
use redb::{ReadTransaction, TableDefinition, WriteTransaction};

use super::DiskError;
use crate::state::{Change, StoreState};

const TABLE: TableDefinition<'_, (), u128> = TableDefinition::new("data_set");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(transaction: &WriteTransaction, id: DataSetId) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?.insert((), id.0)?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    let table = transaction.open_table(TABLE)?;
    if let Some(id) = table.get(())? {
        state.apply(&Change::DataSet(DataSetId(id.value())));
    }
    Ok(())
}
