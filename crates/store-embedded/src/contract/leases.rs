//! Leases.

use baton_model::{Expected, InstanceId, LeaseRow, OfferId, SessionNumber, SessionRow};
use baton_store::{
    AcceptError, BreakError, ClaimError, Grant, Hold, HoldError, Leases, ShardAddress, StoreError,
};

use crate::EmbeddedStore;

impl Leases for EmbeddedStore {
    async fn rows(&self, shards: &[ShardAddress]) -> Result<Vec<Option<LeaseRow>>, StoreError> {
        self.live.run(|at| at.state.rows(shards)).await
    }

    async fn claim(
        &self,
        shard: &ShardAddress,
        expected: Expected,
        me: InstanceId,
    ) -> Result<Grant, ClaimError> {
        self.live.run(|at| at.state.claim(at.now, shard, expected, me)).await?
    }

    async fn offer(&self, hold: &Hold, to: InstanceId, offer: OfferId) -> Result<(), HoldError> {
        self.live.run(|at| at.state.offer(hold, to, offer)).await?
    }

    async fn accept(
        &self,
        hold: &Hold,
        offer: OfferId,
        me: InstanceId,
    ) -> Result<Grant, AcceptError> {
        self.live.run(|at| at.state.accept(at.now, hold, offer, me)).await?
    }

    async fn retract(&self, hold: &Hold, offer: OfferId) -> Result<(), HoldError> {
        self.live.run(|at| at.state.retract(hold, offer)).await?
    }

    async fn release(&self, hold: &Hold) -> Result<(), HoldError> {
        self.live.run(|at| at.state.release(hold)).await?
    }

    async fn break_lease(
        &self,
        shard: &ShardAddress,
        expected: Expected,
    ) -> Result<(), BreakError> {
        self.live.run(|at| at.state.break_lease(shard, expected)).await?
    }

    async fn reassert(
        &self,
        hold: &Hold,
        session: Option<&SessionRow>,
    ) -> Result<LeaseRow, HoldError> {
        self.live.run(|at| at.state.reassert(at.now, hold, session)).await?
    }

    async fn forget_resume_url(
        &self,
        hold: &Hold,
        session: SessionNumber,
    ) -> Result<(), HoldError> {
        self.live.run(|at| at.state.forget_resume_url(hold, session)).await?
    }
}
