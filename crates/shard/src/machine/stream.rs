//! From the socket into the stream: taking dispatches, beginning sessions, appending.

use baton_model::{Dispatch, Moment, Seq, SessionNumber};

use super::ShardMachine;
use crate::{
    Append, Asked, Request,
    session::Sessions,
    writer::{Kind, Writer},
};

impl ShardMachine {
    pub(super) fn on_dispatch(&mut self, dispatch: Dispatch, now: Moment) {
        if !self.hear(&dispatch.name, now) {
            return;
        }
        let kind = if self.config.left_out.contains(&dispatch.name) {
            Kind::LeftOut
        } else {
            Kind::Wanted
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
        let Some(session) = self.sessions.outgoing_mut() else {
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
    pub(super) fn writer_of(&mut self, number: SessionNumber) -> Option<&mut Writer> {
        let session = self.sessions.in_row_mut()?;
        (session.number == number).then_some(&mut session.writer)
    }

    pub(super) fn on_appended(&mut self, session: SessionNumber, last: Seq, now: Moment) {
        if let Some(writer) = self.writer_of(session) {
            writer.on_appended(last, now);
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

    /// Whether the lease lets appends go out.
    pub(super) fn may_append(&self) -> bool {
        self.lease.held().is_some_and(|held| held.may_append())
    }
}
