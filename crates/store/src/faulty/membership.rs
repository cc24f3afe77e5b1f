//! Membership over a bad connection.

use baton_model::{Beat, DataSetId, InstanceId, InstanceRecord, StoreMillis};

use super::Faulty;
use crate::{BeatError, Membership, Poll, Safety, StoreError};

impl<S: Membership + Sync> Membership for Faulty<S> {
    type Presence = S::Presence;

    async fn ensure_data_set(&self, candidate: DataSetId) -> Result<DataSetId, StoreError> {
        self.through(self.store.ensure_data_set(candidate)).await
    }

    async fn beat(
        &self,
        me: InstanceId,
        beat: Beat,
        record: &InstanceRecord,
    ) -> Result<StoreMillis, BeatError> {
        self.through(self.store.beat(me, beat, record)).await
    }

    async fn forget(&self, id: InstanceId, beat: Beat) -> Result<(), StoreError> {
        self.through(self.store.forget(id, beat)).await
    }

    async fn poll(&self) -> Result<Poll, StoreError> {
        self.through(self.store.poll()).await
    }

    async fn safety(&self) -> Result<Safety, StoreError> {
        self.through(self.store.safety()).await
    }

    async fn hold_presence(&self, me: InstanceId) -> Result<Self::Presence, StoreError> {
        self.through(self.store.hold_presence(me)).await
    }
}
