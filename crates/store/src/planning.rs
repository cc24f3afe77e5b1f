//! Planning: who computes the plan, and what it proposes.

use std::future::Future;

use baton_model::{Epoch, Expected, InstanceId, ShardKey};
use thiserror::Error;

use crate::{ClaimError, Grant, StoreError, error::unhappy};

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

    /// Gives the planner's lease back. Repeating it changes nothing, and so does giving back what
    /// somebody else has taken over.
    fn release_planner(
        &self,
        me: InstanceId,
        epoch: Epoch,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Changes targets, if the caller is the planner under this epoch: sets some, clears others.
    /// They show in the next [`poll`](crate::Membership::poll).
    fn write_targets(
        &self,
        me: InstanceId,
        epoch: Epoch,
        targets: Targets<'_>,
    ) -> impl Future<Output = Result<(), TargetsError>> + Send;
}

/// A change of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets<'a> {
    /// Shards that should go somewhere.
    pub set: &'a [(ShardKey, InstanceId)],
    /// Shards whose move is over.
    pub clear: &'a [ShardKey],
}
