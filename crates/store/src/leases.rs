//! Leases: who may write a shard's events.

use std::future::Future;

use baton_model::{Epoch, Expected, InstanceId, LeaseRow, OfferId, SessionNumber, SessionRow};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Hold, ShardAddress, StoreError, error::unhappy};

/// A lease that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its number: larger than every one granted before for this shard.
    pub epoch: Epoch,
    /// The session to resume, and from where.
    pub session: Option<SessionRow>,
}

/// Somebody else was granted the lease later, or it was given back. The caller must stop: its right
/// is gone for good.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("fenced: the lease is not held under this epoch")]
pub struct Fenced {
    /// What the store holds.
    pub row: LeaseRow,
}

/// Why a claim was not granted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// The row is not as expected: somebody else was faster, or the holder lives.
    #[error("the row is not as expected")]
    Lost(Option<LeaseRow>),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an offer was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AcceptError {
    /// There is no such offer to the caller: retracted, or claimed by others.
    #[error("there is no such offer")]
    Gone(Option<LeaseRow>),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a lease was not taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum BreakError {
    /// The row is not as expected: somebody was granted the lease later, or nobody ever was.
    #[error("the row is not as expected")]
    Changed(Option<LeaseRow>),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why something that only the holder may do was not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HoldError {
    /// The caller is not the holder any more.
    #[error(transparent)]
    Fenced(#[from] Fenced),
    /// The store has lost the lease: it holds no row, or one from before the lease was granted.
    /// Nobody has taken it away; to be repaired by [`Leases::reassert`].
    #[error("the store has forgotten the lease")]
    Forgotten,
    /// A later request of the same holder has overtaken this one, which was delayed on its way.
    #[error("a later request has overtaken this one")]
    Overtaken,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(ClaimError);
unhappy!(AcceptError);
unhappy!(BreakError);
unhappy!(HoldError);

/// Leases on shards.
///
/// Every operation on one shard is atomic, and those on one shard are totally ordered with each
/// other and with its appends. What was granted is durable as far as the store's own
/// configuration goes: a Valkey that fails over may forget a grant, which [`Leases::reassert`]
/// repairs and which no epoch is ever reused for.
pub trait Leases {
    /// Reads rows, in the order asked for; none for a shard without one.
    ///
    /// Each row is read atomically; the rows together are not one snapshot.
    fn rows(
        &self,
        shards: &[ShardAddress],
    ) -> impl Future<Output = Result<Vec<Option<LeaseRow>>, StoreError>> + Send;

    /// Takes a lease if the row is as `expected`. The new epoch is
    /// `max(previous + 1, the store's time in ms)`; the session stays.
    ///
    /// Repeated after an unknown outcome it returns the grant of the first time: a row that is
    /// already owned by `me` under a later epoch than expected is mine by this very claim.
    fn claim(
        &self,
        shard: &ShardAddress,
        expected: Expected,
        me: InstanceId,
    ) -> impl Future<Output = Result<Grant, ClaimError>> + Send;

    /// Puts the lease on offer to another instance. From then on the holder's appends are
    /// refused. Repeating it changes nothing. Offers under one epoch have growing ids: one that is
    /// not above the last was taken back meanwhile and is [`HoldError::Overtaken`].
    fn offer(
        &self,
        hold: &Hold,
        to: InstanceId,
        offer: OfferId,
    ) -> impl Future<Output = Result<(), HoldError>> + Send;

    /// Takes what `hold.owner` offered to `me` under `hold.epoch`: a new epoch, as in
    /// [`Leases::claim`]. An offer is accepted at most once; repeated after an unknown outcome it
    /// returns the grant of the first time.
    fn accept(
        &self,
        hold: &Hold,
        offer: OfferId,
        me: InstanceId,
    ) -> impl Future<Output = Result<Grant, AcceptError>> + Send;

    /// Takes an offer back: the holder owns the row again, under the same epoch. Repeating it
    /// changes nothing; after the offer was accepted it is [`Fenced`].
    fn retract(
        &self,
        hold: &Hold,
        offer: OfferId,
    ) -> impl Future<Output = Result<(), HoldError>> + Send;

    /// Gives the lease back, offered or not. The session stays for the next owner. Repeating it
    /// changes nothing.
    fn release(&self, hold: &Hold) -> impl Future<Output = Result<(), HoldError>> + Send;

    /// Takes a lease away from its holder, dead or alive, offered or not, if the row is as
    /// `expected`. The row is free then, under the same epoch and with its session, as if the
    /// holder had released it; a holder who lives is [`Fenced`] with whatever it does next.
    /// Repeating it changes nothing.
    ///
    /// No instance does this, for a claim needs no free row: it is for operators who know better.
    fn break_lease(
        &self,
        shard: &ShardAddress,
        expected: Expected,
    ) -> impl Future<Output = Result<(), BreakError>> + Send;

    /// Writes back what the holder remembers, after the store has lost something.
    ///
    /// The larger epoch wins, so of two instances that remember different things the later
    /// holder prevails, whoever comes first. A session that the store still knows keeps the
    /// store's seq, for that is what the stream holds; one that it has forgotten is written with
    /// the seq given, and the stream gets a `StreamLost` marker. If the store knows an earlier
    /// session, a `SessionStarted` marker comes before that, as if the session began here: it names
    /// the earlier one and where the stream ends in it. Returns the row as it is then.
    fn reassert(
        &self,
        hold: &Hold,
        session: Option<&SessionRow>,
    ) -> impl Future<Output = Result<LeaseRow, HoldError>> + Send;

    /// Removes the resume url of a session, because connecting to it failed. Does nothing if the
    /// session has changed meanwhile.
    fn forget_resume_url(
        &self,
        hold: &Hold,
        session: SessionNumber,
    ) -> impl Future<Output = Result<(), HoldError>> + Send;
}
