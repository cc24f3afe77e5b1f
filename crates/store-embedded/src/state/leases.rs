//! Leases: who may write a shard's events.

use baton_model::{
    Epoch, Holding, InstanceId, LeaseRow, OfferId, SessionNumber, SessionRow, StoreMillis,
};
use baton_store::{
    AcceptError, ClaimError, Expected, Fenced, Grant, Hold, HoldError, ShardAddress, StreamId,
};

use super::{Change, StoreState, next_number};

/// What is kept of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its lease and its session.
    pub lease: LeaseRow,
    /// Up to where it has dealt with its lane's commands.
    pub commands_done: StreamId,
}

impl StoreState {
    /// See [`Leases::rows`](baton_store::Leases::rows).
    #[must_use]
    pub fn rows(&self, shards: &[ShardAddress]) -> Vec<Option<LeaseRow>> {
        shards.iter().map(|shard| self.lease(shard)).collect()
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
    /// [`Fenced`] if the caller does not hold the row, or has it on another offer.
    pub fn offer(&mut self, hold: &Hold, to: InstanceId, offer: OfferId) -> Result<(), HoldError> {
        let offered = Holding::Offered { owner: hold.owner, to, offer };
        let lease = self.lease_under(hold)?;
        if lease.holding == offered {
            return Ok(());
        }
        if !is_owned(&lease.holding) {
            return Err(Fenced { row: Some(lease) }.into());
        }
        self.set_holding(hold, lease, offered);
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
        let Some(lease) = self.lease(&hold.address) else {
            return Err(AcceptError::Gone(None));
        };
        let awaited = Holding::Offered { owner: hold.owner, to: me, offer };
        if lease.epoch == hold.epoch && lease.holding == awaited {
            let lease = owned_anew(Some(&lease), now, me);
            return Ok(self.grant(&hold.address, lease));
        }
        if lease.epoch > hold.epoch && lease.holding == (Holding::Owned { owner: me }) {
            return Ok(grant_of(&lease));
        }
        Err(AcceptError::Gone(Some(lease)))
    }

    /// See [`Leases::retract`](baton_store::Leases::retract).
    ///
    /// # Errors
    /// [`Fenced`] if the offer was accepted, or is another one.
    pub fn retract(&mut self, hold: &Hold, offer: OfferId) -> Result<(), HoldError> {
        let lease = self.lease_under(hold)?;
        match lease.holding {
            Holding::Owned { .. } => Ok(()),
            Holding::Offered { offer: stored, .. } if stored == offer => {
                let owner = hold.owner;
                self.set_holding(hold, lease, Holding::Owned { owner });
                Ok(())
            }
            Holding::Offered { .. } | Holding::Free => Err(Fenced { row: Some(lease) }.into()),
        }
    }

    /// See [`Leases::release`](baton_store::Leases::release).
    ///
    /// # Errors
    /// [`Fenced`] if the row is another's.
    pub fn release(&mut self, hold: &Hold) -> Result<(), HoldError> {
        if let Some(lease) = self.lease(&hold.address)
            && lease.epoch == hold.epoch
            && lease.holding == Holding::Free
        {
            return Ok(());
        }
        let lease = self.lease_under(hold)?;
        self.set_holding(hold, lease, Holding::Free);
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
        let mut lease = self.lease_owned(hold)?;
        match &mut lease.session {
            Some(stored) if stored.number == session && stored.resume_url.is_some() => {
                stored.resume_url = None;
            }
            Some(_) | None => return Ok(()),
        }
        self.put_lease(&hold.address, lease);
        Ok(())
    }

    pub(super) fn lease(&self, shard: &ShardAddress) -> Option<LeaseRow> {
        self.rows.get(shard).map(|row| row.lease.clone())
    }

    /// The row, if it is the caller's under this very epoch, on offer or not.
    fn lease_under(&self, hold: &Hold) -> Result<LeaseRow, Fenced> {
        match self.lease(&hold.address) {
            Some(lease)
                if lease.epoch == hold.epoch && lease.holding.owner() == Some(hold.owner) =>
            {
                Ok(lease)
            }
            row => Err(Fenced { row }),
        }
    }

    /// The row, if the caller may write under it: equal owner, equal epoch, not on offer.
    ///
    /// A later epoch is no better than an earlier one: it may come from a side of a failover that
    /// has lost.
    pub(super) fn lease_owned(&self, hold: &Hold) -> Result<LeaseRow, Fenced> {
        let lease = self.lease_under(hold)?;
        if !is_owned(&lease.holding) {
            return Err(Fenced { row: Some(lease) });
        }
        Ok(lease)
    }

    pub(super) fn put_lease(&mut self, shard: &ShardAddress, lease: LeaseRow) {
        let commands_done = self.commands_done(shard);
        let row = Row { lease, commands_done };
        self.change(Change::Row(shard.clone(), row));
    }

    fn set_holding(&mut self, hold: &Hold, lease: LeaseRow, holding: Holding) {
        self.put_lease(&hold.address, LeaseRow { holding, ..lease });
    }

    fn grant(&mut self, shard: &ShardAddress, lease: LeaseRow) -> Grant {
        let grant = grant_of(&lease);
        self.put_lease(shard, lease);
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
    let expected_epoch = match expected {
        Expected::Missing => None,
        Expected::Row { epoch, .. } => Some(epoch),
    };
    match stored {
        Some(row)
            if row.holding == (Holding::Owned { owner: me })
                && Some(row.epoch) > expected_epoch =>
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
        session: session_of(stored),
    }
}

fn session_of(stored: Option<&LeaseRow>) -> Option<SessionRow> {
    stored.and_then(|row| row.session.clone())
}

pub(super) fn grant_of(row: &LeaseRow) -> Grant {
    Grant { epoch: row.epoch, session: row.session.clone() }
}

fn is_owned(holding: &Holding) -> bool {
    match holding {
        Holding::Owned { .. } => true,
        Holding::Free | Holding::Offered { .. } => false,
    }
}
