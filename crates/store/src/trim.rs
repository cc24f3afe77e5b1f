//! Trimming: what of a lane's entries need not be kept.

use std::time::Duration;

use baton_model::{StreamId, limits::RING_KEEP};
use serde::{Deserialize, Serialize};

/// How much of a lane's stream is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trim {
    /// What every living consumer group has acknowledged stays this long all the same, for who
    /// reads without a group, and for people.
    pub min_age: Duration,
    /// Above so many entries the oldest go, read or not.
    pub entries_max: u64,
    /// Above so many bytes the oldest go, read or not. The store counts roughly.
    pub bytes_max: u64,
    /// A consumer group is alive if one of its consumers was heard of within this time. What a
    /// dead one has not read is lost to it without a marker: this is hours, not minutes.
    pub live_within: Duration,
}

impl Trim {
    /// The age below which what everybody has read stays: never less than a failover can lose.
    #[must_use]
    pub fn min_age(&self) -> Duration {
        self.min_age.max(RING_KEEP)
    }
}

/// What a trim would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trimmable {
    /// Entries that would go.
    pub removed: u64,
    /// Those among them that a living group has not acknowledged.
    pub unread: u64,
}

/// What a trim has done, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trimmed {
    /// Entries that are gone.
    pub removed: u64,
    /// Those among them that a living group had not acknowledged: consumers are too slow, or the
    /// stream is too short. Somebody should be told.
    pub unread: u64,
    /// Entries that are left, the marker among them if there is one.
    pub length: u64,
    /// Bytes that they take up, roughly.
    pub bytes: u64,
    /// The oldest of them.
    pub oldest: Option<StreamId>,
}
