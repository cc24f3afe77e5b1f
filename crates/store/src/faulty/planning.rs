//! Planning over a bad connection.

use baton_model::{Epoch, Expected, InstanceId};

use super::Faulty;
use crate::{ClaimError, Grant, Planning, StoreError, Targets, TargetsError};

impl<S: Planning + Sync> Planning for Faulty<S> {
    async fn claim_planner(&self, expected: Expected, me: InstanceId) -> Result<Grant, ClaimError> {
        self.through(self.store.claim_planner(expected, me)).await
    }

    async fn release_planner(&self, me: InstanceId, epoch: Epoch) -> Result<(), StoreError> {
        self.through(self.store.release_planner(me, epoch)).await
    }

    async fn write_targets(
        &self,
        me: InstanceId,
        epoch: Epoch,
        targets: Targets<'_>,
    ) -> Result<(), TargetsError> {
        self.through(self.store.write_targets(me, epoch, targets)).await
    }
}
