//! The one clock of a process, and how to wait by it.

use baton_model::{Moment, UnixMicros};
use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

/// The local monotonic clock that all machines of a process share.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The kernel's, which goes on while the machine sleeps: leases that were slept through must
    /// not look fresh.
    Boot,
    /// The runtime's, as time since then: a test may stop it.
    Runtime(Instant),
}

impl Clock {
    /// Now.
    #[must_use]
    pub fn now(self) -> Moment {
        match self {
            Self::Boot => {
                let now = clock_gettime(ClockId::Boottime);
                let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
                let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
                Moment::from_nanos(seconds * 1_000_000_000 + nanos)
            }
            Self::Runtime(zero) => {
                let nanos = zero.elapsed().as_nanos();
                Moment::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        }
    }

    /// The same moment for the runtime's timers.
    #[must_use]
    pub fn instant(self, at: Moment) -> Instant {
        Instant::now() + at.since(self.now())
    }

    /// Waits until then; for ever if there is no such moment.
    pub async fn sleep_until(self, at: Option<Moment>) {
        match at {
            Some(at) => tokio::time::sleep_until(self.instant(at)).await,
            None => std::future::pending().await,
        }
    }
}

/// The wall clock, for people and latency graphs.
#[must_use]
pub fn unix_micros() -> UnixMicros {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    UnixMicros(since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX)))
}
