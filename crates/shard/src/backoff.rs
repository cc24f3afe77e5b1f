//! How long to wait before connecting again.
//!
//! A connection that came about is no sign of health: a server that accepts and closes at once
//! would otherwise be asked thousands of times a second. So pauses grow with *every* connection
//! that ended, and only a good life takes them back.

use std::time::Duration;

use baton_model::limits::{
    BACKOFF_FIRST, BACKOFF_MAX, BACKOFF_RESET, CONNECT_FAILURES_TELL, RECONNECT_PROMPT_MAX,
};

use crate::jitter::Jitter;

/// The record of connections that ended.
#[derive(Default)]
pub(crate) struct Backoff {
    /// How many ended since the last good one.
    ended: u32,
    /// How many in a row never got live.
    never_live: u32,
}

impl Backoff {
    /// A connection ended that had been live for this long.
    pub(crate) fn on_life(&mut self, life: Duration) {
        self.never_live = 0;
        if life >= BACKOFF_RESET {
            self.ended = 0;
        }
    }

    /// A connection ended before it was live. Says whether the supervisor should hear about it.
    pub(crate) fn on_failure(&mut self) -> bool {
        self.never_live = self.never_live.saturating_add(1);
        self.never_live == CONNECT_FAILURES_TELL
    }

    /// The pause before the next connection, which thereby counts as one more.
    pub(crate) fn pause(&mut self, jitter: &mut Jitter) -> Duration {
        let before = self.ended;
        self.ended = before.saturating_add(1);
        match before.checked_sub(1) {
            None => jitter.between(Duration::ZERO, RECONNECT_PROMPT_MAX),
            Some(doublings) => jitter.upper_half(doubled(BACKOFF_FIRST, doublings, BACKOFF_MAX)),
        }
    }
}

/// `first`, doubled so many times, but never above `most`.
pub(crate) fn doubled(first: Duration, doublings: u32, most: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(doublings)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(backoff: &mut Backoff, count: usize) -> Vec<Duration> {
        let mut jitter = Jitter::new(9);
        (0..count)
            .map(|_| {
                backoff.on_life(Duration::ZERO);
                backoff.pause(&mut jitter)
            })
            .collect()
    }

    #[test]
    fn the_first_pause_is_short_and_the_others_double_to_the_maximum() {
        let pauses = pauses(&mut Backoff::default(), 40);
        assert!(pauses[0] <= RECONNECT_PROMPT_MAX);
        for (i, pause) in pauses[1..].iter().enumerate() {
            let whole = doubled(BACKOFF_FIRST, u32::try_from(i).unwrap(), BACKOFF_MAX);
            assert!(*pause >= whole / 2 && *pause <= whole, "{i}: {pause:?}");
        }
        assert!(pauses[39] >= BACKOFF_MAX / 2);
    }

    #[test]
    fn only_a_good_life_starts_over() {
        let mut jitter = Jitter::new(9);
        let mut backoff = Backoff::default();
        pauses(&mut backoff, 5);
        backoff.on_life(BACKOFF_RESET - Duration::from_millis(1));
        assert!(backoff.pause(&mut jitter) > BACKOFF_FIRST);
        backoff.on_life(BACKOFF_RESET);
        assert!(backoff.pause(&mut jitter) <= RECONNECT_PROMPT_MAX);
    }

    #[test]
    fn the_supervisor_hears_once_per_row_of_failures() {
        let mut backoff = Backoff::default();
        for _ in 0..2 {
            let told = [0; 3].map(|_| backoff.on_failure());
            assert_eq!(told, [false, true, false]);
            backoff.on_life(Duration::ZERO);
        }
    }
}
