//! The id of an entry in a stream.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An entry's place in its stream: `<ms>-<n>`, given by the store, growing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct StreamId {
    /// The store's time when it was added, in milliseconds.
    pub millis: u64,
    /// Its number within that millisecond.
    pub number: u64,
}

impl StreamId {
    /// Before every entry.
    pub const START: Self = Self { millis: 0, number: 0 };

    /// Behind every entry.
    pub const END: Self = Self { millis: u64::MAX, number: u64::MAX };
}

/// A text that is no stream id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a stream id; expected <milliseconds>-<number>")]
pub struct StreamIdError(String);

impl FromStr for StreamId {
    type Err = StreamIdError;

    fn from_str(text: &str) -> Result<Self, StreamIdError> {
        let parsed = text.split_once('-').and_then(|(millis, number)| {
            Some(Self { millis: millis.parse().ok()?, number: number.parse().ok()? })
        });
        parsed.ok_or_else(|| StreamIdError(text.to_owned()))
    }
}

impl TryFrom<String> for StreamId {
    type Error = StreamIdError;

    fn try_from(text: String) -> Result<Self, StreamIdError> {
        text.parse()
    }
}

impl From<StreamId> for String {
    fn from(id: StreamId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_id_reads_as_it_writes() {
        let id = StreamId { millis: 1_700_000_000_000, number: 3 };
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "1", "-", "1-", "-1", "1-2-3", "a-1"] {
            assert!(bad.parse::<StreamId>().is_err(), "{bad:?}");
        }
    }
}
