//! The store's clock, as far as it is known here: when a command expires is said by that one.
//!
//! It is learnt from every poll, and told as a moment of the local clock. No store is asked what
//! time it is for every command, and no wall clock of this machine is compared with anything.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use baton_model::{Moment, StoreMillis, UnixMicros};

/// What the store's clock said last, and when it was asked.
#[derive(Debug, Clone, Default)]
pub struct StoreClock(Arc<Mutex<Option<Reading>>>);

/// What a clock said, and when it was asked.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    asked_at: Moment,
    said: StoreMillis,
}

impl StoreClock {
    /// Learns what the store said, when it was asked at this moment.
    pub fn learn(&self, asked_at: Moment, said: StoreMillis) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Reading { asked_at, said });
    }

    /// The latest reading; none as long as nothing is known.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    /// The moment at which it is that time at the store, or a little before: the store looked at
    /// its clock after it was asked.
    #[must_use]
    pub fn moment_of(self, at: StoreMillis) -> Moment {
        let Self { asked_at, said } = self;
        if at < said { asked_at - at.until(said) } else { asked_at + said.until(at) }
    }

    /// By how many seconds a clock of this machine that shows this time at this moment is ahead of
    /// the store's. For people: nothing is decided by it.
    #[must_use]
    pub fn behind(self, now: Moment, wall: UnixMicros) -> f64 {
        let then = Duration::from_micros(wall.0).saturating_sub(now.since(self.asked_at));
        then.as_secs_f64() - Duration::from_millis(self.said.0).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_time_is_told_as_a_moment_and_rather_too_early() {
        let clock = StoreClock::default();
        assert!(clock.reading().is_none());
        clock.learn(Moment::from_millis(5_000), StoreMillis(1_000_000));
        let moment_of = |millis| clock.reading().unwrap().moment_of(StoreMillis(millis));
        assert_eq!(moment_of(1_002_000), Moment::from_millis(7_000));
        assert_eq!(moment_of(999_000), Moment::from_millis(4_000));
        assert_eq!(moment_of(0), Moment::ZERO, "before this process chose zero");
        clock.learn(Moment::from_millis(6_000), StoreMillis(1_003_000));
        assert_eq!(moment_of(1_002_000), Moment::from_millis(5_000), "the latest word counts");
    }

    #[test]
    fn a_clock_is_ahead_of_the_stores_by_what_it_showed_when_the_store_was_asked() {
        let clock = StoreClock::default();
        clock.learn(Moment::from_millis(5_000), StoreMillis(1_000_000));
        let ahead = |now, wall| {
            let reading = clock.reading().unwrap();
            reading.behind(Moment::from_millis(now), UnixMicros(wall))
        };
        assert!((ahead(5_000, 1_000_250_000) - 0.25).abs() < 1e-6);
        assert!((ahead(8_000, 1_003_250_000) - 0.25).abs() < 1e-6, "whenever it is looked at");
        assert!((ahead(8_000, 1_001_000_000) + 2.0).abs() < 1e-6, "or behind");
    }
}
