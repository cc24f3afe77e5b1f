//! One websocket, as Discord sees it.

use std::{collections::VecDeque, time::Duration};

use baton_model::Moment;

use crate::SessionOrdinal;

/// What a client may send in [`SEND_WINDOW`], heartbeats included.
const SENDS_MAX: usize = 120;
const SEND_WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) phase: Phase,
    /// The last heartbeat, or when the connection began.
    pub(super) last_heartbeat: Moment,
    /// As its url names it; empty for none.
    pub(super) compression: String,
    sends: VecDeque<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It got a HELLO and has yet to say who it is.
    Greeted,
    /// It has identified or resumed this session, which may meanwhile be held by another.
    Attached(SessionOrdinal),
    /// Nothing passes through it any more, and nobody was told.
    Mute,
}

impl Connection {
    pub(super) const fn new(phase: Phase, compression: String, now: Moment) -> Self {
        Self { phase, last_heartbeat: now, compression, sends: VecDeque::new() }
    }

    pub(super) const fn session(&self) -> Option<SessionOrdinal> {
        match self.phase {
            Phase::Attached(session) => Some(session),
            Phase::Greeted | Phase::Mute => None,
        }
    }

    /// Counts a frame from the client, and says whether it was one too many.
    pub(super) fn exceeds_send_limit(&mut self, now: Moment) -> bool {
        while self.sends.front().is_some_and(|at| now.since(*at) >= SEND_WINDOW) {
            self.sends.pop_front();
        }
        self.sends.push_back(now);
        self.sends.len() > SENDS_MAX
    }
}
