//! The commands, a file for each kind.

pub(crate) mod add;
pub(crate) mod claim;
pub(crate) mod connection;
pub(crate) mod describe;
pub(crate) mod group;
pub(crate) mod hash;
pub(crate) mod info;
pub(crate) mod pending;
pub(crate) mod range;
pub(crate) mod read;
pub(crate) mod remove;
pub(crate) mod script;
pub(crate) mod server;
pub(crate) mod subscribe;

use baton_store::StreamId;

use super::reply::Reply;
use crate::state::Record;

/// What every command answers that may be refused.
pub(crate) type Answer = Result<Reply, super::refusal::Refusal>;

/// A place in a stream.
pub(crate) fn id(id: StreamId) -> Reply {
    Reply::text(id.to_string())
}

/// A record with its place.
pub(crate) fn record((place, record): (StreamId, Record)) -> Reply {
    Reply::List(vec![id(place), fields(record)])
}

fn fields(record: Record) -> Reply {
    let fields = record.into_fields().into_iter();
    Reply::List(fields.flat_map(|(name, value)| [Reply::Bulk(name), Reply::Bulk(value)]).collect())
}

/// Records with their places.
pub(crate) fn records(records: impl IntoIterator<Item = (StreamId, Record)>) -> Reply {
    Reply::List(records.into_iter().map(record).collect())
}
