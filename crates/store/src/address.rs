//! Where a shard lives in the store, and under which right one may touch it.

use baton_model::{AppName, Epoch, InstanceId, Lane, LaneCount, ShardKey};
use serde::{Deserialize, Serialize};

/// A shard and the lane it writes to: its row and its stream lie side by side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardAddress {
    /// Which shard.
    pub shard: ShardKey,
    /// Its lane.
    pub lane: Lane,
}

impl ShardAddress {
    /// The address of a shard of an app with so many lanes.
    #[must_use]
    pub fn new(shard: ShardKey, lanes: LaneCount) -> Self {
        let lane = lanes.lane_of(shard.number);
        Self { shard, lane }
    }

    /// The app it belongs to.
    #[must_use]
    pub const fn app(&self) -> &AppName {
        &self.shard.app
    }
}

/// The right under which somebody writes: *whoever writes names the epoch under which it may*.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hold {
    /// Which shard.
    pub address: ShardAddress,
    /// Who claims to hold it.
    pub owner: InstanceId,
    /// Under which lease.
    pub epoch: Epoch,
}
