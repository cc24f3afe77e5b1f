//! Meta: which format the file has, and how often it was opened.

use redb::{
    Database, ReadableDatabase, ReadableTable, TableDefinition, TableError, TableHandle,
    WriteTransaction,
};

use super::{DiskError, ensure_all};

const TABLE: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";
const OPENINGS_KEY: &str = "openings";

/// The format that this Baton writes, persisted. It grows with every change that an older Baton
/// would misread.
pub(in crate::disk) const FORMAT: u64 = 2;

/// The oldest format that can be read. What it has is what the latest one has, and less.
const FORMAT_READ_MIN: u64 = 1;

/// Refuses a file in another format.
pub(in crate::disk) fn ensure_readable(database: &Database) -> Result<(), DiskError> {
    match format_of(database)? {
        None | Some(FORMAT_READ_MIN..=FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(DiskError::Newer(found)),
        Some(found) => Err(DiskError::Damaged(format!("format {found}"))),
    }
}

/// Gives a new file its tables; returns how often the file was opened, this time included.
pub(in crate::disk) fn begin_opening(database: &Database) -> Result<u64, DiskError> {
    let transaction = database.begin_write()?;
    let opening = count_opening(&transaction)?;
    ensure_all(&transaction)?;
    transaction.commit()?;
    Ok(opening)
}

fn format_of(database: &Database) -> Result<Option<u64>, DiskError> {
    let transaction = database.begin_read()?;
    match transaction.open_table(TABLE) {
        Ok(table) => match table.get(FORMAT_KEY)? {
            Some(format) => Ok(Some(format.value())),
            None => Err(DiskError::Damaged("no format".to_owned())),
        },
        Err(TableError::TableDoesNotExist(_)) => match transaction.list_tables()?.next() {
            None => Ok(None),
            Some(other) => {
                Err(DiskError::Damaged(format!("table {:?} of another program", other.name())))
            }
        },
        Err(error) => Err(error.into()),
    }
}

fn count_opening(transaction: &WriteTransaction) -> Result<u64, DiskError> {
    let mut table = transaction.open_table(TABLE)?;
    table.insert(FORMAT_KEY, FORMAT)?;
    let before = table.get(OPENINGS_KEY)?.map_or(0, |count| count.value());
    let opening = before.saturating_add(1);
    table.insert(OPENINGS_KEY, opening)?;
    Ok(opening)
}
