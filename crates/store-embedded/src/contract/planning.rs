//! Planning.

use baton_model::{Epoch, InstanceId, ShardKey};
use baton_store::{ClaimError, Expected, Grant, Planning, StoreError, TargetsError};

use crate::EmbeddedStore;

impl Planning for EmbeddedStore {
    async fn claim_planner(&self, expected: Expected, me: InstanceId) -> Result<Grant, ClaimError> {
        self.live.run(|at| at.state.claim_planner(at.now, expected, me)).await?
    }

    async fn write_targets(
        &self,
        me: InstanceId,
        epoch: Epoch,
        targets: &[(ShardKey, InstanceId)],
    ) -> Result<(), TargetsError> {
        self.live.run(|at| at.state.write_targets(me, epoch, targets)).await?
    }

    async fn targets(&self) -> Result<Vec<(ShardKey, InstanceId)>, StoreError> {
        self.live.run(|at| at.state.targets()).await
    }
}
