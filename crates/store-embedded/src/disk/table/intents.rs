//! What operators want.

use baton_model::{Intent, NewIntent, Subject};
use baton_store::stored;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::DiskError;
use crate::state::{Change, StoreState};

/// Subject → id, time and intent, as [`baton_store::stored::intent`] has them.
const TABLE: TableDefinition<'_, &str, &str> = TableDefinition::new("intents");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(transaction: &WriteTransaction, intent: &Intent) -> Result<(), DiskError> {
    let json = stored::intent::encode(&NewIntent::from(intent.clone()));
    let value = format!("{} {} {json}", intent.id, intent.at.0);
    let mut table = transaction.open_table(TABLE)?;
    table.insert(intent.subject().to_string().as_str(), value.as_str())?;
    Ok(())
}

pub(super) fn remove(transaction: &WriteTransaction, subject: &Subject) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?.remove(subject.to_string().as_str())?;
    Ok(())
}

/// What a newer Baton has written stays where it is, for when that one is back.
pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (subject, value) = stored?;
        if let Some(intent) = stored::intent::decode(subject.value(), value.value()) {
            state.apply(&Change::Intent(intent));
        }
    }
    Ok(())
}
