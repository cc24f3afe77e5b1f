//! Mending the stream where the store has lost something.
//!
//! The store says where the stream ends. What comes after that is in the ring, or Discord will
//! replay it, or it is gone and a marker says so: tried in this order.

use baton_model::{Moment, RowSession, Seq, SessionId, SessionNumber};

use super::ShardMachine;
use crate::{
    Notice,
    link::{Hearing, Then},
    session::{Sessions, Standing},
};

impl ShardMachine {
    pub(super) fn on_gap(&mut self, number: SessionNumber, row: Seq, now: Moment) {
        let Some(session) = self.sessions.in_row_mut() else {
            return;
        };
        if session.number != number || session.writer.is_idle() {
            return; // The append that this answers has long been settled.
        }
        if row < session.writer.mark() {
            self.tell_of_rollback();
            self.heal_from(row, now);
        } else {
            // No gap at all, by what we asked: the next attempt will show.
            session.writer.on_failure(now, &mut self.jitter);
        }
    }

    /// The stream ends at `row`. What comes after it is in the ring, or Discord has it, or
    /// nobody has.
    fn heal_from(&mut self, row: Seq, now: Moment) {
        let is_current = matches!(self.sessions, Sessions::In(_));
        let Some(session) = self.sessions.in_row_mut() else {
            return;
        };
        if session.writer.covers(row) {
            session.writer.rewind_to(row, now);
        } else if is_current && session.standing == Standing::Resumable {
            session.writer.restart_from(row);
            self.resume_again(now);
        } else if !session.writer.bridge_from(row, now) {
            self.stop_hearing();
        }
    }

    /// Whatever the socket brings from here on lies behind a hole: RESUME fills it.
    fn resume_again(&mut self, now: Moment) {
        let wants_socket = self.lease.held().is_some_and(|held| held.wants_socket());
        if wants_socket {
            self.part(Then::Reconnect, Hearing::Nothing, now);
        }
    }

    /// The row holds another session than we appended to, under our own epoch.
    pub(super) fn on_other_session(
        &mut self,
        named: SessionNumber,
        row: Option<RowSession>,
        now: Moment,
    ) {
        if self.writer_of(named).is_some() {
            self.begin_after(row, now);
        }
    }

    /// The new session was said to follow something that the store does not hold.
    pub(super) fn on_other_previous(
        &mut self,
        id: &SessionId,
        row: Option<RowSession>,
        now: Moment,
    ) {
        let Sessions::Changing(change) = &mut self.sessions else {
            return;
        };
        if change.id != *id || change.retry.take().is_none() {
            return;
        }
        match row {
            Some(row) if change.has_old_lost_a_tail(row) => {
                self.tell_of_rollback();
                self.heal_from(row.last_seq, now);
            }
            Some(_) | None => self.begin_after(row, now),
        }
    }

    /// Compares what the row says, now that it is ours again, with what we know.
    pub(super) fn compare_with_row(&mut self, row: Option<RowSession>, now: Moment) {
        let number = self.sessions.in_row().map(|session| session.number);
        if number != row.map(|row| row.number) {
            self.begin_after(row, now);
            return;
        }
        let (Some(session), Some(row)) = (self.sessions.in_row(), row) else {
            return;
        };
        // An append on its way will tell by its own answer.
        if session.writer.is_idle() && row.last_seq < session.writer.mark() {
            self.tell_of_rollback();
            self.heal_from(row.last_seq, now);
        }
    }

    /// The store holds less than it had acknowledged.
    pub(super) fn tell_of_rollback(&mut self) {
        if let Some(epoch) = self.held_epoch() {
            self.tell(Notice::RolledBack { epoch });
        }
    }

    fn begin_after(&mut self, row: Option<RowSession>, now: Moment) {
        if matches!(self.sessions, Sessions::In(_)) {
            // The stream holds nothing of our session: not even its beginning.
            self.heal_from(Seq(0), now);
        }
        if self.sessions.begin_after(row) {
            self.tell_of_rollback();
        } else {
            // Not we who began it, nor we who replaced it: somebody else writes under our epoch.
            self.on_fenced(now);
        }
    }
}
