//! Planning.

use baton_model::{Epoch, Expected, InstanceId};
use baton_store::{ClaimError, Grant, Planning, StoreError, Targets, TargetsError};

use crate::EmbeddedStore;

impl Planning for EmbeddedStore {
    async fn claim_planner(&self, expected: Expected, me: InstanceId) -> Result<Grant, ClaimError> {
        self.live.run(|at| at.state.claim_planner(at.now, expected, me)).await?
    }

    async fn release_planner(&self, me: InstanceId, epoch: Epoch) -> Result<(), StoreError> {
        self.live.run(|at| at.state.release_planner(me, epoch)).await
    }

    async fn write_targets(
        &self,
        me: InstanceId,
        epoch: Epoch,
        targets: Targets<'_>,
    ) -> Result<(), TargetsError> {
        self.live.run(|at| at.state.write_targets(me, epoch, targets)).await?
    }
}
