//! Ends: of a connection, by whichever side, and of a session.

use super::{
    ConnectionId, Discord, Output, agenda::Reminder, budget::AppIndex, connection::Phase,
    session::Holder,
};
use crate::{
    SessionOrdinal,
    verdict::{Culprit, Rule},
};

impl Discord {
    /// A client that closes with 1000 or 1001 has done with its session. Any other end leaves it
    /// to be resumed.
    pub(super) fn on_closed(&mut self, connection: ConnectionId, code: Option<u16>) {
        let held = self.held_session(connection);
        self.forget(connection);
        if let (Some(session), Some(1_000 | 1_001)) = (held, code) {
            self.end_session(session);
        }
    }

    pub(super) fn close(&mut self, connection: ConnectionId, code: u16, reason: &'static str) {
        if !self.connections.contains_key(&connection) {
            return;
        }
        self.send(Output::Close { connection, code, reason });
        let held = self.held_session(connection);
        self.forget(connection);
        // What the code tells the client: the session timed out.
        if let (Some(session), 4_009) = (held, code) {
            self.end_session(session);
        }
    }

    /// Leaves the connection open and passes nothing through it any more.
    pub(super) fn mute(&mut self, connection: ConnectionId) {
        self.let_go(connection);
        if let Some(open) = self.connections.get_mut(&connection) {
            open.phase = Phase::Mute;
            self.send(Output::Stall { connection });
        }
    }

    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.let_go(connection);
        let Some(ended) = self.connections.remove(&connection) else {
            return;
        };
        if ended.phase != Phase::Greeted {
            return;
        }
        let shards = usize::try_from(self.settings.shards.0.get()).unwrap_or(usize::MAX);
        let most = self.settings.connections_in_10_s_max.saturating_mul(shards);
        if self.storms.count(None, most, self.now) {
            let who = Culprit { connection: Some(connection), slice: None };
            self.verdicts.pass(Rule::ConnectionStorm, who, self.now);
        }
    }

    /// The connection no longer holds a session; the session may be resumed for a while.
    fn let_go(&mut self, connection: ConnectionId) {
        let Some(ordinal) = self.held_session(connection) else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(&ordinal) {
            session.holder = Holder::NobodySince(self.now);
        }
        let at = self.now + self.settings.session_timeout;
        self.agenda.note(at, Reminder::Expiry(ordinal));
    }

    pub(super) fn held_session(&self, connection: ConnectionId) -> Option<SessionOrdinal> {
        let ordinal = self.connections.get(&connection)?.session()?;
        let session = self.sessions.get(&ordinal)?;
        session.is_held_by(connection).then_some(ordinal)
    }

    pub(super) fn look_at_the_age_of(&mut self, ordinal: SessionOrdinal) {
        let Some(session) = self.sessions.get(&ordinal) else {
            return;
        };
        if let Holder::NobodySince(since) = session.holder
            && self.now.since(since) >= self.settings.session_timeout
        {
            self.end_session(ordinal);
        }
    }

    /// The session is over. A connection that spoke for it may say anew who it is.
    pub(super) fn end_session(&mut self, ordinal: SessionOrdinal) {
        if let Some(ended) = self.sessions.remove(&ordinal) {
            self.sessions_by_id.remove(&ended.id);
            self.scribe.close(ordinal);
        }
    }

    /// All that the token ever opened ends with 4004.
    pub(super) fn reset_token(&mut self, app: AppIndex) {
        self.apps[app.0].reset_token();
        let of_app = |(ordinal, session): (&SessionOrdinal, &super::Session)| {
            (session.app == app).then_some(*ordinal)
        };
        let ended: Vec<_> = self.sessions.iter().filter_map(of_app).collect();
        let speaks_for_them = |connection: &super::Connection| {
            connection.session().is_some_and(|session| ended.contains(&session))
        };
        let closed: Vec<_> = self
            .connections
            .iter()
            .filter(|(_, connection)| speaks_for_them(connection))
            .map(|(connection, _)| *connection)
            .collect();
        for connection in closed {
            self.close(connection, 4_004, "authentication failed");
        }
        for session in ended {
            self.end_session(session);
        }
    }
}
