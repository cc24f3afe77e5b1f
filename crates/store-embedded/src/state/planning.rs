//! Planning: the planner's lease and its advice.

use std::collections::BTreeMap;

use baton_model::{Epoch, Holding, InstanceId, ShardKey, StoreMillis};
use baton_store::{ClaimError, Expected, Grant, TargetsError};

use super::{
    Change, StoreState,
    leases::{Claim, claim_over, grant_of},
};

impl StoreState {
    /// See [`Planning::claim_planner`](baton_store::Planning::claim_planner).
    ///
    /// # Errors
    /// [`ClaimError::Lost`] if the planner's row is not as expected.
    pub fn claim_planner(
        &mut self,
        now: StoreMillis,
        expected: Expected,
        me: InstanceId,
    ) -> Result<Grant, ClaimError> {
        match claim_over(self.planner.as_ref(), now, expected, me)? {
            Claim::Repeated(grant) => Ok(grant),
            Claim::New(lease) => {
                let grant = grant_of(&lease);
                self.change(Change::Planner(lease));
                Ok(grant)
            }
        }
    }

    /// See [`Planning::write_targets`](baton_store::Planning::write_targets).
    ///
    /// # Errors
    /// [`TargetsError::Fenced`] if the caller is not the planner under this epoch.
    pub fn write_targets(
        &mut self,
        me: InstanceId,
        epoch: Epoch,
        targets: &[(ShardKey, InstanceId)],
    ) -> Result<(), TargetsError> {
        let is_planner = self
            .planner
            .as_ref()
            .is_some_and(|row| row.epoch == epoch && row.holding == (Holding::Owned { owner: me }));
        if !is_planner {
            return Err(TargetsError::Fenced);
        }
        let targets: BTreeMap<_, _> = targets.iter().cloned().collect();
        if targets != self.targets {
            self.change(Change::Targets(targets.into_iter().collect()));
        }
        Ok(())
    }

    /// See [`Planning::targets`](baton_store::Planning::targets).
    #[must_use]
    pub fn targets(&self) -> Vec<(ShardKey, InstanceId)> {
        let targets = self.targets.iter();
        targets.map(|(shard, id)| (shard.clone(), *id)).collect()
    }
}
