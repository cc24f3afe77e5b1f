//! What others may see of a shard's task, without asking it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use baton_model::{Epoch, Moment};
use baton_shard::{State, Status};

/// A shard's task from outside. The task writes it after each turn; nobody waits for anybody.
#[derive(Debug, Default)]
pub struct Face {
    /// When the task last made a turn.
    turned_at: AtomicU64,
    ring_bytes: AtomicUsize,
    /// Dispatches received, for rates.
    dispatches: AtomicU64,
    seen: Mutex<Option<Glance>>,
}

/// One look at a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// What it is about.
    pub status: Status,
    /// The lease that it holds.
    pub epoch: Option<Epoch>,
    /// Since when its session has been live.
    pub live_since: Option<Moment>,
}

impl Face {
    /// When the task last made a turn.
    #[must_use]
    pub fn turned_at(&self) -> Moment {
        Moment::from_nanos(self.turned_at.load(Ordering::Relaxed))
    }

    /// What its ring holds.
    #[must_use]
    pub fn ring_bytes(&self) -> usize {
        self.ring_bytes.load(Ordering::Relaxed)
    }

    /// How many dispatches it has received.
    #[must_use]
    pub fn dispatches(&self) -> u64 {
        self.dispatches.load(Ordering::Relaxed)
    }

    /// The latest look; none before the first turn.
    #[must_use]
    pub fn glance(&self) -> Option<Glance> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn turn(&self, now: Moment, ring_bytes: usize) {
        self.turned_at.store(now.as_nanos(), Ordering::Relaxed);
        self.ring_bytes.store(ring_bytes, Ordering::Relaxed);
    }

    pub(super) fn count_dispatch(&self) {
        self.dispatches.fetch_add(1, Ordering::Relaxed);
    }

    /// Shows a state that differs from the last.
    pub(super) fn show(&self, status: Status, epoch: Option<Epoch>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let live_before = seen.and_then(|seen| seen.live_since);
        let is_live = matches!(status.state, State::Live | State::Healing | State::Reasserting);
        let live_since = is_live.then(|| live_before.unwrap_or(status.since));
        *seen = Some(Glance { status, epoch, live_since });
    }
}
