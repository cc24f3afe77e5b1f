//! Whether a runtime gets to its tasks in time.
//!
//! A task on the runtime in question ticks; somebody on another one looks how long ago that was.
//! A look comes now and then, and a stall may be over by then, so the last one is remembered for
//! a while.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use baton_model::Moment;
use tokio::time::MissedTickBehavior;

use crate::clock::Clock;

/// How often it ticks.
const PERIOD: Duration = Duration::from_millis(100);

/// How long a stall that is over is remembered: longer than probes usually wait.
const REMEMBERED: Duration = Duration::from_secs(15);

/// A tick this late is a stall worth remembering.
pub const STALL_MIN: Duration = Duration::from_secs(1);

/// A runtime's pulse; clones show the same one.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<Mutex<Ticks>>);

#[derive(Debug, Clone, Copy)]
struct Ticks {
    last: Moment,
    /// The latest stall: when it ended, and by how much it was late.
    stall: Option<(Moment, Duration)>,
}

impl Pulse {
    /// A pulse that is felt from now on.
    #[must_use]
    pub fn new(now: Moment) -> Self {
        Self(Arc::new(Mutex::new(Ticks { last: now, stall: None })))
    }

    /// Ticks on the runtime that runs this, for ever.
    pub async fn tick(self, clock: Clock) {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.beat(clock.now());
        }
    }

    /// By how much the runtime is late at present.
    #[must_use]
    pub fn late(&self, now: Moment) -> Duration {
        self.read().late(now)
    }

    /// By how much it was late at its worst, at present or not long ago.
    #[must_use]
    pub fn late_lately(&self, now: Moment) -> Duration {
        let ticks = self.read();
        let remembered = ticks.stall.filter(|(at, _)| now.since(*at) < REMEMBERED);
        remembered.map_or(Duration::ZERO, |(_, late)| late).max(ticks.late(now))
    }

    fn beat(&self, now: Moment) {
        let mut ticks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let late = ticks.late(now);
        if late >= STALL_MIN {
            ticks.stall = Some((now, late));
        }
        ticks.last = now;
    }

    fn read(&self) -> Ticks {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticks {
    fn late(self, now: Moment) -> Duration {
        now.since(self.last).saturating_sub(PERIOD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn a_runtime_that_ticks_in_time_is_never_late() {
        let pulse = Pulse::new(at(0));
        for tick in 0..50 {
            assert_eq!(pulse.late_lately(at(tick * 100)), Duration::ZERO);
            pulse.beat(at(tick * 100));
        }
    }

    #[test]
    fn a_stall_is_seen_while_it_lasts_and_for_a_while_after() {
        let pulse = Pulse::new(at(0));
        assert_eq!(pulse.late(at(3_100)), Duration::from_secs(3));
        pulse.beat(at(5_100));
        assert_eq!(pulse.late(at(5_200)), Duration::ZERO);
        assert_eq!(pulse.late_lately(at(5_200)), Duration::from_secs(5));
        for tick in 52..=201 {
            pulse.beat(at(tick * 100));
        }
        assert_eq!(pulse.late_lately(at(20_099)), Duration::from_secs(5));
        assert_eq!(pulse.late_lately(at(20_100)), Duration::ZERO);
    }

    #[test]
    fn a_hiccup_is_no_stall() {
        let pulse = Pulse::new(at(0));
        pulse.beat(at(1_099));
        assert_eq!(pulse.late_lately(at(1_100)), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_by_itself() {
        let clock = Clock::Runtime(tokio::time::Instant::now());
        let pulse = Pulse::new(clock.now());
        let task = tokio::spawn(pulse.clone().tick(clock));
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(pulse.late(clock.now()), Duration::ZERO);
        task.abort();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(pulse.late(clock.now()) > Duration::from_secs(9));
    }
}
