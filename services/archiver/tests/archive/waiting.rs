//! Waiting, without a limit that a busy machine could miss.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take. Only what never happens is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
