//! A process that a test has started. Dropping it kills it.

use std::process::{Child, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::processes::{LOOK, PATIENCE};

pub(crate) struct Process(Child);

impl Process {
    pub(crate) const fn new(child: Child) -> Self {
        Self(child)
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If it is gone.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, signal).expect("it lives");
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// If it does not, with what it has said.
    pub(crate) async fn ended(&mut self, said: impl Fn() -> String) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status;
            }
            sleep(LOOK).await;
        }
        panic!("it does not end:\n{}", said());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself. A stopped one dies of this as well.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
