//! Who is dead, by a beat that stands still.

use std::collections::BTreeMap;

use baton_model::Moment;

use crate::settings::{EVIDENCE_GAP_MAX, EVIDENCE_POLLS_MIN, EVIDENCE_SPAN};

/// What was seen of everybody's beats.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    sights: BTreeMap<String, Sight>,
    last_poll: Option<Moment>,
}

#[derive(Debug)]
struct Sight {
    /// None while there is no record.
    beat: Option<u64>,
    since: Moment,
    polls: u32,
}

impl Evidence {
    /// Another look was taken. After a pause nothing that was seen before counts: we may have been
    /// frozen ourselves, or the store.
    pub(crate) fn polled(&mut self, now: Moment) {
        if !self.is_fresh(now) {
            self.sights.clear();
        }
        self.last_poll = Some(now);
    }

    /// In that look, this was somebody's beat; none if there was no record of theirs.
    pub(crate) fn saw(&mut self, name: &str, beat: Option<u64>, now: Moment) {
        match self.sights.get_mut(name) {
            Some(sight) if sight.beat == beat => sight.polls += 1,
            Some(_) | None => {
                let sight = Sight { beat, since: now, polls: 1 };
                self.sights.insert(name.to_owned(), sight);
            }
        }
    }

    /// Nobody asks about them any more.
    pub(crate) fn forget_others(&mut self, is_known: impl Fn(&str) -> bool) {
        self.sights.retain(|name, _| is_known(name));
    }

    /// Whether what was seen is still worth anything.
    pub(crate) fn is_fresh(&self, now: Moment) -> bool {
        self.last_poll.is_some_and(|last| now.since(last) <= EVIDENCE_GAP_MAX)
    }

    pub(crate) fn is_dead(&self, name: &str, now: Moment) -> bool {
        self.sights.get(name).is_some_and(|sight| {
            sight.polls >= EVIDENCE_POLLS_MIN && now.since(sight.since) >= EVIDENCE_SPAN
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Polls every so many milliseconds, from zero up to some time, with a beat that stands still.
    fn after_polls(step: u64, upto: u64, beat: Option<u64>) -> (Evidence, Moment) {
        let mut evidence = Evidence::default();
        for at in (0..=upto).step_by(usize::try_from(step).unwrap()) {
            let now = Moment::from_millis(at);
            evidence.polled(now);
            evidence.saw("a", beat, now);
        }
        (evidence, Moment::from_millis(upto / step * step))
    }

    #[test]
    fn a_beat_that_stands_still_for_long_enough_is_evidence() {
        for beat in [Some(1), None] {
            let (evidence, now) = after_polls(250, 1_250, beat);
            assert!(!evidence.is_dead("a", now));
            let (evidence, now) = after_polls(250, 1_500, beat);
            assert!(evidence.is_dead("a", now));
        }
    }

    #[test]
    fn few_polls_or_a_pause_between_them_are_none() {
        let (evidence, now) = after_polls(700, 1_400, Some(1));
        assert!(!evidence.is_dead("a", now + EVIDENCE_SPAN), "three polls only");
        let (evidence, now) = after_polls(800, 8_000, Some(1));
        assert!(!evidence.is_dead("a", now));
    }

    #[test]
    fn a_beat_that_moves_begins_anew_and_so_does_one_that_goes_back() {
        for beat in [2, 0] {
            let (mut evidence, now) = after_polls(250, 1_500, Some(1));
            evidence.polled(now);
            evidence.saw("a", Some(beat), now);
            assert!(!evidence.is_dead("a", now));
        }
    }
}
