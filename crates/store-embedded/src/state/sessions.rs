//! Sessions: which of Discord's a row holds, and what the stream is told when that changes.

use baton_model::{
    Holding, LeaseRow, Marker, Seq, SessionNumber, SessionRow, StoreMillis, UnixMicros,
};
use baton_store::{EntryBody, Fenced, Hold, HoldError, NewSession};

use super::{StoreState, next_number};

impl StoreState {
    /// See [`Events::begin_session`](baton_store::Events::begin_session).
    ///
    /// # Errors
    /// [`Fenced`] if the caller does not own the row.
    pub fn begin_session(
        &mut self,
        now: StoreMillis,
        hold: &Hold,
        new: &NewSession,
    ) -> Result<SessionNumber, HoldError> {
        let lease = self.lease_owned(hold)?;
        let before = match lease.session {
            Some(current) if current.id == new.id => return Ok(current.number),
            before => before,
        };
        let marker = EntryBody::Marker {
            seq: Seq(0),
            at: new.at,
            marker: Marker::SessionStarted {
                start: new.start,
                previous: before.as_ref().map(|session| (session.number, session.last_seq)),
            },
        };
        let previous = before.map_or(0, |session| session.number.0);
        let session = SessionRow {
            number: SessionNumber(next_number(previous, now)),
            id: new.id.clone(),
            resume_url: new.resume_url.clone(),
            last_seq: Seq(0),
        };
        let number = session.number;
        self.write_entry(now, hold, number, marker);
        let session = Some(session);
        self.put_lease(&hold.address, LeaseRow { session, ..lease });
        Ok(number)
    }

    /// See [`Leases::reassert`](baton_store::Leases::reassert).
    ///
    /// # Errors
    /// [`Fenced`] if the store knows a later holder, another one, or a later session.
    pub fn reassert(
        &mut self,
        now: StoreMillis,
        hold: &Hold,
        told: Option<&SessionRow>,
    ) -> Result<LeaseRow, HoldError> {
        let stored = self.lease(&hold.address);
        if stored.as_ref().is_some_and(|row| outranks(row, hold)) {
            return Err(Fenced { row: stored }.into());
        }
        let known = stored.as_ref().and_then(|row| row.session.as_ref());
        let session = match reconcile(known, told) {
            Reconciled::Stored => known.cloned(),
            Reconciled::Told(session) => {
                let session = session.clone();
                self.write_entry(now, hold, session.number, stream_lost(now, &session));
                Some(session)
            }
            Reconciled::Outdated => return Err(Fenced { row: stored }.into()),
        };
        let owner = hold.owner;
        let lease = LeaseRow { epoch: hold.epoch, holding: Holding::Owned { owner }, session };
        if stored.as_ref() != Some(&lease) {
            self.put_lease(&hold.address, lease.clone());
        }
        Ok(lease)
    }
}

/// Does what is stored prevail over what a holder remembers? Under an equal epoch a free row
/// does: that holder has released it, and no longer runs the shard.
fn outranks(row: &LeaseRow, hold: &Hold) -> bool {
    row.epoch > hold.epoch || (row.epoch == hold.epoch && row.holding.owner() != Some(hold.owner))
}

enum Reconciled<'a> {
    /// What is stored stays: the stream holds what it says, whatever the writer has sent since.
    Stored,
    /// The store had forgotten it.
    Told(&'a SessionRow),
    /// The caller remembers a session before the one that is stored.
    Outdated,
}

fn reconcile<'a>(known: Option<&SessionRow>, told: Option<&'a SessionRow>) -> Reconciled<'a> {
    match (known, told) {
        (_, None) => Reconciled::Stored,
        (None, Some(told)) => Reconciled::Told(told),
        (Some(known), Some(told)) if known.number == told.number => Reconciled::Stored,
        (Some(known), Some(told)) if known.number < told.number => Reconciled::Told(told),
        (Some(_), Some(_)) => Reconciled::Outdated,
    }
}

fn stream_lost(now: StoreMillis, session: &SessionRow) -> EntryBody {
    let upto = session.last_seq;
    EntryBody::Marker {
        seq: upto,
        at: UnixMicros(now.0.saturating_mul(1_000)),
        marker: Marker::StreamLost { upto },
    }
}
