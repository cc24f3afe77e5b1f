//! What a session is about: the `[id, count]` of IDENTIFY, and the session's own number.

use std::{fmt, num::NonZeroU32};

use baton_model::{ShardCount, ShardNumber};
use serde::{Deserialize, Serialize};

/// One shard under one shard count. In JSON it is Discord's own `[id, count]`.
///
/// The count belongs to it: Discord lets sessions of different counts run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slice(pub ShardNumber, pub ShardCount);

impl Slice {
    /// The whole app as one shard: what Discord assumes where IDENTIFY names none.
    pub const WHOLE: Self = Self(ShardNumber(0), ShardCount(NonZeroU32::MIN));

    /// The pair as a client gave it; none if there is no such shard.
    #[must_use]
    pub fn checked(id: u64, count: u64) -> Option<Self> {
        let count = NonZeroU32::new(u32::try_from(count).ok()?)?;
        let id = u32::try_from(id).ok().filter(|id| *id < count.get())?;
        Some(Self(ShardNumber(id), ShardCount(count)))
    }

    /// The shard's number, for arithmetic.
    #[must_use]
    pub const fn id(self) -> u64 {
        self.0.0 as u64
    }

    /// The shard count, for arithmetic.
    #[must_use]
    pub const fn count(self) -> u64 {
        self.1.0.get() as u64
    }
}

/// The simulated Discord's own number of a session, from 1. Unlike a session's id it is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionOrdinal(pub u64);

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

impl fmt::Display for SessionOrdinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_lies_within_its_count() {
        assert_eq!(Slice::checked(1, 2).unwrap().to_string(), "1/2");
        assert_eq!(Slice::checked(0, 1), Some(Slice::WHOLE));
        for (id, count) in [(2, 2), (0, 0), (0, u64::MAX), (u64::MAX, 1)] {
            assert_eq!(Slice::checked(id, count), None, "{id}/{count}");
        }
    }
}
