//! The target's side of a hand-over: a socket that is ready before the lease is.
//!
//! Between HELLO and RESUME a connection costs nothing but its existence. Brought that far ahead
//! of time, it leaves one round trip between the lease and the first replayed dispatch.

use baton_model::{
    Moment, SessionRow,
    limits::{RESUMED_DEADLINE, WARM_DEADLINE, WARM_HELD_MAX},
};

use super::ShardMachine;
use crate::{
    Notice, Output, Refusal, ResumeFrom,
    lease::Lease,
    link::{Contact, Link},
};

impl ShardMachine {
    pub(super) fn on_warm(&mut self, session: SessionRow, now: Moment) {
        match self.lease {
            Lease::None | Lease::Over { .. } => {}
            Lease::Claiming { .. } | Lease::Accepting { .. } | Lease::Held(_) => {
                self.tell(Notice::Refused(Refusal::AlreadyOurs));
                return;
            }
        }
        self.drop_socket();
        let resume = ResumeFrom { id: session.id, url: session.resume_url, seq: session.last_seq };
        self.open(Some(resume), now + WARM_DEADLINE);
    }

    /// HELLO without a lease: the socket is held, un-polled, so not for long.
    pub(super) fn hold_warm(&mut self, resume: ResumeFrom, now: Moment) {
        let Some(socket) = self.link.socket() else {
            return;
        };
        self.link = Link::Warm { socket, resume, deadline: now + WARM_HELD_MAX };
        self.tell(Notice::Warm);
    }

    /// The lease is ours: on with the socket that is there, if it is good for this session, else
    /// with another.
    pub(super) fn connect_with_lease(&mut self, now: Moment) {
        let built_with = match &self.link {
            Link::Connecting { resume, .. } => resume.as_ref(),
            Link::Warm { resume, .. } => Some(resume),
            Link::Unwanted
            | Link::BackingOff { .. }
            | Link::Shed
            | Link::Fatal
            | Link::Resuming { .. }
            | Link::Identifying { .. }
            | Link::Live { .. }
            | Link::Deaf { .. }
            | Link::Closing { .. } => None,
        };
        if !self.is_good_for(built_with) {
            self.drop_socket();
            self.link = Link::BackingOff { until: now };
        } else if let Link::Warm { socket, .. } = self.link {
            self.outputs.push_back(Output::Proceed { socket });
            let deadline = self.in_time(now + RESUMED_DEADLINE, now);
            self.link = Link::Resuming { socket, deadline };
        }
    }

    /// A socket resumes from the seq it was built with. One that lies behind the stream costs a
    /// few dispatches that come twice; one ahead of it would leave some out.
    fn is_good_for(&self, built_with: Option<&ResumeFrom>) -> bool {
        match (built_with, self.sessions.resume_from()) {
            (Some(built), Some(wanted)) => built.id == wanted.id && built.seq <= wanted.seq,
            (Some(_) | None, Some(_) | None) => false,
        }
    }

    /// The warm socket came to nothing; an offer will be taken all the same.
    pub(super) fn go_cold(&mut self) {
        self.link = Link::Unwanted;
        self.tell(Notice::Cold);
    }

    /// Whether the socket there is was opened ahead of the lease.
    pub(super) const fn is_warming(&self) -> bool {
        self.lease.held().is_none() && matches!(self.link.contact(), Contact::Unmet)
    }
}
