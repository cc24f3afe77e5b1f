//! When the machine wants to be woken, why, and what it does then.
//!
//! Only what *nothing but time* brings about stands here. What has become possible is done when
//! the machine settles, after this as after every other input.

use baton_model::Moment;

use super::ShardMachine;
use crate::{WakeReason, link::Link, session::Sessions, writer::Writer};

impl ShardMachine {
    /// The moment at which [`Input::Wake`](crate::Input::Wake) is due, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Moment, WakeReason)> {
        let of_rings = self.sessions.writers().filter_map(Writer::expire_at).min();
        [
            self.link_wake(),
            self.lease.deadline(),
            self.lease.again_at(),
            self.stream_wake(),
            of_rings,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// A connection that waits for the store does not wait for the clock.
    pub(super) fn link_wake(&self) -> Option<(Moment, WakeReason)> {
        match self.link {
            Link::BackingOff { .. } if !self.sessions.may_connect() => None,
            Link::Unwanted
            | Link::BackingOff { .. }
            | Link::Shed
            | Link::Fatal
            | Link::Connecting { .. }
            | Link::Warm { .. }
            | Link::Resuming { .. }
            | Link::Identifying { .. }
            | Link::Live { .. }
            | Link::Deaf { .. }
            | Link::Closing { .. } => self.link.deadline(),
        }
    }

    fn stream_wake(&self) -> Option<(Moment, WakeReason)> {
        if !self.may_append() {
            return None;
        }
        let append = self.sessions.outgoing().and_then(|session| session.writer.append_at());
        let begin = match &self.sessions {
            Sessions::Changing(change) => change.retry.as_ref().and_then(|retry| retry.again_at()),
            Sessions::Without { .. } | Sessions::In(_) => None,
        };
        append.into_iter().chain(begin.map(|at| (at, WakeReason::StoreRetry))).min()
    }

    pub(super) fn on_wake(&mut self, now: Moment) {
        if self.link.deadline().is_some_and(|(at, _)| at <= now) {
            self.on_link_deadline(now);
        }
        if self.lease.deadline().is_some_and(|(at, _)| at <= now) {
            self.on_lease_deadline(now);
        }
        if let Some(session) = self.sessions.in_row_mut() {
            session.writer.expire(now);
        }
    }

    fn on_link_deadline(&mut self, now: Moment) {
        match self.link {
            Link::Connecting { .. } | Link::Warm { .. } if self.is_warming() => {
                self.give_up_resume_url();
                self.drop_socket();
                self.go_cold();
            }
            Link::Connecting { .. } => {
                self.give_up_resume_url();
                self.replace_socket(now);
            }
            Link::Closing { then, .. } => {
                self.drop_socket();
                self.after_socket(then, now);
            }
            Link::Resuming { .. }
            | Link::Identifying { .. }
            | Link::Live { .. }
            | Link::Deaf { .. }
            | Link::Warm { .. } => self.replace_socket(now),
            // Settling connects.
            Link::BackingOff { .. } => {}
            Link::Unwanted | Link::Shed | Link::Fatal => {
                unreachable!("a state without a deadline has none that passes")
            }
        }
    }
}
