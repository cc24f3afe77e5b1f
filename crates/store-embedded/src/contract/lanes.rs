//! Lanes.

use baton_model::{AppName, Lane};
use baton_store::{DeadLetter, GroupAddress, LaneView, Lanes, Redelivery, StoreError, StreamId};

use crate::EmbeddedStore;

impl Lanes for EmbeddedStore {
    async fn lane(&self, app: &AppName, lane: Lane) -> Result<LaneView, StoreError> {
        self.live.run(|at| at.state.lane(at.now, app, lane)).await
    }

    async fn remove_group(&self, group: GroupAddress<'_>) -> Result<bool, StoreError> {
        self.live.run(|at| at.state.remove_group_of_lane(group)).await
    }

    async fn dead_letters(
        &self,
        group: GroupAddress<'_>,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.live.run(|at| at.state.dead_letters(group, after, count)).await
    }

    async fn drop_dead_letters(
        &self,
        group: GroupAddress<'_>,
        ids: &[StreamId],
    ) -> Result<u64, StoreError> {
        self.live.run(|at| at.state.drop_dead_letters(group, ids)).await
    }

    async fn redeliver(
        &self,
        group: GroupAddress<'_>,
        letter: StreamId,
    ) -> Result<Redelivery, StoreError> {
        self.live.run(|at| at.state.redeliver(at.now, group, letter)).await
    }
}
