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

pub(super) fn replace(
    transaction: &WriteTransaction,
    targets: &[(ShardKey, InstanceId)],
) -> Result<(), DiskError> {
    let mut table = transaction.open_table(TABLE)?;
    table.retain(|_, _| false)?;
    for (shard, target) in targets {
        let key = (shard.app.as_str(), shard.generation.0, shard.number.0);
        table.insert(key, target.bits())?;
    }
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    let mut targets = Vec::new();
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (key, target) = stored?;
        let (app, generation, number) = key.value();
        let shard = ShardKey {
            app: parse("app", app)?,
            generation: Generation(generation),
            number: ShardNumber(number),
        };
        targets.push((shard, InstanceId::new(target.value())));
    }
    state.apply(&Change::Targets(targets.into()));
    Ok(())
}
