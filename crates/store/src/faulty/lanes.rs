//! Lanes over a bad connection.

use baton_model::{AppName, Lane};

use super::Faulty;
use crate::{DeadLetter, GroupAddress, LaneView, Lanes, Redelivery, StoreError, StreamId};

impl<S: Lanes + Sync> Lanes for Faulty<S> {
    async fn lane(&self, app: &AppName, lane: Lane) -> Result<LaneView, StoreError> {
        self.through(self.store.lane(app, lane)).await
    }

    async fn remove_group(&self, group: GroupAddress<'_>) -> Result<bool, StoreError> {
        self.through(self.store.remove_group(group)).await
    }

    async fn dead_letters(
        &self,
        group: GroupAddress<'_>,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.through(self.store.dead_letters(group, after, count)).await
    }

    async fn drop_dead_letters(
        &self,
        group: GroupAddress<'_>,
        ids: &[StreamId],
    ) -> Result<u64, StoreError> {
        self.through(self.store.drop_dead_letters(group, ids)).await
    }

    async fn redeliver(
        &self,
        group: GroupAddress<'_>,
        letter: StreamId,
    ) -> Result<Redelivery, StoreError> {
        self.through(self.store.redeliver(group, letter)).await
    }
}
