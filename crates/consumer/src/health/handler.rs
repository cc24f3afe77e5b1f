//! How one handler fares.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::machine::Ending;

/// Upper bounds of the runs that are counted together by how long they took.
pub const BUCKETS: [Duration; 8] = [
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2_500),
    Duration::from_secs(10),
    Duration::MAX,
];

/// How one handler fares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HandlerHealth {
    /// Deliveries that it has handled.
    pub handled: u64,
    /// Attempts that failed: by an error, by a panic, by taking too long.
    pub failed: u64,
    /// Attempts that failed since the last that was good.
    pub failed_in_a_row: u64,
    /// Those that are being handled at this moment.
    pub running: u64,
    /// The time that all runs have taken together.
    pub busy: Duration,
    /// How many runs took at most as long as each of [`BUCKETS`], and longer than the one before.
    pub took: [u64; BUCKETS.len()],
    /// The error of its last run, if that failed.
    pub last_error: Option<String>,
}

impl HandlerHealth {
    /// Whether its last run was good. One that has not run yet has done nothing wrong: handlers of
    /// rare events may wait for theirs for days.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.last_error.is_none()
    }
}

#[derive(Debug)]
pub(super) struct Handler {
    name: Arc<str>,
    running: AtomicU64,
    ended: Mutex<HandlerHealth>,
}

impl Handler {
    pub(super) fn new(name: Arc<str>) -> Self {
        Self { name, running: AtomicU64::new(0), ended: Mutex::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn look(&self) -> HandlerHealth {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        HandlerHealth { running: self.running.load(Ordering::Relaxed), ..ended }
    }

    pub(super) fn note(&self, ending: &Ending, took: Duration) {
        let mut all = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        all.busy = all.busy.saturating_add(took);
        all.took[BUCKETS.partition_point(|most| *most < took)] += 1;
        match ending {
            Ending::Handled => {
                all.handled += 1;
                all.failed_in_a_row = 0;
                all.last_error = None;
            }
            Ending::Failed(error) => {
                all.failed += 1;
                all.failed_in_a_row += 1;
                all.last_error = Some(error.clone());
            }
        }
    }
}

/// One run of a handler. It may be cut short, and has no outcome then.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    handler: &'a Handler,
    begun: Instant,
}

impl<'a> Run<'a> {
    pub(super) fn begin(handler: &'a Handler) -> Self {
        handler.running.fetch_add(1, Ordering::Relaxed);
        Self { handler, begun: Instant::now() }
    }

    pub(crate) fn end(self, ending: &Ending) {
        self.handler.note(ending, self.begun.elapsed());
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.handler.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_decides_and_none_yet_is_well() {
        let handler = Handler::new("one".into());
        assert!(handler.look().is_well());
        let run = |ending| {
            handler.note(&ending, Duration::from_millis(5));
            handler.look()
        };
        assert!(!run(Ending::Failed("no".to_owned())).is_well());
        let last = run(Ending::Handled);
        assert!(last.is_well());
        assert_eq!((last.handled, last.failed), (1, 1));
        assert_eq!((last.busy, last.took[1]), (Duration::from_millis(10), 2));
    }

    #[test]
    fn a_run_that_is_cut_short_is_over_and_has_no_outcome() {
        let handler = Handler::new("one".into());
        let (cut_short, other) = (Run::begin(&handler), Run::begin(&handler));
        assert_eq!(handler.look().running, 2);
        drop(cut_short);
        other.end(&Ending::Handled);
        let last = handler.look();
        assert_eq!((last.handled, last.failed, last.running), (1, 0, 0));
    }

    #[test]
    fn every_run_is_counted_by_how_long_it_took() {
        let handler = Handler::new("one".into());
        for took in [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(3_600)] {
            handler.note(&Ending::Handled, took);
        }
        assert_eq!(handler.look().took, [2, 0, 0, 0, 0, 0, 0, 1]);
    }
}
