//! Leases of lanes: who of a group lives, and who holds which lane.

use bytes::Bytes;

use super::ok;
use crate::{
    live::Scene,
    resp::{
        arguments::{Arguments, kept},
        commands::{Answer, hash},
        refusal::Refusal,
        reply::Reply,
    },
    state::HashOf,
};

/// A lane's row.
pub(super) struct Row {
    pub(super) epoch: u64,
    pub(super) owner: Bytes,
}

/// Shows that a consumer lives, and answers what all others say of themselves.
///
/// `me record|'' name-to-forget …`
pub(super) fn beat(at: &mut Scene<'_>, key: &Bytes, mut arguments: Arguments<'_>) -> Answer {
    let (me, record) = (arguments.next()?, arguments.next()?);
    let was_known = at.hashes().of(HashOf::Readers).get(key, me).is_some();
    if record.is_empty() {
        at.hashes().of_mut(HashOf::Readers).remove(key, me);
    } else {
        hash::set(at, (HashOf::Readers, key), (me, record))?;
    }
    let mut hashes = at.hashes();
    let readers = hashes.of_mut(HashOf::Readers);
    for name in arguments.rest() {
        readers.remove(key, name);
    }
    let all = readers.all(key).flat_map(|(name, record)| [name.clone(), record.clone()]);
    let all = Reply::List(all.map(Reply::Bulk).collect());
    ok([server(at), Reply::Number(i64::from(was_known)), all])
}

/// Looks at a lane's row, claims it if its number is as expected, or gives it back.
///
/// `look|claim|release me expected`
pub(super) fn lease(at: &mut Scene<'_>, key: &Bytes, mut arguments: Arguments<'_>) -> Answer {
    let (what, me) = (arguments.next()?, arguments.next()?);
    let (expected, mut row) = (epoch(arguments.next()?)?, row(at, key)?);
    if what == "claim" && row.epoch == expected {
        // At least the store's time, so that none is granted twice after a restart.
        row = Row { epoch: at.now.0.max(row.epoch.saturating_add(1)), owner: kept(me) };
        put(at, key, &row)?;
    } else if what == "release" && row.epoch == expected && row.owner == *me {
        row.owner = Bytes::new();
        put(at, key, &row)?;
    }
    ok([Reply::text(row.epoch.to_string()), Reply::Bulk(row.owner), server(at)])
}

/// The number of a lease, as it is sent.
pub(super) fn epoch(text: &Bytes) -> Result<u64, Refusal> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Refusal::err("the number of a lease is none"))
}

/// The row under this key; nobody's if there is none.
pub(super) fn row(at: &Scene<'_>, key: &Bytes) -> Result<Row, Refusal> {
    let hashes = at.hashes();
    let readers = hashes.of(HashOf::Readers);
    let epoch = readers.get(key, EPOCH).map_or(Ok(0), epoch)?;
    Ok(Row { epoch, owner: readers.get(key, OWNER).cloned().unwrap_or_default() })
}

/// Writes a row.
pub(super) fn put(at: &Scene<'_>, key: &Bytes, row: &Row) -> Result<(), Refusal> {
    let epoch = Bytes::from(row.epoch.to_string());
    hash::set(at, (HashOf::Readers, key), (&Bytes::from_static(EPOCH), &epoch))?;
    hash::set(at, (HashOf::Readers, key), (&Bytes::from_static(OWNER), &row.owner)).map(drop)
}

const EPOCH: &[u8] = b"epoch";
const OWNER: &[u8] = b"owner";

/// Which store this is: another one after a restart.
fn server(at: &Scene<'_>) -> Reply {
    Reply::text(at.primary.0.to_string())
}
