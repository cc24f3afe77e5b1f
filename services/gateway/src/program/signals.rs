//! What whoever started the process may tell it, and operators by its folder.

use std::sync::Arc;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

use super::reloading::Reloading;
use crate::{control::Ear, exit::Exit, tuning::Tuning};

/// The signals that are listened for.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    /// An operator, where the store has a folder.
    ending: Arc<Notify>,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    End,
    Reload,
}

impl Signals {
    /// Listens from here on, so that none is missed that comes while the store is awaited.
    pub(super) fn listen(ending: Arc<Notify>) -> Result<Self, String> {
        let listen = |kind| signal(kind).map_err(|error| format!("no signals: {error}"));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
            ending,
        })
    }

    /// Waits until the process is asked to end. What else it is asked meanwhile it cannot do yet.
    pub(super) async fn ending(&mut self) {
        while self.next().await == Asked::Reload {}
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::End,
            _ = self.interrupt.recv() => Asked::End,
            () = self.ending.notified() => Asked::End,
            _ = self.hang_up.recv() => Asked::Reload,
        }
    }

    /// Drains the instance when the process is asked to end; asked again, it ends at once. Reads
    /// the configuration again when it is asked to.
    pub(super) async fn pass_on(mut self, ear: Ear, tuning: Arc<Tuning>, mut reloading: Reloading) {
        let mut is_draining = false;
        loop {
            if self.next().await == Asked::Reload {
                reloading.reload(&tuning);
                continue;
            }
            if is_draining {
                tracing::warn!("asked to end once more: leaving what is left to the others");
                std::process::exit(i32::from(Exit::Failure.code()));
            }
            is_draining = true;
            let limit = reloading.config().drain_limit;
            tracing::info!(limit_s = limit.as_secs(), "draining");
            ear.fleet(baton_fleet::Input::Drain { limit });
        }
    }
}
