//! The end of a socket: who ended it, what that means for the session, and what follows.

use baton_model::{
    Moment, SessionStart,
    limits::{CLOSE_ECHO_DEADLINE, CONTESTED_LIFE, INVALID_SESSION_PAUSE},
};

use super::ShardMachine;
use crate::{
    CloseCode, Notice, Output, Refusal,
    lease::{Duty, Held},
    link::{Contact, Hearing, Link, Permit, Then},
    session::Sessions,
};

/// What a close code of Discord's means.
enum Verdict {
    /// Try to resume. That goes for every code that is not known to mean something else.
    Resume,
    /// The session is over.
    NewSession,
    /// The app will not get in, whatever it tries.
    Fatal(u16),
}

impl Verdict {
    const fn of(code: Option<u16>) -> Self {
        match code {
            // Invalid seq; session timed out.
            Some(4007 | 4009) => Self::NewSession,
            // Token; shard; sharding required; version; intents, invalid and disallowed.
            Some(code @ (4004 | 4010..=4014)) => Self::Fatal(code),
            Some(_) | None => Self::Resume,
        }
    }
}

impl ShardMachine {
    /// Parts from the socket for good, if there is one; the session lives on.
    pub(super) fn let_go(&mut self, now: Moment) {
        self.part(Then::Stay, Hearing::Nothing, now);
    }

    /// Parts from the socket, if there is one, such that the session lives on.
    pub(super) fn part(&mut self, then: Then, hearing: Hearing, now: Moment) {
        self.part_with(CloseCode::Resumable, then, hearing, now);
    }

    fn part_with(&mut self, code: CloseCode, then: Then, hearing: Hearing, now: Moment) {
        match self.link.contact() {
            Contact::None => self.after_socket(then, now),
            Contact::Unmet => {
                self.drop_socket();
                self.after_socket(then, now);
            }
            Contact::Met(socket) => {
                self.note_life(now);
                self.withdraw_permit();
                self.outputs.push_back(Output::Close { socket, code });
                let deadline = now + CLOSE_ECHO_DEADLINE;
                self.link = Link::Closing { socket, deadline, then, hearing };
            }
            Contact::Closing { socket, deadline } => {
                self.link = Link::Closing { socket, deadline, then, hearing };
            }
        }
    }

    /// What a closing socket still brings would stand behind a hole that nothing tells of.
    pub(super) const fn stop_hearing(&mut self) {
        if let Link::Closing { hearing, .. } = &mut self.link {
            *hearing = Hearing::Nothing;
        }
    }

    /// Lets the socket go as it is.
    pub(super) fn drop_socket(&mut self) {
        self.withdraw_permit();
        if let Some(socket) = self.link.socket() {
            self.outputs.push_back(Output::Drop { socket });
        }
        self.link = Link::Unwanted;
    }

    /// The socket is silent or late: let it go, and try another.
    pub(super) fn replace_socket(&mut self, now: Moment) {
        let then = self.then_after_close();
        self.note_end(now);
        self.drop_socket();
        self.after_socket(then, now);
    }

    pub(super) fn on_reconnect_asked(&mut self, now: Moment) {
        if self.is_warming() {
            self.drop_socket();
            self.go_cold();
            return;
        }
        self.note_end(now);
        let then = self.then_after_close();
        let hearing = self.hearing();
        self.part(then, hearing, now);
    }

    pub(super) fn on_invalid_session(&mut self, resumable: bool, now: Moment) {
        if !resumable {
            self.lose_session();
            let (least, most) = INVALID_SESSION_PAUSE;
            self.connect_not_before = now + self.jitter.between(least, most);
        }
        self.on_reconnect_asked(now);
    }

    fn lose_session(&mut self) {
        if self.sessions.end(SessionStart::Invalidated) {
            self.tell(Notice::SessionLost);
        }
    }

    /// Without a socket, or with one that is not up yet, there is nothing to gain.
    pub(super) fn on_reconnect(&mut self, now: Moment) {
        let is_serving = self.lease.held().is_some_and(|held| matches!(held.duty, Duty::Serving));
        match (is_serving, &self.link) {
            (true, Link::Live { .. }) => self.on_reconnect_asked(now),
            (true, _) => {}
            (false, _) => self.tell(Notice::Refused(Refusal::NotOurs)),
        }
    }

    pub(super) fn on_new_session(&mut self, now: Moment) {
        let Some(held) = self.lease.held() else {
            self.tell(Notice::Refused(Refusal::NotOurs));
            return;
        };
        let is_serving = matches!(held.duty, Duty::Serving);
        if !is_serving || matches!(self.sessions, Sessions::Changing(_)) {
            self.tell(Notice::Refused(Refusal::Busy));
            return;
        }
        if self.sessions.end(SessionStart::Restarted) {
            let hearing = self.hearing();
            self.part_with(CloseCode::Ending, Then::Reconnect, hearing, now);
        }
    }

    pub(super) fn on_closed(&mut self, code: Option<u16>, now: Moment) {
        let verdict = Verdict::of(code);
        if matches!(verdict, Verdict::Resume) {
            self.give_up_resume_url();
        }
        if self.is_warming() {
            self.go_cold();
            return;
        }
        let then = self.then_after_close();
        let is_contested = self.looks_contested(now);
        self.note_end(now);
        self.withdraw_permit();
        self.link = Link::Unwanted;
        match verdict {
            Verdict::Resume if is_contested => self.ask_whose_it_is(),
            Verdict::Resume => self.after_socket(then, now),
            Verdict::NewSession => {
                self.lose_session();
                self.after_socket(then, now);
            }
            Verdict::Fatal(code) => {
                self.tell(Notice::Fatal { code });
                match then {
                    Then::Stay => {}
                    Then::Reconnect | Then::Shed => self.link = Link::Fatal,
                }
            }
        }
    }

    /// Whether a connection that Discord ends now may have lost its session to another.
    fn looks_contested(&self, now: Moment) -> bool {
        let is_young = match self.link {
            Link::Live { since, .. } => now.since(since) < CONTESTED_LIFE,
            Link::Unwanted
            | Link::BackingOff { .. }
            | Link::Shed
            | Link::Fatal
            | Link::Connecting { .. }
            | Link::Warm { .. }
            | Link::Resuming { .. }
            | Link::Identifying { .. }
            | Link::Deaf { .. }
            | Link::Closing { .. } => false,
        };
        let is_serving = self.lease.held().is_some_and(Held::wants_socket);
        is_young && is_serving && matches!(self.sessions, Sessions::In(_))
    }

    /// What follows when this socket ends by itself.
    fn then_after_close(&self) -> Then {
        match self.link {
            Link::Closing { then, .. } => then,
            Link::Unwanted
            | Link::BackingOff { .. }
            | Link::Shed
            | Link::Fatal
            | Link::Connecting { .. }
            | Link::Warm { .. }
            | Link::Resuming { .. }
            | Link::Identifying { .. }
            | Link::Live { .. }
            | Link::Deaf { .. } => match self.lease.held() {
                Some(held) if held.wants_socket() => Then::Reconnect,
                Some(_) | None => Then::Stay,
            },
        }
    }

    /// Whether the socket's dispatches are being taken. Once they are not, they never are again:
    /// they would stand behind a hole. Before READY they are not: they would be those of a session
    /// that nobody has heard of.
    const fn hearing(&self) -> Hearing {
        match self.link {
            Link::Closing { hearing, .. } => hearing,
            Link::Resuming { .. } | Link::Live { .. } => Hearing::All,
            Link::Unwanted
            | Link::BackingOff { .. }
            | Link::Shed
            | Link::Fatal
            | Link::Connecting { .. }
            | Link::Warm { .. }
            | Link::Identifying { .. }
            | Link::Deaf { .. } => Hearing::Nothing,
        }
    }

    /// There is no socket any more, or there was none.
    pub(super) fn after_socket(&mut self, then: Then, now: Moment) {
        match (then, &self.link) {
            (Then::Stay, _) => self.link = Link::Unwanted,
            (Then::Reconnect, Link::Unwanted) => {
                let pause = self.backoff.pause(&mut self.jitter);
                let until = (now + pause).max(self.connect_not_before);
                self.link = Link::BackingOff { until };
            }
            (Then::Shed, Link::Unwanted | Link::BackingOff { .. }) => self.link = Link::Shed,
            // Whatever holds up the next connection holds it up still.
            (Then::Reconnect | Then::Shed, _) => {}
        }
    }

    /// Enters a connection that ends into the record that the next pause is taken from.
    pub(super) fn note_end(&mut self, now: Moment) {
        self.note_life(now);
        // One that waited for its permit had not had its chance.
        let has_failed = matches!(
            self.link,
            Link::Connecting { .. }
                | Link::Resuming { .. }
                | Link::Identifying { permit: Permit::Used { .. }, .. }
        );
        if has_failed && self.backoff.on_failure() {
            self.tell(Notice::CannotConnect);
        }
    }

    /// The same where the end is our own will: it says nothing about the way to Discord, but a
    /// good life counts.
    fn note_life(&mut self, now: Moment) {
        if let Link::Live { since, .. } | Link::Deaf { since, .. } = self.link {
            self.backoff.on_life(now.since(since));
        }
    }
}

impl Hearing {
    pub(super) const fn is_all(self) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
        }
    }
}
