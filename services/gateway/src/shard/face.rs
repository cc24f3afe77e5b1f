//! What others may see of a shard's task, without asking it.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
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
    /// Since when an append has waited for the store, in nanoseconds; 0 where none does.
    appending_since: AtomicU64,
    /// From the last heartbeat to its answer, in nanoseconds; 0 before the first.
    heartbeat: AtomicU64,
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
    /// Since when it should be getting events, and does not.
    pub deaf_since: Option<Moment>,
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

    /// For how long an append has waited for the store: so far the stream is behind the socket.
    #[must_use]
    pub fn lag(&self, now: Moment) -> Duration {
        match self.appending_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => now.since(Moment::from_nanos(since)),
        }
    }

    /// How long Discord took to answer the last heartbeat; none before the first.
    #[must_use]
    pub fn heartbeat(&self) -> Option<Duration> {
        let nanos = self.heartbeat.load(Ordering::Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
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

    pub(super) fn show_heartbeat(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.heartbeat.store(nanos.max(1), Ordering::Relaxed);
    }

    /// An append goes out. One that is tried again waits from its first try on.
    pub(super) fn appending(&self, now: Moment) {
        // Only the task writes here, so nothing comes in between.
        if self.appending_since.load(Ordering::Relaxed) == 0 {
            self.appending_since.store(now.as_nanos().max(1), Ordering::Relaxed);
        }
    }

    /// The store has what was to be appended, or it is not ours to append any more.
    pub(super) fn appended(&self) {
        self.appending_since.store(0, Ordering::Relaxed);
    }

    /// Shows a state that differs from the last.
    pub(super) fn show(&self, status: Status, epoch: Option<Epoch>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (live_before, deaf_before) =
            seen.map_or((None, None), |seen| (seen.live_since, seen.deaf_since));
        let (live_since, deaf_since) = match hearing(status.state) {
            Hearing::Live => (live_before.or(Some(status.since)), None),
            Hearing::Deaf => (None, deaf_before.or(Some(status.since))),
            Hearing::Neither => (None, None),
        };
        *seen = Some(Glance { status, epoch, live_since, deaf_since });
    }
}

/// Whether events come.
enum Hearing {
    Live,
    /// They do not, but should.
    Deaf,
    /// Nobody expects them here, or they are about to come from or go to another instance.
    Neither,
}

const fn hearing(state: State) -> Hearing {
    match state {
        State::Live | State::Healing | State::Reasserting => Hearing::Live,
        State::BackingOff
        | State::Connecting
        | State::Resuming
        | State::AwaitingPermit
        | State::Identifying
        | State::Closing
        | State::Shed => Hearing::Deaf,
        State::Idle
        | State::Claiming
        | State::Warming
        | State::Warm
        | State::Accepting
        | State::Beginning
        | State::Flushing
        | State::Offering
        | State::Offered
        | State::Retracting
        | State::Releasing
        // It says so of its whole app.
        | State::Fatal
        | State::Fenced
        | State::Moved
        | State::Released => Hearing::Neither,
    }
}

#[cfg(test)]
mod tests {
    use baton_shard::Actor;

    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn show(face: &Face, state: State, since: u64) -> Glance {
        let status = Status { state, since: at(since), waits_for: Actor::Clock, deadline: None };
        face.show(status, None);
        face.glance().unwrap()
    }

    #[test]
    fn a_shard_is_deaf_from_its_last_event_on_through_all_its_attempts() {
        let face = Face::default();
        assert_eq!(show(&face, State::Live, 1).live_since, Some(at(1)));
        assert_eq!(show(&face, State::Healing, 2).live_since, Some(at(1)));
        for (state, since) in [(State::BackingOff, 5), (State::Connecting, 6), (State::Resuming, 7)]
        {
            let glance = show(&face, state, since);
            assert_eq!((glance.live_since, glance.deaf_since), (None, Some(at(5))));
        }
        let glance = show(&face, State::Live, 9);
        assert_eq!((glance.live_since, glance.deaf_since), (Some(at(9)), None));
    }

    #[test]
    fn the_stream_lags_from_the_first_try_of_an_append_to_its_success() {
        let face = Face::default();
        assert_eq!(face.lag(at(5)), Duration::ZERO);
        face.appending(at(10));
        face.appending(at(20));
        assert_eq!(face.lag(at(30)), Duration::from_millis(20));
        face.appended();
        assert_eq!(face.lag(at(40)), Duration::ZERO);
    }
}
