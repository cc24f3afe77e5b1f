//! Planning: the planner's lease and its advice.

use baton_model::{Epoch, Expected, Holding, InstanceId, LeaseRow, StoreMillis};
use baton_store::{ClaimError, Grant, Targets, TargetsError};

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

    /// See [`Planning::release_planner`](baton_store::Planning::release_planner).
    pub fn release_planner(&mut self, me: InstanceId, epoch: Epoch) {
        let row = self.planner.clone();
        if let Some(row) = row.filter(|row| is_planner(row, me, epoch)) {
            self.change(Change::Planner(LeaseRow { holding: Holding::Free, ..row }));
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
        targets: Targets<'_>,
    ) -> Result<(), TargetsError> {
        if !self.planner.as_ref().is_some_and(|row| is_planner(row, me, epoch)) {
            return Err(TargetsError::Fenced);
        }
        for (shard, target) in targets.set {
            if self.targets.get(shard) != Some(target) {
                self.change(Change::Target(shard.clone(), *target));
            }
        }
        for shard in targets.clear {
            if self.targets.contains_key(shard) {
                self.change(Change::TargetCleared(shard.clone()));
            }
        }
        Ok(())
    }
}

fn is_planner(row: &LeaseRow, me: InstanceId, epoch: Epoch) -> bool {
    row.epoch == epoch && row.holding == (Holding::Owned { owner: me })
}
