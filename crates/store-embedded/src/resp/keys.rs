//! What a consumer may do under which key, as access lists of a server would say it.

use baton_store::StreamId;
use bytes::Bytes;

use super::{arguments::kept, refusal::Refusal};
use crate::{
    key::{Place, place_of},
    state::{LaneAddress, StreamName},
};

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Readable {
    /// A stream of the state.
    Stream(StreamName),
    /// The results for whoever waits under this name.
    Results(LaneAddress, String),
}

/// A key of which a consumer reads the stream.
pub(crate) fn readable(key: &Bytes) -> Result<Readable, Refusal> {
    match place_of(&kept(key)) {
        Place::Stream(name) => Ok(Readable::Stream(name)),
        Place::Results(lane, name) => Ok(Readable::Results(lane, name)),
        Place::Apps | Place::Hash(_) => Err(Refusal::wrong_type()),
        Place::Baton => Err(Refusal::no_permission()),
    }
}

/// A key with whose stream a consumer reads in groups.
pub(crate) fn grouped(key: &Bytes) -> Result<StreamName, Refusal> {
    match place_of(&kept(key)) {
        Place::Stream(name) => Ok(name),
        Place::Apps | Place::Hash(_) => Err(Refusal::wrong_type()),
        Place::Results(..) | Place::Baton => Err(Refusal::no_permission()),
    }
}

/// A key of whose stream a consumer may do what it likes.
pub(crate) fn owned(key: &Bytes) -> Result<StreamName, Refusal> {
    match grouped(key)? {
        StreamName::Events(_) | StreamName::Commands(_) => Err(Refusal::no_permission()),
        name @ StreamName::Other(_) => Ok(name),
    }
}

/// A key to whose stream a consumer may add.
pub(crate) fn addable(key: &Bytes) -> Result<StreamName, Refusal> {
    match grouped(key)? {
        StreamName::Events(_) => Err(Refusal::no_permission()),
        name @ (StreamName::Commands(_) | StreamName::Other(_)) => Ok(name),
    }
}

/// The whole of a stream.
pub(crate) const ALL: (StreamId, StreamId) = (StreamId::START, StreamId::END);
