//! The name of a stream: which key of the contract it stands under.
//!
//! Baton's own streams are known by their lane. Every other stream is known by its key alone and
//! belongs to consumers: their dead letters, and whatever else they like to keep.

use baton_model::{AppName, Lane};
use baton_store::key::Key;
use bytes::Bytes;

use super::LaneAddress;

/// Which stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamName {
    /// A lane's entries. Only the holders of its shards write them.
    Events(LaneAddress),
    /// A lane's commands. Anybody adds to them, and only Baton removes them.
    Commands(LaneAddress),
    /// A stream of consumers, by its key.
    Other(Bytes),
}

impl StreamName {
    /// Under which key it stands.
    #[must_use]
    pub fn key(&self) -> Bytes {
        match self {
            Self::Events(LaneAddress { app, lane }) => bytes_of(Key::Events(app, *lane)),
            Self::Commands(LaneAddress { app, lane }) => bytes_of(Key::Commands(app, *lane)),
            Self::Other(key) => key.clone(),
        }
    }

    /// Where the dead letters of a lane's group are.
    #[must_use]
    pub fn dead_letters(app: &AppName, lane: Lane, group: &str) -> Self {
        Self::Other(bytes_of(Key::DeadLetters(app, lane, group)))
    }
}

/// The key as it is sent.
pub(crate) fn bytes_of(key: Key<'_>) -> Bytes {
    Bytes::from(key.to_string())
}
