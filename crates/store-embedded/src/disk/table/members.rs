//! The members.

use baton_model::InstanceId;
use baton_store::stored;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::DiskError;
use crate::state::{Change, StoreState, StoredMember};

/// Instance → beat and record, as [`baton_store::stored::instance`] has them.
const TABLE: TableDefinition<'_, u128, &str> = TableDefinition::new("members");

pub(super) fn ensure(transaction: &WriteTransaction) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?;
    Ok(())
}

pub(super) fn put(
    transaction: &WriteTransaction,
    id: InstanceId,
    member: &StoredMember,
) -> Result<(), DiskError> {
    let record = stored::instance::encode_record(&member.record);
    let value = format!("{} {record}", member.beat);
    let mut table = transaction.open_table(TABLE)?;
    table.insert(id.bits(), value.as_str())?;
    Ok(())
}

pub(super) fn remove(transaction: &WriteTransaction, id: InstanceId) -> Result<(), DiskError> {
    transaction.open_table(TABLE)?.remove(id.bits())?;
    Ok(())
}

pub(super) fn read(transaction: &ReadTransaction, state: &mut StoreState) -> Result<(), DiskError> {
    for stored in transaction.open_table(TABLE)?.iter()? {
        let (id, value) = stored?;
        let id = InstanceId::new(id.value());
        let (beat, record) = stored::instance::decode(&format!("member {id}"), value.value())?;
        state.apply(&Change::Member(id, StoredMember { beat, record }));
    }
    Ok(())
}
