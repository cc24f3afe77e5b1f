//! The shapes of apps.

use baton_model::{AppName, AppShape};
use baton_store::stored;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, parse};
use crate::state::{Change, StoreState};

/// App → shape.
const TABLE: TableDefinition<'_, &str, &str> = TableDefinition::new("apps");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    app: &AppName,
    shape: AppShape,
) -> Result<(), DiskError> {
    let value = stored::app::encode(&shape);
    transaction.open_table(TABLE)?.insert(app.as_str(), value.as_str())?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (app, shape) = stored?;
        let app: AppName = parse("app", app.value())?;
        let shape = stored::app::decode(&format!("app {app}"), shape.value())?;
        state.apply(&Change::App(app, shape));
    }
    Ok(())
}
