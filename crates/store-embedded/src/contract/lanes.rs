//! Lanes.

use baton_model::{AppName, Lane};
use baton_store::{DeadLetter, GroupAddress, LaneView, Lanes, Redelivery, StoreError, StreamId};

use crate::EmbeddedStore;

impl Lanes for EmbeddedStore {
    async fn lane(&self, app: &AppName, lane: Lane) -> Result<LaneView, StoreError> {
        self.live.run(|at| at.state.lane(app, lane)).await
    }

    async fn remove_group(&self, _group: GroupAddress<'_>) -> Result<bool, StoreError> {
        self.live.run(|_| false).await
    }

    async fn dead_letters(
        &self,
        _group: GroupAddress<'_>,
        _after: StreamId,
        _count: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.live.run(|_| Vec::new()).await
    }

    async fn drop_dead_letters(
        &self,
        _group: GroupAddress<'_>,
        _ids: &[StreamId],
    ) -> Result<u64, StoreError> {
        self.live.run(|_| 0).await
    }

    async fn redeliver(
        &self,
        _group: GroupAddress<'_>,
        _letter: StreamId,
    ) -> Result<Redelivery, StoreError> {
        self.live.run(|_| Redelivery::NoLetter).await
    }
}
