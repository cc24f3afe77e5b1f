//! RESUME: is the session there, is it the client's, can the rest be repeated.

use std::time::Duration;

use baton_model::Seq;

use super::{
    ConnectionId, Discord, ResumedElsewhere,
    client_frame::Resume,
    connection::Phase,
    session::{Holder, Kept, Replay},
};
use crate::{
    SessionOrdinal,
    verdict::{Culprit, Rule},
};

/// A session taken from a living connection twice in this time is fought over. Once is what a
/// take-over looks like whose owner was frozen, or a hand-over whose close frame is late.
const FIGHT_WINDOW: Duration = Duration::from_secs(10);

impl Discord {
    pub(super) fn on_resume(&mut self, connection: ConnectionId, resume: &Resume) {
        if !self.is_yet_unknown(connection) {
            return;
        }
        let Some(app) = self.app_of(&resume.token) else {
            self.verdict(Rule::WrongToken, connection);
            return self.close(connection, 4_004, "authentication failed");
        };
        let Some(&ordinal) = self.sessions_by_id.get(&resume.session_id) else {
            return self.declare_invalid(connection);
        };
        let session = &self.sessions[&ordinal];
        let who = Culprit { connection: Some(connection), slice: Some(session.slice) };
        if session.app != app {
            self.verdicts.pass(Rule::ForeignSession, who, self.now);
            return self.declare_invalid(connection);
        }
        let replay = session.replay_after(Seq(resume.seq));
        self.watch_for_storms(session.slice, who);
        if self.dice.hits(self.faults.invalid_percent) {
            self.end_session(ordinal);
            return self.declare_invalid(connection);
        }
        match replay {
            Replay::Whole(missed) => self.resume(connection, ordinal, missed),
            Replay::Exhausted => {
                self.end_session(ordinal);
                self.declare_invalid(connection);
            }
            Replay::FromTheFuture => {
                self.verdicts.pass(Rule::InvalidSeq, who, self.now);
                self.close(connection, 4_007, "invalid seq");
            }
        }
    }

    fn resume(
        &mut self,
        connection: ConnectionId,
        ordinal: SessionOrdinal,
        missed: Vec<(Seq, Kept)>,
    ) {
        if let Some(open) = self.connections.get_mut(&connection) {
            open.phase = Phase::Attached(ordinal);
        }
        self.hand_over(ordinal, connection);
        for (seq, kept) in missed {
            if !self.deliver(ordinal, seq, &kept) {
                return;
            }
        }
        self.tell(ordinal, Kept::Resumed);
    }

    /// Discord's real way with the connection that had the session is not known: a setting. It is
    /// told when it no longer holds the session, so that its end is not the session's.
    fn hand_over(&mut self, ordinal: SessionOrdinal, to: ConnectionId) {
        let Some(session) = self.sessions.get_mut(&ordinal) else {
            return;
        };
        let before = std::mem::replace(&mut session.holder, Holder::Connection(to));
        let Holder::Connection(loser) = before else {
            return;
        };
        let is_fight = session.last_taken.is_some_and(|at| self.now.since(at) < FIGHT_WINDOW);
        session.last_taken = Some(self.now);
        if is_fight {
            self.verdict(Rule::SessionContested, loser);
        }
        match self.settings.resumed_elsewhere {
            ResumedElsewhere::Close(code) => self.close(loser, code, "session resumed elsewhere"),
            ResumedElsewhere::Leave => {}
        }
    }
}
