//! Evidence that an instance is dead: its beat, seen standing still.
//!
//! Silence is no evidence. A store that is frozen or away, an observer that was itself paused, and
//! a store that is another one all look like a fleet that has died, so only successful polls count,
//! close enough together and all of the same store. The observer's own clock measures, from the
//! *answer* of the first poll to the *question* of the last: the beat stood still at least so long.

use std::time::Duration;

use baton_model::{
    Beat, Moment,
    limits::{EVIDENCE_POLL_GAP_MAX, EVIDENCE_POLLS_MIN, EVIDENCE_SPAN},
};

use crate::asking::Look;

/// What is known of one instance's beat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    /// None if it was not listed: an instance that only lease rows name gives evidence, too.
    beat: Option<Beat>,
    polls: u32,
    first_answered: Moment,
    last_issued: Moment,
}

impl Evidence {
    /// Starts from nothing: whatever happened before this look is unknown.
    pub(crate) const fn starting(beat: Option<Beat>, look: Look) -> Self {
        Self { beat, polls: 1, first_answered: look.answered, last_issued: look.issued }
    }

    /// Adds a successful poll.
    pub(crate) fn observe(&mut self, beat: Option<Beat>, look: Look) {
        let is_continuous = look.issued.since(self.last_issued) <= EVIDENCE_POLL_GAP_MAX;
        if beat == self.beat && is_continuous {
            self.polls += 1;
            self.last_issued = look.issued;
        } else {
            *self = Self::starting(beat, look);
        }
    }

    /// Whether the beat ran backwards, which no living store shows.
    pub(crate) fn is_ahead_of(&self, beat: Beat) -> bool {
        self.beat.is_some_and(|seen| seen > beat)
    }

    pub(crate) const fn beat(&self) -> Option<Beat> {
        self.beat
    }

    /// How long the beat has certainly stood still.
    pub(crate) const fn still(&self) -> Duration {
        self.last_issued.since(self.first_answered)
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.polls >= EVIDENCE_POLLS_MIN && self.still() >= EVIDENCE_SPAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A poll: issued, answered, the beat it showed.
    type Seen = (u64, u64, Option<u64>);

    fn complete_after(polls: &[Seen]) -> bool {
        let look = |&(issued, answered, _): &Seen| Look {
            issued: Moment::from_millis(issued),
            answered: Moment::from_millis(answered),
        };
        let beat = |&(_, _, beat): &Seen| beat.map(Beat);
        let (first, rest) = polls.split_first().unwrap();
        let mut evidence = Evidence::starting(beat(first), look(first));
        for poll in rest {
            evidence.observe(beat(poll), look(poll));
        }
        evidence.is_complete()
    }

    fn every(period: u64, count: u64) -> Vec<Seen> {
        (0..count).map(|n| (n * period, n * period, Some(7))).collect()
    }

    #[test]
    fn takes_enough_polls_over_enough_time() {
        assert!(complete_after(&every(1_000, 7)), "7 polls over 6 s");
        assert!(!complete_after(&every(1_000, 6)), "only 5 s");
        assert!(!complete_after(&every(1_999, 4)), "4 polls, but 5.997 s");
        assert!(complete_after(&every(2_000, 4)), "4 polls over 6 s");
        assert!(!complete_after(&every(250, 20)), "20 polls, but 4.75 s");
    }

    #[test]
    fn three_polls_are_too_few_however_long_they_took() {
        // Slow answers stretch nothing: what counts is first answer to last question.
        let polls = [(0, 0, Some(7)), (2_000, 2_000, Some(7)), (4_000, 6_000, Some(7))];
        assert!(!complete_after(&polls));
        let few = Evidence {
            beat: Some(Beat(7)),
            polls: EVIDENCE_POLLS_MIN - 1,
            first_answered: Moment::ZERO,
            last_issued: Moment::from_millis(6_000),
        };
        assert!(!few.is_complete());
    }

    #[test]
    fn a_moving_beat_starts_over() {
        let mut polls = every(1_000, 7);
        polls[3].2 = Some(8);
        assert!(!complete_after(&polls));
    }

    #[test]
    fn a_gap_between_polls_starts_over() {
        let mut polls = every(1_000, 7);
        polls.push((8_001, 8_001, Some(7)));
        assert!(!complete_after(&polls), "2.001 s without a poll");
        polls.pop();
        polls.push((8_000, 8_000, Some(7)));
        assert!(complete_after(&polls), "2 s is still one observation");
    }

    #[test]
    fn slow_answers_are_not_time_in_which_the_beat_stood_still() {
        let mut polls = every(1_000, 7);
        polls[0].1 = 500;
        assert!(!complete_after(&polls), "first seen at 0.5 s");
        let mut polls = every(1_000, 6);
        polls[5].1 = 6_900;
        assert!(!complete_after(&polls), "the last state is that of 5 s");
    }

    #[test]
    fn an_instance_that_is_not_listed_gives_evidence_by_absence() {
        let mut polls = every(1_000, 7);
        for poll in &mut polls {
            poll.2 = None;
        }
        assert!(complete_after(&polls));
        polls[4].2 = Some(1);
        assert!(!complete_after(&polls), "it has appeared meanwhile");
    }
}
