//! From the socket into the stream: taking dispatches, appending them, and mending the stream
//! where the store has lost something.

use baton_model::{Dispatch, Moment, Seq, SessionNumber};

use super::ShardMachine;
use crate::{
    Append, Asked, Request, RowSession,
    link::{Hearing, Link, Then},
    session::{Sessions, Standing},
    writer::{Kind, Writer},
};

impl ShardMachine {
    pub(super) fn on_dispatch(&mut self, dispatch: Dispatch, now: Moment) {
        if !self.hear(&dispatch.name, now) {
            return;
        }
        let kind = match self.config.left_out.contains(&dispatch.name) {
            true => Kind::LeftOut,
            false => Kind::Wanted,
        };
        if let Some(writer) = self.sessions.incoming() {
            writer.take(dispatch, kind, now);
        }
    }

    /// Has the new session written into the row, once the old one's last dispatch is in the
    /// stream.
    pub(super) fn begin_session(&mut self, now: Moment) {
        let Some(held) = self.lease.held().filter(|held| held.may_append()) else {
            return;
        };
        let epoch = held.epoch;
        let Sessions::Changing(change) = &mut self.sessions else {
            return;
        };
        let is_due = match &mut change.retry {
            Some(retry) => retry.take_due(now),
            None => change.is_old_flushed(),
        };
        if !is_due {
            return;
        }
        change.retry.get_or_insert_default();
        let origin = change.origin();
        let request = Request::BeginSession {
            epoch,
            id: change.id.clone(),
            resume_url: change.url.clone(),
            start: origin.start,
            previous: origin.previous,
        };
        self.ask(request);
    }

    pub(super) fn append(&mut self, now: Moment) {
        let Some(held) = self.lease.held().filter(|held| held.may_append()) else {
            return;
        };
        let epoch = held.epoch;
        let Some(session) = self.sessions.in_row_mut() else {
            return;
        };
        if let Some(batch) = session.writer.next_batch(now) {
            let append = Append {
                epoch,
                session: session.number,
                prev: batch.prev,
                entries: batch.entries,
                last: batch.last,
            };
            self.ask(Request::Append(append));
        }
    }

    /// The writer of this session, if it is still the one that the row holds.
    fn writer_of(&mut self, number: SessionNumber) -> Option<&mut Writer> {
        let session = self.sessions.in_row_mut()?;
        (session.number == number).then_some(&mut session.writer)
    }

    pub(super) fn on_appended(&mut self, session: SessionNumber, last: Seq, now: Moment) {
        if let Some(writer) = self.writer_of(session) {
            writer.on_appended(last, now);
            writer.expire(now);
        }
    }

    /// An append, or the start of a session, did not come about.
    pub(super) fn on_stream_failed(&mut self, asked: Asked, now: Moment) {
        match asked {
            Asked::Append(_, number) => {
                if let Some(session) = self.sessions.in_row_mut()
                    && session.number == number
                {
                    session.writer.on_failure(now, &mut self.jitter);
                }
            }
            Asked::BeginSession(_) => {
                if let Sessions::Changing(change) = &mut self.sessions
                    && let Some(retry) = &mut change.retry
                {
                    retry.on_failure(now, &mut self.jitter);
                }
            }
            Asked::Claim(_)
            | Asked::Accept(..)
            | Asked::Offer(..)
            | Asked::Retract(..)
            | Asked::Release(_)
            | Asked::Reassert(_) => {}
        }
    }

    pub(super) fn on_gap(&mut self, session: SessionNumber, row: Seq, now: Moment) {
        let Some(writer) = self.writer_of(session) else {
            return;
        };
        if row < writer.mark() {
            self.heal_from(row, now);
        } else {
            // No gap at all, by what we asked: the next attempt will show.
            self.on_append_puzzled(now);
        }
    }

    fn on_append_puzzled(&mut self, now: Moment) {
        if let Some(session) = self.sessions.in_row_mut() {
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
        } else {
            session.writer.bridge_from(row, now);
        }
    }

    /// Whatever the socket brings from here on lies behind a hole: RESUME fills it.
    fn resume_again(&mut self, now: Moment) {
        let wants_socket = self.lease.held().is_some_and(|held| held.wants_socket());
        if wants_socket {
            self.part(Then::Reconnect, Hearing::Nothing, now);
        }
    }

    /// The row holds another session than we append to, under our own epoch.
    pub(super) fn on_wrong_session(&mut self, named: SessionNumber, now: Moment) {
        if self.writer_of(named).is_none() {
            return;
        }
        let is_current = matches!(self.sessions, Sessions::In(_));
        if is_current {
            // The stream holds nothing of it: not even its beginning.
            self.heal_from(Seq(0), now);
        }
        if !self.sessions.begin_again() {
            // Not we who began it, nor we who replaced it: somebody else writes under our epoch.
            self.on_fenced(now);
        }
    }

    /// Compares what the row says, now that it is ours again, with what we know.
    pub(super) fn compare_with_row(&mut self, row: Option<RowSession>, now: Moment) {
        let Some(session) = self.sessions.in_row() else {
            return;
        };
        let number = session.number;
        let is_idle = session.writer.is_idle();
        match row {
            Some(row) if row.number == number => {
                // An append on its way will tell by its own answer.
                if is_idle && row.last_seq < session.writer.mark() {
                    self.heal_from(row.last_seq, now);
                }
            }
            Some(_) | None => self.on_wrong_session(number, now),
        }
    }

    /// Holds no more than must be held; if that is still something, makes it drain before more
    /// comes in.
    pub(super) fn on_shed(&mut self, now: Moment) {
        self.shrink_rings_to(0);
        if self.sessions.writers().any(Writer::has_pending) {
            self.shed(now);
        }
    }

    pub(super) fn keep_within_budget(&mut self, now: Moment) {
        if self.sessions.ring_bytes() > self.ring_budget {
            self.shrink_rings_to(self.ring_budget);
        }
        if self.sessions.ring_bytes() > self.ring_budget {
            self.shed(now);
        }
    }

    fn shrink_rings_to(&mut self, bytes: usize) {
        if let Some(session) = self.sessions.in_row_mut() {
            session.writer.shrink_to(bytes);
        }
    }

    /// Stops what fills the ring. A socket cannot be held back, since its heartbeats flow only
    /// while it is read; so it is closed, and resumed when the ring has drained.
    fn shed(&mut self, now: Moment) {
        match self.link {
            Link::Resuming { .. } | Link::Live { .. } | Link::BackingOff { .. } => {
                self.part(Then::Shed, Hearing::Nothing, now);
            }
            Link::Closing {
                then: Then::Reconnect,
                ..
            } => self.part(Then::Shed, Hearing::Nothing, now),
            Link::Closing { .. }
            | Link::Unwanted
            | Link::Shed
            | Link::Fatal
            | Link::Connecting { .. }
            | Link::Warm { .. }
            | Link::Identifying { .. }
            | Link::Deaf { .. } => {}
        }
    }

    pub(super) fn reconnect_when_drained(&mut self, now: Moment) {
        if matches!(self.link, Link::Shed) && self.sessions.is_flushed() {
            self.link = Link::Unwanted;
            self.after_socket(Then::Reconnect, now);
        }
    }

    /// Whether the lease lets appends go out.
    pub(super) fn may_append(&self) -> bool {
        self.lease.held().is_some_and(|held| held.may_append())
    }
}
