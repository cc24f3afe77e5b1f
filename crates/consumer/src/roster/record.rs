//! What consumers write down for each other.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a consumer says of itself with every beat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) beat: u64,
    /// The smaller, the sooner it is given lanes.
    pub(crate) tier: u8,
    pub(crate) condition: Condition,
    /// The lanes that it holds.
    pub(crate) lanes: BTreeSet<u16>,
}

/// Whether a consumer may be given lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    /// It gets its work done.
    Fit,
    /// It does not at present; it is given lanes if nobody does.
    Behind,
    /// It is about to go.
    Leaving,
}

/// The lease row of a lane.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Row {
    /// 0 if there was never a lease.
    pub(crate) epoch: u64,
    /// Nobody if it is free.
    pub(crate) owner: Option<String>,
    /// The server that says so.
    pub(crate) server: String,
}

impl Record {
    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|error| unreachable!("a record is plain data: {error}"))
    }

    /// Nothing if it was written by something else, which then looks like somebody who never beats.
    pub(crate) fn decode(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_as_it_was_written() {
        let record =
            Record { beat: 7, tier: 1, condition: Condition::Behind, lanes: [0, 3].into() };
        assert_eq!(Record::decode(record.encode().as_bytes()), Some(record));
        assert_eq!(Record::decode(b"{}"), None);
    }
}
