//! What is to be looked at when.
//!
//! Times on the agenda are reminders and not deadlines: whoever is reminded looks whether it has
//! come to that. So a heartbeat moves nothing here, and a thousand idle connections cost nothing.

use std::collections::BTreeSet;

use baton_model::Moment;

use super::input::ConnectionId;
use crate::SessionOrdinal;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reminder {
    /// Has this connection sent a heartbeat?
    Heartbeat(ConnectionId),
    /// Has this session been without a connection for too long?
    Expiry(SessionOrdinal),
    /// This session's turn to be told something, unless the pace has changed since.
    Turn { session: SessionOrdinal, turn: u64, pace: u64 },
}

#[derive(Debug, Default)]
pub(super) struct Agenda(BTreeSet<(Moment, Reminder)>);

impl Agenda {
    pub(super) fn note(&mut self, at: Moment, reminder: Reminder) {
        self.0.insert((at, reminder));
    }

    pub(super) fn next_due(&self) -> Option<Moment> {
        self.0.first().map(|(at, _)| *at)
    }

    pub(super) fn take_due(&mut self, now: Moment) -> Option<(Moment, Reminder)> {
        if self.next_due()? > now {
            return None;
        }
        self.0.pop_first()
    }
}
