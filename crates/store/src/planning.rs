//! Planning: who computes the plan, and what it proposes.

use std::future::Future;

use baton_model::{Epoch, InstanceId, ShardKey};
use thiserror::Error;

use crate::{ClaimError, Expected, Grant, StoreError, error::unhappy};

/// Why targets were not written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetsError {
    /// The caller is not the planner under this epoch.
    #[error("fenced: not the planner under this epoch")]
    Fenced,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(TargetsError);

/// The planner's lease and its advice.
///
/// Targets are advisory: nothing is lost if they are lost, and only the lease of a shard decides
/// who writes. The epoch keeps two planners from contradicting each other in turns.
pub trait Planning {
    /// Takes the planner's lease, by the rules of [`Leases::claim`](crate::Leases::claim).
    fn claim_planner(
        &self,
        expected: Expected,
        me: InstanceId,
    ) -> impl Future<Output = Result<Grant, ClaimError>> + Send;

    /// Replaces all targets, if the caller is the planner under this epoch.
    fn write_targets(
        &self,
        me: InstanceId,
        epoch: Epoch,
        targets: &[(ShardKey, InstanceId)],
    ) -> impl Future<Output = Result<(), TargetsError>> + Send;

    /// All targets, ordered by shard.
    fn targets(
        &self,
    ) -> impl Future<Output = Result<Vec<(ShardKey, InstanceId)>, StoreError>> + Send;
}
