//! A hand-over as one of its two instances sees it: the steps it is made of, and how it ends.
//!
//! Told from what a shard's machine shows and says. It measures, and says nothing that it has not
//! seen. Pure.

use std::time::Duration;

use baton_model::{Epoch, Moment, OfferId};
use baton_shard::State;

/// A hand-over that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Which offer it was about: under which epoch, and which one.
    pub(crate) offer: Option<(Epoch, OfferId)>,
    /// What it was made of.
    pub(crate) steps: Vec<Step>,
}

/// Part of a hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) from: Moment,
    pub(crate) to: Moment,
}

/// A hand-over under way, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Passage {
    shown: Option<(State, Moment)>,
    steps: Vec<Step>,
    offer: Option<(Epoch, OfferId)>,
    is_accepted: bool,
}

impl Step {
    pub(crate) fn took(&self) -> Duration {
        self.to.since(self.from)
    }
}

impl Passed {
    /// How long the target had no events: from when it set out to take the offer.
    pub(crate) fn gap(&self) -> Option<Duration> {
        let accepting = self.steps.iter().find(|step| step.name == ACCEPTING)?;
        Some(self.steps.last()?.to.since(accepting.from))
    }
}

const ACCEPTING: &str = "accepting";

impl Passage {
    /// The machine shows itself in this state since then.
    pub(crate) fn show(&mut self, state: State, since: Moment) {
        if self.shown.is_some_and(|(shown, _)| shown == state) {
            return;
        }
        self.end_step(since);
        self.shown = Some((state, since));
        if matches!(state, State::Flushing | State::Warming) {
            self.steps.clear();
        }
    }

    /// The shard is offered, or an offer of it is taken.
    pub(crate) const fn offer(&mut self, under: Epoch, offer: OfferId) {
        self.offer = Some((under, offer));
    }

    /// The lease is ours.
    pub(crate) fn ours(&mut self) {
        self.is_accepted = self.shown.is_some_and(|(state, _)| state == State::Accepting);
    }

    /// Ends for who has the shard by now, if it came by a hand-over.
    pub(crate) fn arrive(&mut self, now: Moment) -> Option<Passed> {
        let has_come = self.is_accepted;
        let passed = self.end(now);
        has_come.then_some(passed)
    }

    /// Ends, whatever came of it.
    pub(crate) fn end(&mut self, now: Moment) -> Passed {
        self.end_step(now);
        self.is_accepted = false;
        Passed { offer: self.offer.take(), steps: std::mem::take(&mut self.steps) }
    }

    /// Whether an offer of it was to be taken here.
    pub(crate) const fn is_of_target(&self) -> bool {
        let was_taking = match self.shown {
            Some((state, _)) => matches!(state, State::Accepting),
            None => false,
        };
        self.is_accepted || was_taking
    }

    fn end_step(&mut self, now: Moment) {
        let Some((state, from)) = self.shown.take() else {
            return;
        };
        if let Some(name) = step_of(state, self.is_accepted) {
            self.steps.push(Step { name, from, to: now });
        }
    }
}

/// What a state is called as part of a hand-over; a RESUME is part of one only if the lease came
/// by an offer.
const fn step_of(state: State, is_accepted: bool) -> Option<&'static str> {
    match state {
        State::Flushing => Some("flushing"),
        State::Offering => Some("offering"),
        State::Offered => Some("offered"),
        State::Warming => Some("warming"),
        State::Warm => Some("warm"),
        State::Accepting => Some(ACCEPTING),
        State::Resuming if is_accepted => Some("resuming"),
        State::Resuming
        | State::Idle
        | State::Claiming
        | State::BackingOff
        | State::Connecting
        | State::AwaitingPermit
        | State::Identifying
        | State::Beginning
        | State::Live
        | State::Healing
        | State::Reasserting
        | State::Closing
        | State::Retracting
        | State::Releasing
        | State::Shed
        | State::Fatal
        | State::Fenced
        | State::Moved
        | State::Released => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn names(passed: &Passed) -> Vec<(&'static str, u128)> {
        passed.steps.iter().map(|step| (step.name, step.took().as_millis())).collect()
    }

    #[test]
    fn a_target_takes_from_its_warm_socket_to_the_first_events() {
        let mut passage = Passage::default();
        for (state, since) in [(State::Idle, 0), (State::Warming, 10), (State::Warm, 40)] {
            passage.show(state, at(since));
        }
        passage.show(State::Accepting, at(100));
        passage.offer(Epoch(7), OfferId(1));
        passage.ours();
        passage.show(State::Resuming, at(105));
        let passed = passage.arrive(at(130)).expect("it came by a hand-over");
        let steps = [("warming", 30), ("warm", 60), ("accepting", 5), ("resuming", 25)];
        assert_eq!(names(&passed), steps);
        assert_eq!(passed.gap(), Some(Duration::from_millis(30)));
        assert_eq!(passed.offer, Some((Epoch(7), OfferId(1))));
    }

    #[test]
    fn a_resume_of_ones_own_is_no_hand_over() {
        let mut passage = Passage::default();
        passage.show(State::Claiming, at(1));
        passage.ours();
        passage.show(State::Resuming, at(2));
        assert_eq!(passage.arrive(at(3)), None);
    }

    #[test]
    fn a_source_gives_from_its_last_event_to_the_others_word() {
        let mut passage = Passage::default();
        passage.show(State::Live, at(0));
        passage.show(State::Flushing, at(10));
        passage.show(State::Offering, at(12));
        passage.offer(Epoch(7), OfferId(2));
        passage.show(State::Offered, at(15));
        let passed = passage.end(at(40));
        assert_eq!(names(&passed), [("flushing", 2), ("offering", 3), ("offered", 25)]);
        assert!(!passage.is_of_target());
    }

    #[test]
    fn what_came_to_nothing_before_is_no_part_of_the_next() {
        let mut passage = Passage::default();
        passage.show(State::Warming, at(0));
        passage.show(State::Idle, at(5));
        passage.show(State::Warming, at(10));
        passage.show(State::Accepting, at(11));
        passage.ours();
        let passed = passage.arrive(at(12)).expect("it came by a hand-over");
        assert_eq!(names(&passed), [("warming", 1), ("accepting", 1)]);
    }
}
