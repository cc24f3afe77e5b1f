//! Leases: who may write a shard's events.

use baton_model::{
    Epoch, Expected, Holding, InstanceId, LeaseRow, OfferId, SessionNumber, StoreMillis,
};
use baton_store::{
    AcceptError, BreakError, ClaimError, Fenced, Grant, Hold, HoldError, ShardAddress, StreamId,
};

use super::{Change, StoreState, next_number};

/// What is kept of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its lease and its session.
    pub lease: LeaseRow,
    /// The last offer under this epoch, also after it was taken back: an attempt to make it that
    /// was delayed on its way must not make it once more.
    pub last_offer: Option<OfferId>,
    /// Up to where it has dealt with its lane's commands.
    pub commands_done: StreamId,
}

/// Why somebody who is not the holder may not do what only the holder may.
pub(super) enum Refusal {
    /// The lease is another's, or was given back.
    Fenced(LeaseRow),
    /// The store holds nothing as late as the caller's lease: it has lost that.
    Forgotten,
}

impl From<Refusal> for HoldError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fenced(row) => Self::Fenced(Fenced { row }),
            Refusal::Forgotten => Self::Forgotten,
        }
    }
}

impl StoreState {
    /// See [`Leases::rows`](baton_store::Leases::rows).
    #[must_use]
    pub fn rows(&self, shards: &[ShardAddress]) -> Vec<Option<LeaseRow>> {
        let rows = shards.iter().map(|shard| self.rows.get(shard));
        rows.map(|row| row.map(|row| row.lease.clone())).collect()
    }

    /// See [`Leases::claim`](baton_store::Leases::claim).
    ///
    /// # Errors
    /// [`ClaimError::Lost`] if the row is not as expected.
    pub fn claim(
        &mut self,
        now: StoreMillis,
        shard: &ShardAddress,
        expected: Expected,
        me: InstanceId,
    ) -> Result<Grant, ClaimError> {
        let stored = self.rows.get(shard).map(|row| &row.lease);
        match claim_over(stored, now, expected, me)? {
            Claim::Repeated(grant) => Ok(grant),
            Claim::New(lease) => Ok(self.grant(shard, lease)),
        }
    }

    /// See [`Leases::offer`](baton_store::Leases::offer).
    ///
    /// # Errors
    /// [`Fenced`] if the caller does not hold the row, or has it on another offer;
    /// [`HoldError::Overtaken`] if the offer was taken back meanwhile.
    pub fn offer(&mut self, hold: &Hold, to: InstanceId, offer: OfferId) -> Result<(), HoldError> {
        let row = self.row_under(hold)?;
        let offered = Holding::Offered { owner: hold.owner, to, offer };
        if row.lease.holding == offered {
            return Ok(());
        }
        if !is_owned(&row) {
            return Err(Refusal::Fenced(row.lease).into());
        }
        if row.last_offer >= Some(offer) {
            return Err(HoldError::Overtaken);
        }
        let last_offer = Some(offer);
        self.put_holding(hold, Row { last_offer, ..row }, offered);
        Ok(())
    }

    /// See [`Leases::accept`](baton_store::Leases::accept).
    ///
    /// # Errors
    /// [`AcceptError::Gone`] if there is no such offer.
    pub fn accept(
        &mut self,
        now: StoreMillis,
        hold: &Hold,
        offer: OfferId,
        me: InstanceId,
    ) -> Result<Grant, AcceptError> {
        let Some(Row { lease, .. }) = self.rows.get(&hold.address) else {
            return Err(AcceptError::Gone(None));
        };
        let awaited = Holding::Offered { owner: hold.owner, to: me, offer };
        if lease.epoch == hold.epoch && lease.holding == awaited {
            let lease = owned_anew(Some(lease), now, me);
            return Ok(self.grant(&hold.address, lease));
        }
        if lease.epoch > hold.epoch && lease.holding == (Holding::Owned { owner: me }) {
            return Ok(grant_of(lease));
        }
        Err(AcceptError::Gone(Some(lease.clone())))
    }

    /// See [`Leases::retract`](baton_store::Leases::retract).
    ///
    /// # Errors
    /// [`Fenced`] if the offer was accepted, or is another one.
    pub fn retract(&mut self, hold: &Hold, offer: OfferId) -> Result<(), HoldError> {
        let row = self.row_under(hold)?;
        match row.lease.holding {
            Holding::Owned { .. } => Ok(()),
            Holding::Offered { offer: stored, .. } if stored == offer => {
                self.put_holding(hold, row, Holding::Owned { owner: hold.owner });
                Ok(())
            }
            Holding::Offered { .. } | Holding::Free => Err(Refusal::Fenced(row.lease).into()),
        }
    }

    /// See [`Leases::release`](baton_store::Leases::release).
    ///
    /// # Errors
    /// [`Fenced`] if the row is another's.
    pub fn release(&mut self, hold: &Hold) -> Result<(), HoldError> {
        if let Some(Row { lease, .. }) = self.rows.get(&hold.address)
            && lease.epoch == hold.epoch
            && lease.holding == Holding::Free
        {
            return Ok(());
        }
        let row = self.row_under(hold)?;
        self.put_holding(hold, Row { last_offer: None, ..row }, Holding::Free);
        Ok(())
    }

    /// See [`Leases::break_lease`](baton_store::Leases::break_lease).
    ///
    /// # Errors
    /// [`BreakError::Changed`] if the row is not as expected.
    pub fn break_lease(
        &mut self,
        shard: &ShardAddress,
        expected: Expected,
    ) -> Result<(), BreakError> {
        let row = self.rows.get(shard).cloned();
        let Some(row) = row.filter(|row| row.lease.epoch == expected.epoch) else {
            return Err(BreakError::Changed(self.rows.get(shard).map(|row| row.lease.clone())));
        };
        if row.lease.holding == Holding::Free {
            return Ok(());
        }
        if row.lease.holding.owner() != expected.holder {
            return Err(BreakError::Changed(Some(row.lease)));
        }
        let lease = LeaseRow { holding: Holding::Free, ..row.lease };
        self.put_row(shard, Row { lease, last_offer: None, ..row });
        Ok(())
    }

    /// See [`Leases::forget_resume_url`](baton_store::Leases::forget_resume_url).
    ///
    /// # Errors
    /// [`Fenced`] if the caller does not own the row.
    pub fn forget_resume_url(
        &mut self,
        hold: &Hold,
        session: SessionNumber,
    ) -> Result<(), HoldError> {
        let mut row = self.row_owned(hold)?;
        match &mut row.lease.session {
            Some(stored) if stored.number == session && stored.resume_url.is_some() => {
                stored.resume_url = None;
            }
            Some(_) | None => return Ok(()),
        }
        self.put_row(&hold.address, row);
        Ok(())
    }

    /// The row, if it is the caller's under this very epoch, on offer or not.
    fn row_under(&self, hold: &Hold) -> Result<Row, Refusal> {
        let Some(row) = self.rows.get(&hold.address) else {
            return Err(Refusal::Forgotten);
        };
        if row.lease.epoch < hold.epoch {
            return Err(Refusal::Forgotten);
        }
        if row.lease.epoch > hold.epoch || row.lease.holding.owner() != Some(hold.owner) {
            return Err(Refusal::Fenced(row.lease.clone()));
        }
        Ok(row.clone())
    }

    /// The row, if the caller may write under it: equal owner, equal epoch, not on offer.
    ///
    /// A later epoch than the row's is no better than an earlier one: it may come from a side of
    /// a failover that has lost.
    pub(super) fn row_owned(&self, hold: &Hold) -> Result<Row, Refusal> {
        let row = self.row_under(hold)?;
        if !is_owned(&row) {
            return Err(Refusal::Fenced(row.lease));
        }
        Ok(row)
    }

    pub(super) fn put_row(&mut self, shard: &ShardAddress, row: Row) {
        self.change(Change::Row(shard.clone(), row));
    }

    fn put_holding(&mut self, hold: &Hold, row: Row, holding: Holding) {
        let lease = LeaseRow { holding, ..row.lease };
        self.put_row(&hold.address, Row { lease, ..row });
    }

    fn grant(&mut self, shard: &ShardAddress, lease: LeaseRow) -> Grant {
        let grant = grant_of(&lease);
        let commands_done = self.commands_done(shard);
        self.put_row(shard, Row { lease, last_offer: None, commands_done });
        grant
    }
}

/// What a claim comes to.
pub(super) enum Claim {
    /// The row is the caller's from now on, like this.
    New(LeaseRow),
    /// It was already, by the same claim.
    Repeated(Grant),
}

/// The rule of every claim, a shard's or the planner's.
pub(super) fn claim_over(
    stored: Option<&LeaseRow>,
    now: StoreMillis,
    expected: Expected,
    me: InstanceId,
) -> Result<Claim, ClaimError> {
    if expected == Expected::unchanged(stored) {
        return Ok(Claim::New(owned_anew(stored, now, me)));
    }
    match stored {
        Some(row)
            if row.holding == (Holding::Owned { owner: me }) && row.epoch > expected.epoch =>
        {
            Ok(Claim::Repeated(grant_of(row)))
        }
        Some(_) | None => Err(ClaimError::Lost(stored.cloned())),
    }
}

fn owned_anew(stored: Option<&LeaseRow>, now: StoreMillis, owner: InstanceId) -> LeaseRow {
    let previous = stored.map_or(0, |row| row.epoch.0);
    LeaseRow {
        epoch: Epoch(next_number(previous, now)),
        holding: Holding::Owned { owner },
        session: stored.and_then(|row| row.session.clone()),
    }
}

pub(super) fn grant_of(row: &LeaseRow) -> Grant {
    Grant { epoch: row.epoch, session: row.session.clone() }
}

fn is_owned(row: &Row) -> bool {
    match row.lease.holding {
        Holding::Owned { .. } => true,
        Holding::Free | Holding::Offered { .. } => false,
    }
}
