//! Apps that operators have put into the store.

use baton_model::{AppName, StoredApp};
use baton_store::stored;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, parse};
use crate::state::{Change, StoreState};

/// App → revision and app, as [`baton_store::stored::stored_app`] has them.
const TABLE: TableDefinition<'_, &str, &str> = TableDefinition::new("stored_apps");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    name: &AppName,
    (revision, app): (u64, &StoredApp),
) -> Result<(), DiskError> {
    let json = stored::stored_app::encode(app);
    let json = json.unwrap_or_else(|error| unreachable!("it was taken: {error}"));
    let mut table = transaction.open_table(TABLE)?;
    table.insert(name.as_str(), format!("{revision} {json}").as_str())?;
    Ok(())
}

/// What a newer Baton has written stays where it is, for when that one is back.
pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (name, value) = stored?;
        let name: AppName = parse("stored app", name.value())?;
        let found = stored::stored_app::decode(value.value());
        if let Ok(app) = found.app {
            state.apply(&Change::StoredApp(name, found.revision, app));
        }
    }
    Ok(())
}
