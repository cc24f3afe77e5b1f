//! Leases over a bad connection.

use baton_model::{Expected, InstanceId, LeaseRow, OfferId, SessionNumber, SessionRow};

use super::Faulty;
use crate::{
    AcceptError, BreakError, ClaimError, Grant, Hold, HoldError, Leases, ShardAddress, StoreError,
};

impl<S: Leases + Sync> Leases for Faulty<S> {
    async fn rows(&self, shards: &[ShardAddress]) -> Result<Vec<Option<LeaseRow>>, StoreError> {
        self.through(self.store.rows(shards)).await
    }

    async fn claim(
        &self,
        shard: &ShardAddress,
        expected: Expected,
        me: InstanceId,
    ) -> Result<Grant, ClaimError> {
        self.through(self.store.claim(shard, expected, me)).await
    }

    async fn offer(&self, hold: &Hold, to: InstanceId, offer: OfferId) -> Result<(), HoldError> {
        self.through(self.store.offer(hold, to, offer)).await
    }

    async fn accept(
        &self,
        hold: &Hold,
        offer: OfferId,
        me: InstanceId,
    ) -> Result<Grant, AcceptError> {
        self.through(self.store.accept(hold, offer, me)).await
    }

    async fn retract(&self, hold: &Hold, offer: OfferId) -> Result<(), HoldError> {
        self.through(self.store.retract(hold, offer)).await
    }

    async fn release(&self, hold: &Hold) -> Result<(), HoldError> {
        self.through(self.store.release(hold)).await
    }

    async fn break_lease(
        &self,
        shard: &ShardAddress,
        expected: Expected,
    ) -> Result<(), BreakError> {
        self.through(self.store.break_lease(shard, expected)).await
    }

    async fn reassert(
        &self,
        hold: &Hold,
        session: Option<&SessionRow>,
    ) -> Result<LeaseRow, HoldError> {
        self.through(self.store.reassert(hold, session)).await
    }

    async fn forget_resume_url(
        &self,
        hold: &Hold,
        session: SessionNumber,
    ) -> Result<(), HoldError> {
        self.through(self.store.forget_resume_url(hold, session)).await
    }
}
