//! The planner's targets.

use baton_model::{Generation, InstanceId, ShardKey, ShardNumber};
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, parse};
use crate::state::{Change, StoreState};

/// App, generation, shard → instance.
const TABLE: TableDefinition<'_, (&str, u32, u32), u128> = TableDefinition::new("targets");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    shard: &ShardKey,
    target: InstanceId,
) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?.insert(key(shard), target.bits())?;
    Ok(())
}

pub(super) fn clear(transaction: &WriteTransaction, shard: &ShardKey) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?.remove(key(shard))?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (key, target) = stored?;
        let (app, generation, number) = key.value();
        let shard = ShardKey {
            app: parse("app", app)?,
            generation: Generation(generation),
            number: ShardNumber(number),
        };
        state.apply(&Change::Target(shard, InstanceId::new(target.value())));
    }
    Ok(())
}

fn key(shard: &ShardKey) -> (&str, u32, u32) {
    (shard.app.as_str(), shard.generation.0, shard.number.0)
}
