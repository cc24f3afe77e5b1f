//! How much may be sent: so many commands on a connection, and so many presence updates.

use std::{collections::VecDeque, time::Duration};

use baton_model::{
    Moment,
    limits::{COMMANDS_IN_WINDOW_MAX, COMMANDS_WINDOW, PRESENCES_IN_WINDOW_MAX, PRESENCES_WINDOW},
};
use baton_store::Op;

/// Both counts.
#[derive(Debug)]
pub(super) struct Pace {
    /// Discord counts these for each connection.
    commands: Window,
    /// And these not.
    presences: Window,
}

/// The last few times at which something was sent: the window slides, so that there is no moment
/// at which it begins anew.
#[derive(Debug)]
struct Window {
    most: usize,
    length: Duration,
    times: VecDeque<Moment>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            commands: Window::new(COMMANDS_IN_WINDOW_MAX, COMMANDS_WINDOW),
            presences: Window::new(PRESENCES_IN_WINDOW_MAX, PRESENCES_WINDOW),
        }
    }
}

impl Pace {
    /// What was sent on the connection before does not count any more.
    pub(super) fn begin_connection(&mut self) {
        self.commands.times.clear();
    }

    /// Before which moment this op may not be sent; none if it may at any.
    pub(super) fn next(&self, op: Op) -> Option<Moment> {
        let presence = (op == Op::UpdatePresence).then(|| self.presences.next()).flatten();
        self.commands.next().max(presence)
    }

    /// Counts what is sent.
    pub(super) fn count(&mut self, op: Op, now: Moment) {
        self.commands.count(now);
        if op == Op::UpdatePresence {
            self.presences.count(now);
        }
    }
}

impl Window {
    const fn new(most: usize, length: Duration) -> Self {
        Self { most, length, times: VecDeque::new() }
    }

    fn next(&self) -> Option<Moment> {
        let first = self.times.front().filter(|_| self.times.len() == self.most)?;
        Some(*first + self.length)
    }

    fn count(&mut self, now: Moment) {
        if self.times.len() == self.most {
            self.times.pop_front();
        }
        self.times.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOICE_STATE: Op = Op::UpdateVoiceState;

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1_000)
    }

    /// Sends as much as may be sent, each second once the time has come.
    fn sent_in(pace: &mut Pace, op: Op, seconds: u64) -> Vec<u64> {
        let mut sent = Vec::new();
        for second in 0..seconds {
            while pace.next(op).is_none_or(|next| next <= at(second)) {
                pace.count(op, at(second));
                sent.push(second);
            }
        }
        sent
    }

    #[test]
    fn no_minute_has_more_commands_than_discord_takes_with_some_kept_back() {
        let sent = sent_in(&mut Pace::default(), VOICE_STATE, 600);
        for second in 0..600 {
            let is_in = |at: &&u64| (second..=second + 60).contains(*at);
            let window = sent.iter().filter(is_in).count();
            assert!(window <= 105, "{window} in the minute from {second}");
        }
        assert_eq!(sent.len(), 105 * 10, "and no fewer than it may be");
    }

    #[test]
    fn a_window_has_no_moment_at_which_it_begins_anew() {
        let mut pace = Pace::default();
        for _ in 0..100 {
            pace.count(VOICE_STATE, at(50));
        }
        for _ in 0..5 {
            assert_eq!(pace.next(VOICE_STATE), None);
            pace.count(VOICE_STATE, at(60));
        }
        assert_eq!(pace.next(VOICE_STATE), Some(at(112)));
        pace.count(VOICE_STATE, at(112));
        assert_eq!(pace.next(VOICE_STATE), Some(at(112)), "the second of fifty");
    }

    #[test]
    fn presence_updates_are_fewer_and_count_across_connections() {
        let mut pace = Pace::default();
        assert_eq!(sent_in(&mut pace, Op::UpdatePresence, 40).len(), 10);
        pace.begin_connection();
        assert_eq!(pace.next(Op::UpdatePresence), Some(at(40)));
        assert_eq!(pace.next(VOICE_STATE), None, "the others do not wait for them");
    }

    #[test]
    fn every_connection_has_its_own_count_of_commands() {
        let mut pace = Pace::default();
        sent_in(&mut pace, VOICE_STATE, 1);
        assert_eq!(pace.next(VOICE_STATE), Some(at(62)));
        pace.begin_connection();
        assert_eq!(pace.next(VOICE_STATE), None);
    }
}
