//! The identify budget: the buckets' next times, and the days.

use baton_model::{AppName, StoreMillis};
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, parse};
use crate::state::{Change, IdentifyDay, StoreState};

/// App, bucket → from when the next IDENTIFY may go.
const BUCKETS: TableDefinition<'_, (&str, u32), u64> = TableDefinition::new("identify_buckets");

/// App → total, remaining, end of the window.
const DAYS: TableDefinition<'_, &str, (u32, u32, u64)> = TableDefinition::new("identify_days");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(BUCKETS)?;
    transaction.open_table(DAYS)?;
    Ok(())
}

pub(super) fn put_bucket(
    transaction: &WriteTransaction,
    app: &AppName,
    bucket: u32,
    next_at: StoreMillis,
) -> Result<(), DiskError> {
    let mut table = transaction.open_table(BUCKETS)?;
    table.insert((app.as_str(), bucket), next_at.0)?;
    Ok(())
}

pub(super) fn put_day(
    transaction: &WriteTransaction,
    app: &AppName,
    day: IdentifyDay,
) -> Result<(), DiskError> {
    let mut table = transaction.open_table(DAYS)?;
    table.insert(app.as_str(), (day.total, day.remaining, day.reset_at.0))?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(BUCKETS)?.iter()? {
        let (key, next_at) = stored?;
        let (app, bucket) = key.value();
        let next_at = StoreMillis(next_at.value());
        state.apply(&Change::IdentifyBucket(parse("app", app)?, bucket, next_at));
    }
    for stored in transaction.open_table(DAYS)?.iter()? {
        let (app, day) = stored?;
        let (total, remaining, reset_at) = day.value();
        let day = IdentifyDay { total, remaining, reset_at: StoreMillis(reset_at) };
        state.apply(&Change::IdentifyDay(parse("app", app.value())?, day));
    }
    Ok(())
}
