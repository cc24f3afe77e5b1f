//! Outputs on their way: latency holds them back, and never lets one overtake another.
//!
//! Only the first is ever looked at. So where latency is taken back, what was sent before still
//! goes first, and what is behind it waits. A refusal alone goes at once: a moment later the
//! connection would have been accepted.

use std::{collections::VecDeque, time::Duration};

use baton_model::Moment;

use super::output::Output;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    latency: Duration,
    queued: VecDeque<(Moment, Output)>,
}

impl Outbox {
    pub(super) const fn set_latency(&mut self, latency: Duration) {
        self.latency = latency;
    }

    pub(super) fn push(&mut self, output: Output, now: Moment) {
        if matches!(output, Output::Refuse { .. }) {
            self.queued.push_front((now, output));
            return;
        }
        self.queued.push_back((now + self.latency, output));
    }

    pub(super) fn poll(&mut self, now: Moment) -> Option<Output> {
        let (due, _) = self.queued.front()?;
        if *due > now {
            return None;
        }
        self.queued.pop_front().map(|(_, output)| output)
    }

    pub(super) fn next_due(&self) -> Option<Moment> {
        self.queued.front().map(|(due, _)| *due)
    }
}
