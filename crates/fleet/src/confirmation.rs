//! How long this instance may be sure of its leases.
//!
//! A beat is stamped when it is issued, before it is sent: whoever watches counts from when the
//! beat *arrived*, which is later, so the owner stops being sure before anybody may conclude that
//! it is dead. An acknowledgement confirms from its own beat's stamp on, however late it comes.

use std::collections::VecDeque;

use baton_model::{Beat, Moment, limits::LEASE_CONFIRMED};

/// The beats of this instance and what has become of them.
#[derive(Debug, Default)]
pub(crate) struct Confirmation {
    issued: Beat,
    /// Beats that may still be acknowledged to some effect, with their stamps, oldest first.
    unanswered: VecDeque<(Beat, Moment)>,
    /// The stamp of the latest beat that was acknowledged.
    stamp: Option<Moment>,
}

impl Confirmation {
    /// Numbers and stamps the next beat.
    pub(crate) fn issue(&mut self, now: Moment) -> Beat {
        self.issued = Beat(self.issued.0 + 1);
        // An older stamp could not confirm anything any more, so this stays short.
        self.unanswered.retain(|(_, stamp)| now.since(*stamp) < LEASE_CONFIRMED);
        self.unanswered.push_back((self.issued, now));
        self.issued
    }

    /// Takes an acknowledgement, in whatever order they come.
    pub(crate) fn acknowledge(&mut self, beat: Beat) {
        assert!(
            beat <= self.issued,
            "beat {beat} was acknowledged, but only {} were issued",
            self.issued
        );
        let stamp = self.unanswered.iter().find(|(issued, _)| *issued == beat);
        self.stamp = self.stamp.max(stamp.map(|(_, stamp)| *stamp));
    }

    /// Until when the leases are confirmed; none before the first acknowledgement.
    pub(crate) fn until(&self) -> Option<Moment> {
        self.stamp.map(|stamp| stamp + LEASE_CONFIRMED)
    }

    pub(crate) fn holds(&self, now: Moment) -> bool {
        self.until().is_some_and(|until| now < until)
    }

    /// The last beat that was issued.
    pub(crate) const fn issued(&self) -> Beat {
        self.issued
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn counts_from_when_the_beat_was_issued_not_from_its_answer() {
        let mut own = Confirmation::default();
        let beat = own.issue(at(0));
        assert!(!own.holds(at(0)), "nothing is acknowledged yet");
        own.acknowledge(beat);
        assert!(own.holds(at(3_999)));
        assert!(!own.holds(at(4_000)));
    }

    #[test]
    fn a_late_answer_does_not_shorten_what_a_later_beat_confirmed() {
        let mut own = Confirmation::default();
        let first = own.issue(at(0));
        let second = own.issue(at(1_000));
        own.acknowledge(second);
        own.acknowledge(first);
        assert_eq!(own.until(), Some(at(5_000)));
    }

    #[test]
    fn an_answer_confirms_by_its_own_beats_stamp_not_by_the_latest() {
        let mut own = Confirmation::default();
        let first = own.issue(at(0));
        own.issue(at(3_000));
        own.acknowledge(first);
        assert_eq!(own.until(), Some(at(4_000)));
    }

    #[test]
    fn an_answer_that_comes_after_its_time_confirms_nothing() {
        let mut own = Confirmation::default();
        let first = own.issue(at(0));
        for later in 1..20 {
            own.issue(at(later * 1_000));
        }
        own.acknowledge(first);
        assert!(!own.holds(at(20_000)));
        assert!(own.unanswered.len() <= 5, "{:?}", own.unanswered);
    }

    #[test]
    #[should_panic(expected = "beat 2 was acknowledged, but only 1 were issued")]
    fn an_answer_to_a_beat_that_was_never_issued_is_our_bug() {
        let mut own = Confirmation::default();
        own.issue(at(0));
        own.acknowledge(Beat(2));
    }
}
