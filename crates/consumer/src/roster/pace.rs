//! Whether we keep up: nothing has been in hand for too long.
//!
//! Measured is how long a delivery is in hand, and not how old its entry is: who begins behind a
//! backlog of an hour may be as fast as anybody. Whoever falls behind counts as behind for a while
//! after, so that lanes do not go to and fro.

use std::time::Duration;

use baton_model::Moment;

#[derive(Debug)]
pub(crate) struct Pace {
    /// How long a delivery may be in hand, and how long it takes to be trusted again after one was
    /// for longer; none if it does not matter.
    limits: Option<Limits>,
    behind_until: Option<Moment>,
}

/// What keeping up means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) in_hand_max: Duration,
    pub(crate) trusted_after: Duration,
}

impl Pace {
    pub(crate) const fn new(limits: Option<Limits>) -> Self {
        Self { limits, behind_until: None }
    }

    /// Looks at what has been in hand for longest. Answers whether we have just fallen behind.
    pub(crate) fn look(&mut self, oldest: Option<Moment>, now: Moment) -> bool {
        let Some(limits) = self.limits else {
            return false;
        };
        let kept_up = self.keeps_up(now);
        if oldest.is_some_and(|since| now.since(since) >= limits.in_hand_max) {
            self.behind_until = Some(now + limits.trusted_after);
        }
        kept_up && !self.keeps_up(now)
    }

    pub(crate) fn keeps_up(&self, now: Moment) -> bool {
        self.behind_until.is_none_or(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1_000)
    }

    fn pace() -> Pace {
        let (in_hand_max, trusted_after) = (Duration::from_secs(5), Duration::from_secs(30));
        Pace::new(Some(Limits { in_hand_max, trusted_after }))
    }

    #[test]
    fn who_has_something_in_hand_for_too_long_is_behind_and_stays_so_for_a_while() {
        let mut pace = pace();
        assert!(!pace.look(Some(at(1)), at(5)) && pace.keeps_up(at(5)));
        assert!(pace.look(Some(at(1)), at(6)), "it has just fallen behind");
        assert!(!pace.look(Some(at(1)), at(7)) && !pace.keeps_up(at(7)));
        assert!(!pace.look(None, at(8)));
        assert!(!pace.keeps_up(at(36)) && pace.keeps_up(at(37)));
        assert!(!pace.look(Some(at(30)), at(34)), "what is new says nothing");
    }

    #[test]
    fn who_is_not_asked_to_keep_up_does() {
        let mut pace = Pace::new(None);
        assert!(!pace.look(Some(at(0)), at(10_000)) && pace.keeps_up(at(10_000)));
    }
}
