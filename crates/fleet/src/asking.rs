//! A question that is put to the store again and again, one at a time.
//!
//! An answer names the question. One that comes after its time, or to a question already given
//! up, says nothing about the present and is dropped: what it describes may be long past.

use std::time::Duration;

use baton_model::{Moment, limits::STORE_ANSWER_TIMEOUT};

/// Which question an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct RequestId(pub u64);

/// Between which moments the store was in the state that an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) issued: Moment,
    pub(crate) answered: Moment,
}

/// When to ask next, and what is being asked.
#[derive(Debug)]
pub(crate) struct Asking {
    last: RequestId,
    issued: Option<Moment>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Idle {
        next: Moment,
    },
    /// Asked, and when to ask once more: the answer may be older than a reason that came since.
    Asked {
        at: Moment,
        again: Option<Moment>,
    },
}

impl Asking {
    pub(crate) const fn from(first: Moment) -> Self {
        Self { last: RequestId(0), issued: None, stage: Stage::Idle { next: first } }
    }

    /// When to ask, or to stop waiting for the answer.
    pub(crate) fn due(&self) -> Moment {
        match self.stage {
            Stage::Idle { next } => next,
            Stage::Asked { at, .. } => at + STORE_ANSWER_TIMEOUT,
        }
    }

    /// Puts the question if its time has come.
    pub(crate) fn ask(&mut self, now: Moment) -> Option<RequestId> {
        if now < self.due() {
            return None;
        }
        self.last = RequestId(self.last.0 + 1);
        self.issued = Some(now);
        self.stage = Stage::Asked { at: now, again: None };
        Some(self.last)
    }

    /// Takes an answer; none if it is too late. The next question comes `period` after this one
    /// was put.
    pub(crate) fn answer(
        &mut self,
        request: RequestId,
        now: Moment,
        period: Duration,
    ) -> Option<Look> {
        let (issued, again) = self.pending(request)?;
        let regular = issued + period;
        self.stage = Stage::Idle { next: again.map_or(regular, |again| again.min(regular)) };
        let look = Look { issued, answered: now };
        (now.since(issued) <= STORE_ANSWER_TIMEOUT).then_some(look)
    }

    /// Notes that there was no answer. Asks again after `pause`.
    pub(crate) fn fail(&mut self, request: RequestId, now: Moment, pause: Duration) {
        if self.pending(request).is_some() {
            self.stage = Stage::Idle { next: now + pause };
        }
    }

    /// Asks no later than `pause` after the last time, or than `now`.
    pub(crate) fn hurry(&mut self, now: Moment, pause: Duration) {
        let earliest = self.issued.map_or(now, |issued| issued + pause).max(now);
        match &mut self.stage {
            Stage::Idle { next } => *next = earliest.min(*next),
            Stage::Asked { again, .. } => {
                *again = Some(again.map_or(earliest, |again| earliest.min(again)));
            }
        }
    }

    /// When the question that is under way was put, and when to put it again.
    fn pending(&self, request: RequestId) -> Option<(Moment, Option<Moment>)> {
        match self.stage {
            Stage::Asked { at, again } if request == self.last => Some((at, again)),
            Stage::Asked { .. } | Stage::Idle { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn asks_once_a_period_counted_from_the_question() {
        let mut asking = Asking::from(at(0));
        let first = asking.ask(at(0)).unwrap();
        assert_eq!(asking.ask(at(10)), None, "one at a time");
        assert!(asking.answer(first, at(300), PERIOD).is_some());
        assert_eq!(asking.due(), at(1_000));
    }

    #[test]
    fn an_answer_to_a_question_given_up_is_dropped() {
        let mut asking = Asking::from(at(0));
        let first = asking.ask(at(0)).unwrap();
        let second = asking.ask(at(2_000)).unwrap();
        assert_ne!(first, second);
        assert_eq!(asking.answer(first, at(2_001), PERIOD), None);
        assert!(asking.answer(second, at(2_002), PERIOD).is_some());
        assert_eq!(asking.answer(second, at(2_003), PERIOD), None, "only once");
    }

    #[test]
    fn an_answer_that_took_too_long_is_dropped_even_if_nobody_noticed_the_time_pass() {
        let mut asking = Asking::from(at(0));
        let first = asking.ask(at(0)).unwrap();
        assert_eq!(asking.answer(first, at(2_001), PERIOD), None);
        assert_eq!(asking.due(), at(1_000), "asks again at once");
    }

    #[test]
    fn a_reason_that_comes_while_a_question_is_under_way_has_it_put_once_more() {
        let mut asking = Asking::from(at(0));
        let first = asking.ask(at(0)).unwrap();
        asking.hurry(at(1), Duration::from_millis(250));
        assert_eq!(asking.due(), at(2_000), "one at a time");
        asking.answer(first, at(5), PERIOD);
        assert_eq!(asking.due(), at(250));
        let second = asking.ask(at(250)).unwrap();
        asking.answer(second, at(251), PERIOD);
        assert_eq!(asking.due(), at(1_250), "and not again");
    }

    #[test]
    fn hurrying_keeps_a_pause_between_questions() {
        let mut asking = Asking::from(at(0));
        let first = asking.ask(at(0)).unwrap();
        asking.answer(first, at(5), PERIOD);
        asking.hurry(at(10), Duration::from_millis(250));
        assert_eq!(asking.due(), at(250));
        asking.hurry(at(600), Duration::from_millis(250));
        assert_eq!(asking.due(), at(250), "already due");
    }
}
