//! The one clock of a process. It goes on while the machine sleeps: a lease that was slept through
//! must not look fresh.

use baton_model::Moment;
use rustix::time::{ClockId, clock_gettime};

pub(crate) fn now() -> Moment {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
    Moment::from_nanos(seconds * 1_000_000_000 + nanos)
}

/// Waits until then; for ever if there is no such moment.
pub(crate) async fn sleep_until(at: Option<Moment>) {
    match at {
        Some(at) => tokio::time::sleep(at.since(now())).await,
        None => std::future::pending().await,
    }
}
