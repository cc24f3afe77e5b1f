//! An app's shape: into how many shards and lanes it is cut.

use serde::{Deserialize, Serialize};

use crate::{Generation, Lane, LaneCount, ShardCount, ShardNumber};

/// What every instance must agree on before it writes a single event of an app: two that count
/// lanes differently would write one shard into two streams, under two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AppShape {
    /// The choice of shard count.
    pub generation: Generation,
    /// How many shards that choice has.
    pub shards: ShardCount,
    /// How many lanes they write to, whatever the generation.
    pub lanes: LaneCount,
}

impl AppShape {
    /// The shards that write to a lane.
    pub fn shards_of(self, lane: Lane) -> impl Iterator<Item = ShardNumber> {
        self.shards.shards().filter(move |shard| self.lanes.lane_of(*shard) == lane)
    }
}

#[cfg(test)]
mod tests {
    use std::num::{NonZeroU16, NonZeroU32};

    use super::*;

    #[test]
    fn every_shard_belongs_to_one_lane() {
        let shape = AppShape {
            generation: Generation(0),
            shards: ShardCount(NonZeroU32::new(5).unwrap()),
            lanes: LaneCount(NonZeroU16::new(2).unwrap()),
        };
        let of = |lane| shape.shards_of(Lane(lane)).map(|shard| shard.0).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2)], [vec![0, 2, 4], vec![1, 3], vec![]]);
    }
}
