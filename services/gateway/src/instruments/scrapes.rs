//! Whether somebody reads the metrics: what costs the store something is looked at only then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baton_model::Moment;
use tokio::sync::Notify;

/// For so long after a scrape the next one is reckoned with.
const EXPECTED_WITHIN: Duration = Duration::from_secs(90);

/// When the metrics were last read; clones know the same.
#[derive(Debug, Clone, Default)]
pub struct Scrapes(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// In nanoseconds; 0 if never.
    last: AtomicU64,
    happened: Notify,
}

impl Scrapes {
    /// They are read.
    pub(crate) fn note(&self, now: Moment) {
        self.0.last.store(now.as_nanos().max(1), Ordering::Relaxed);
        self.0.happened.notify_waiters();
    }

    /// Whether they are read now and then.
    pub(crate) fn are_expected(&self, now: Moment) -> bool {
        let last = self.0.last.load(Ordering::Relaxed);
        last != 0 && now.since(Moment::from_nanos(last)) < EXPECTED_WITHIN
    }

    /// Waits until they are read.
    pub(crate) async fn next(&self) {
        self.0.happened.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_lets_one_reckon_with_more_for_a_while() {
        let scrapes = Scrapes::default();
        assert!(!scrapes.are_expected(Moment::ZERO));
        scrapes.note(Moment::ZERO);
        assert!(scrapes.are_expected(Moment::from_millis(89_000)));
        assert!(!scrapes.are_expected(Moment::from_millis(90_001)));
    }
}
