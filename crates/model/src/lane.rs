//! A lane: the unit of streaming.

use std::{fmt, num::NonZeroU16};

use serde::{Deserialize, Serialize};

use crate::ShardNumber;

/// One of an app's streams, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lane(pub u16);

/// How many lanes an app has. Fixed for the life of the app: consumers bind to lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LaneCount(pub NonZeroU16);

impl LaneCount {
    /// The lane that a shard writes to.
    #[must_use]
    pub fn lane_of(self, shard: ShardNumber) -> Lane {
        let lane = shard.0 % u32::from(self.0.get());
        Lane(u16::try_from(lane).unwrap_or_else(|_| unreachable!("{lane} is below a u16")))
    }

    /// All lanes.
    pub fn lanes(self) -> impl DoubleEndedIterator<Item = Lane> {
        (0..self.0.get()).map(Lane)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_dealt_to_lanes_in_turn() {
        let lanes = LaneCount(NonZeroU16::new(3).unwrap());
        let dealt: Vec<_> = (0..5).map(|n| lanes.lane_of(ShardNumber(n)).0).collect();
        assert_eq!(dealt, [0, 1, 2, 0, 1]);
        assert_eq!(lanes.lane_of(ShardNumber(u32::MAX)), Lane(0));
    }
}
