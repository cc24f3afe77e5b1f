//! Since when deliveries have been in hand, for whoever asks from another thread: a handler that
//! blocks its own keeps nobody from seeing that.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicU64, Ordering},
};

use baton_model::Moment;

/// What all lanes of a consumer have in hand.
#[derive(Debug, Default)]
pub(crate) struct Burden {
    lanes: Mutex<Vec<Weak<AtomicU64>>>,
}

/// What one lane has in hand, until it is dropped.
#[derive(Debug)]
pub(crate) struct LaneBurden(Arc<AtomicU64>);

/// Stands for no moment: nothing is in hand.
const NOTHING: u64 = u64::MAX;

impl Burden {
    /// Counts another lane, which has nothing in hand yet.
    pub(crate) fn add(&self) -> LaneBurden {
        let lane = Arc::new(AtomicU64::new(NOTHING));
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|lane| lane.strong_count() > 0);
        lanes.push(Arc::downgrade(&lane));
        LaneBurden(lane)
    }

    /// Since when what has been in hand for longest has been.
    pub(crate) fn oldest(&self) -> Option<Moment> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = lanes.iter().filter_map(|lane| Some(lane.upgrade()?.load(Ordering::Relaxed)));
        oldest.min().filter(|since| *since != NOTHING).map(Moment::from_nanos)
    }
}

impl LaneBurden {
    pub(crate) fn set(&self, oldest: Option<Moment>) {
        self.0.store(oldest.map_or(NOTHING, Moment::as_nanos), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_all_lanes_that_are_there_counts() {
        let burden = Burden::default();
        assert_eq!(burden.oldest(), None);
        let (one, other) = (burden.add(), burden.add());
        one.set(Some(Moment::from_millis(7)));
        other.set(Some(Moment::from_millis(5)));
        assert_eq!(burden.oldest(), Some(Moment::from_millis(5)));
        drop(other);
        assert_eq!(burden.oldest(), Some(Moment::from_millis(7)));
        one.set(None);
        assert_eq!(burden.oldest(), None);
    }
}
