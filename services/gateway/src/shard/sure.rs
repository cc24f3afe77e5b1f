//! Whether the instance is sure of its leases, as a shard's task sees it.
//!
//! The supervisor says so; but should it be stuck, it says nothing any more. So a task also looks
//! at the moment until which the last beat is good for, and believes neither word alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baton_model::Moment;
use baton_shard::Input;

/// How often a task that has lost confidence by itself looks whether it may have it again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Until when the leases of this instance are confirmed: written by the supervisor, read by all.
#[derive(Debug, Clone, Default)]
pub struct ConfirmedUntil(Arc<AtomicU64>);

impl ConfirmedUntil {
    /// Publishes it; none for not at all.
    pub fn publish(&self, until: Option<Moment>) {
        self.0.store(until.map_or(0, Moment::as_nanos), Ordering::Release);
    }

    fn read(&self) -> Moment {
        Moment::from_nanos(self.0.load(Ordering::Acquire))
    }
}

/// What a task's machine was told last.
#[derive(Debug)]
pub(super) struct Sureness {
    until: ConfirmedUntil,
    /// What the supervisor says.
    is_told: bool,
    /// What the machine believes.
    is_believed: bool,
}

impl Sureness {
    pub(super) const fn new(until: ConfirmedUntil) -> Self {
        Self { until, is_told: false, is_believed: false }
    }

    /// Notes what the supervisor says. Says whether the input is about that, and then is not to be
    /// passed on.
    pub(super) const fn takes(&mut self, input: &Input) -> bool {
        let is_confirmed = matches!(input, Input::LeaseConfirmed);
        let is_about_this = is_confirmed || matches!(input, Input::LeaseUnconfirmed);
        if is_about_this {
            self.is_told = is_confirmed;
        }
        is_about_this
    }

    /// What the machine has to be told now, if anything.
    pub(super) fn news(&mut self, now: Moment) -> Option<Input> {
        let is_sure = self.is_told && now < self.until.read();
        if is_sure == self.is_believed {
            return None;
        }
        self.is_believed = is_sure;
        Some(if is_sure { Input::LeaseConfirmed } else { Input::LeaseUnconfirmed })
    }

    /// Whether the machine believes that the leases are confirmed.
    pub(super) const fn is_sure(&self) -> bool {
        self.is_believed
    }

    /// When to ask for news again.
    pub(super) fn look_at(&self, now: Moment) -> Option<Moment> {
        match (self.is_told, self.is_believed) {
            (true, true) => Some(self.until.read()),
            (true, false) => Some(now + LOOK_AGAIN),
            (false, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn a_supervisor_that_is_stuck_is_not_believed_for_longer_than_its_last_beat() {
        let until = ConfirmedUntil::default();
        let mut sure = Sureness::new(until.clone());
        until.publish(Some(at(4_000)));
        assert!(sure.takes(&Input::LeaseConfirmed));
        assert_eq!(sure.news(at(10)), Some(Input::LeaseConfirmed));
        assert_eq!(sure.look_at(at(10)), Some(at(4_000)));
        assert_eq!(sure.news(at(3_999)), None);
        assert_eq!(sure.news(at(4_000)), Some(Input::LeaseUnconfirmed));
        assert_eq!(sure.look_at(at(4_000)), Some(at(4_250)));
        until.publish(Some(at(8_000)));
        assert_eq!(sure.news(at(4_250)), Some(Input::LeaseConfirmed));
    }

    #[test]
    fn a_word_of_the_supervisor_counts_at_once() {
        let until = ConfirmedUntil::default();
        until.publish(Some(at(4_000)));
        let mut sure = Sureness::new(until);
        assert_eq!(sure.news(at(10)), None, "not before it is told");
        sure.takes(&Input::LeaseConfirmed);
        sure.news(at(10));
        assert!(sure.takes(&Input::LeaseUnconfirmed));
        assert_eq!(sure.news(at(20)), Some(Input::LeaseUnconfirmed));
        assert_eq!(sure.look_at(at(20)), None);
        assert!(!sure.takes(&Input::Release));
    }
}
