//! Keeping the ring within its share of the instance's memory.
//!
//! A socket cannot be held back, since its heartbeats flow only while it is read. So what fills the
//! ring is closed, and resumed when the ring has drained: Discord holds the rest meanwhile.

use baton_model::Moment;

use super::ShardMachine;
use crate::{
    link::{Hearing, Link, Then},
    writer::Writer,
};

impl ShardMachine {
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

    /// Stops what fills the ring.
    fn shed(&mut self, now: Moment) {
        if let Link::Resuming { .. }
        | Link::Live { .. }
        | Link::BackingOff { .. }
        | Link::Closing { then: Then::Reconnect, .. } = self.link
        {
            self.part(Then::Shed, Hearing::Nothing, now);
        }
    }

    pub(super) fn reconnect_when_drained(&mut self, now: Moment) {
        if matches!(self.link, Link::Shed) && self.sessions.is_flushed() {
            self.link = Link::Unwanted;
            self.after_socket(Then::Reconnect, now);
        }
    }
}
