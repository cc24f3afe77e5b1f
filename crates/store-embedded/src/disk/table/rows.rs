//! The shards' rows, in the fields that [`baton_store::stored::row`] gives them everywhere.

use baton_model::{Generation, Lane, LeaseRow, OfferId, ShardKey, ShardNumber};
use baton_store::{ShardAddress, StreamId, key::Key, stored};
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{DiskError, parse};
use crate::state::{Change, Row, StoreState};

/// Fields of the lease row, the last offer, the place in the lane's commands.
type Value<'a> = (Vec<(&'a str, &'a str)>, Option<u64>, (u64, u64));

/// App, lane, generation, shard → its row.
const TABLE: TableDefinition<'_, (&str, u16, u32, u32), Value<'_>> = TableDefinition::new("rows");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    address: &ShardAddress,
    row: &Row,
) -> Result<(), DiskError> {
    let ShardAddress { shard, lane } = address;
    let key = (shard.app.as_str(), lane.0, shard.generation.0, shard.number.0);
    let fields = stored::row::encode(&row.lease);
    let done = (row.commands_done.millis, row.commands_done.number);
    let mut table = transaction.open_table(TABLE)?;
    table.insert(key, (borrowed(&fields), row.last_offer.map(|offer| offer.0), done))?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (key, value) = stored?;
        let address = address_of(key.value())?;
        let (fields, last_offer, (millis, number)) = value.value();
        let row = Row {
            lease: lease_of(&Key::Row(&address).to_string(), fields)?,
            last_offer: last_offer.map(OfferId),
            commands_done: StreamId { millis, number },
        };
        state.apply(&Change::Row(address, row));
    }
    Ok(())
}

fn address_of(key: (&str, u16, u32, u32)) -> Result<ShardAddress, DiskError> {
    let (app, lane, generation, number) = key;
    let shard = ShardKey {
        app: parse("app", app)?,
        generation: Generation(generation),
        number: ShardNumber(number),
    };
    let lane = Lane(lane);
    Ok(ShardAddress { shard, lane })
}

/// A lease row's fields, as the file wants them.
pub(super) fn borrowed<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    let fields = fields.iter();
    fields.map(|(name, value)| (*name, value.as_str())).collect()
}

/// A lease row from its fields; `key` is for the error.
pub(super) fn lease_of(key: &str, fields: Vec<(&str, &str)>) -> Result<LeaseRow, DiskError> {
    let decoded = stored::row::decode(key, fields)?;
    decoded.ok_or_else(|| DiskError::Damaged(format!("{key} without fields")))
}
