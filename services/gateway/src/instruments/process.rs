//! The process, as the kernel sees it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use baton_telemetry::{Page, catalogue::process, whole};
use rustix::{
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

/// Shows what is known of the process, which has run for so long.
pub(crate) fn show(page: &mut Page, running_for: Duration) {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(spent.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(spent.tv_nsec).unwrap_or_default();
    page.one(&process::CPU, Duration::new(seconds, nanos).as_secs_f64());
    // The folder that is read is open as well.
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        let open = u64::try_from(files.count()).unwrap_or(u64::MAX);
        page.one(&process::OPEN_FILES, whole(open.saturating_sub(1)));
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        page.one(&process::OPEN_FILES_MAX, whole(most));
    }
    let started = SystemTime::now().checked_sub(running_for);
    let since_epoch = started.and_then(|started| started.duration_since(UNIX_EPOCH).ok());
    page.one(&process::STARTED, since_epoch.unwrap_or_default().as_secs_f64());
}
