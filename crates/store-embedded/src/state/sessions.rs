//! Sessions: which of Discord's a row holds, and what the stream is told when that changes.

use baton_model::{
    Holding, LeaseRow, Marker, RowSession, Seq, SessionNumber, SessionRow, SessionStart,
    StoreMillis, UnixMicros,
};
use baton_store::{BeginError, EntryBody, Fenced, Hold, HoldError, NewSession};

use super::{Row, StoreState, leases::Refusal, next_number};

impl From<Refusal> for BeginError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fenced(row) => Self::Fenced(Fenced { row }),
            Refusal::Forgotten => Self::Forgotten,
        }
    }
}

impl StoreState {
    /// See [`Events::begin_session`](baton_store::Events::begin_session).
    ///
    /// # Errors
    /// [`Fenced`] if the caller does not own the row; [`BeginError::OtherPrevious`] if it believes
    /// in another end of another session before.
    pub fn begin_session(
        &mut self,
        now: StoreMillis,
        hold: &Hold,
        new: &NewSession,
    ) -> Result<SessionNumber, BeginError> {
        let row = self.row_owned(hold)?;
        let previous = match &row.lease.session {
            Some(current) if current.id == new.id => return Ok(current.number),
            before => before.as_ref().map(RowSession::from),
        };
        if previous != new.previous {
            return Err(BeginError::OtherPrevious(previous));
        }
        let before = previous.map_or(0, |before| before.number.0);
        let number = SessionNumber(next_number(before, now));
        let session = SessionRow {
            number,
            id: new.id.clone(),
            resume_url: new.resume_url.clone(),
            last_seq: Seq(0),
        };
        self.write_entry(now, hold, number, session_started(new.start, previous, new.at));
        self.put_session(hold, row, session);
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
        let stored = self.rows.get(&hold.address).cloned();
        if let Some(row) = &stored
            && prevails(&row.lease, hold, told)
        {
            return Err(Refusal::Fenced(row.lease.clone()).into());
        }
        let known = stored.as_ref().and_then(|row| row.lease.session.as_ref());
        let session = match told {
            Some(told) if known.is_none_or(|known| known.number < told.number) => {
                self.announce(now, hold, known.map(RowSession::from), told);
                Some(told.clone())
            }
            // The stream holds what the row says, whatever its writer has sent since.
            Some(_) | None => known.cloned(),
        };
        let owner = hold.owner;
        let lease = LeaseRow { epoch: hold.epoch, holding: Holding::Owned { owner }, session };
        let commands_done = self.commands_done(&hold.address);
        // Offers under this epoch have used their numbers, whatever became of them.
        let last_offer = stored
            .as_ref()
            .filter(|row| row.lease.epoch == hold.epoch)
            .and_then(|row| row.last_offer);
        let row = Row { lease: lease.clone(), last_offer, commands_done };
        if stored.as_ref() != Some(&row) {
            self.put_row(&hold.address, row);
        }
        Ok(lease)
    }

    /// Tells of a session that had been forgotten. What parted it from the one that the row knows
    /// is lost, and whoever wrote that may be gone; why it began, nobody here knows, so it is told
    /// as the worst: that the session before could not be resumed.
    fn announce(
        &mut self,
        now: StoreMillis,
        hold: &Hold,
        known: Option<RowSession>,
        told: &SessionRow,
    ) {
        let at = UnixMicros(now.0.saturating_mul(1_000));
        if known.is_some() {
            let started = session_started(SessionStart::Invalidated, known, at);
            self.write_entry(now, hold, told.number, started);
        }
        self.write_entry(now, hold, told.number, stream_lost(told.last_seq, at));
    }

    /// Writes the row with this session.
    pub(super) fn put_session(&mut self, hold: &Hold, mut row: Row, session: SessionRow) {
        row.lease.session = Some(session);
        self.put_row(&hold.address, row);
    }
}

/// Is what is stored later than what a holder remembers? Under an equal epoch a free row is: that
/// holder has released it, and no longer runs the shard.
fn prevails(row: &LeaseRow, hold: &Hold, told: Option<&SessionRow>) -> bool {
    let is_later_session = match (&row.session, told) {
        (Some(stored), Some(told)) => stored.number > told.number,
        (None, _) | (_, None) => false,
    };
    row.epoch > hold.epoch
        || (row.epoch == hold.epoch && row.holding.owner() != Some(hold.owner))
        || is_later_session
}

fn session_started(start: SessionStart, previous: Option<RowSession>, at: UnixMicros) -> EntryBody {
    let previous = previous.map(|before| (before.number, before.last_seq));
    EntryBody::Marker { seq: Seq(0), at, marker: Marker::SessionStarted { start, previous } }
}

fn stream_lost(upto: Seq, at: UnixMicros) -> EntryBody {
    EntryBody::Marker { seq: upto, at, marker: Marker::StreamLost { upto } }
}
