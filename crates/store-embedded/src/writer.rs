//! The thread that writes: whatever waits for the disk goes into one transaction.
//!
//! It is a thread and not a task, because a sync takes milliseconds: neither the runtime's
//! workers nor its clock, which a test may have stopped, have a part in it.
//!
//! When the disk fails, nothing is repeated: what was on its way is *unknown*, the file is opened
//! again from what it holds, and until that works the store is unavailable.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use baton_model::{
    PrimaryId,
    limits::{BACKOFF_MAX, DISK_TRANSACTION_BYTES_MAX, STORE_ANSWER_TIMEOUT},
};

use crate::{
    Durability,
    disk::{Disk, DiskError, Loaded},
    live::{Batch, Live},
    stall::Stopwatch,
    state::Retention,
};

/// Where the file is and how it is opened.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) durability: Durability,
    pub(crate) retention: Retention,
    pub(crate) patience: Patience,
}

/// How long is waited for a disk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// A transaction that takes longer is a stall.
    pub(crate) stall: Duration,
    /// So long a disk that has failed is left alone before it is first tried again.
    pub(crate) reopen: Duration,
}

impl Patience {
    pub(crate) const DEFAULT: Self =
        Self { stall: STORE_ANSWER_TIMEOUT, reopen: Duration::from_secs(1) };
}

/// The thread's own things.
pub(crate) struct Writer {
    pub(crate) live: Arc<Live>,
    pub(crate) queue: Receiver<Batch>,
    pub(crate) place: Place,
    pub(crate) stopwatch: Stopwatch,
}

/// The queue has ended, for the store is closed.
struct Closed;

impl Writer {
    /// Writes until the store is closed, and everything that was acknowledged is on the disk.
    pub(crate) fn run(self, mut disk: Disk) {
        while let Ok(batches) = self.gather() {
            let Err(error) = self.commit(&disk, &batches) else {
                continue;
            };
            self.live.fail(format!("the disk has failed: {error}"));
            drop(disk);
            match self.reopen() {
                Ok(reopened) => disk = reopened,
                Err(Closed) => return,
            }
        }
    }

    /// What goes into the next transaction.
    fn gather(&self) -> Result<Vec<Batch>, Closed> {
        let first = self.queue.recv().map_err(|_| Closed)?;
        let deadline = match self.place.durability {
            Durability::Every(pause) => Some(Instant::now() + pause),
            Durability::Always | Durability::Never => None,
        };
        let mut bytes = first.bytes;
        let mut batches = vec![first];
        while bytes < DISK_TRANSACTION_BYTES_MAX
            && let Some(next) = self.next_before(deadline)
        {
            bytes += next.bytes;
            batches.push(next);
        }
        Ok(batches)
    }

    fn next_before(&self, deadline: Option<Instant>) -> Option<Batch> {
        match deadline {
            None => self.queue.try_recv().ok(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                self.queue.recv_timeout(left).ok()
            }
        }
    }

    fn commit(&self, disk: &Disk, batches: &[Batch]) -> Result<(), DiskError> {
        let changes = batches.iter().flat_map(|batch| &batch.changes);
        self.stopwatch.time(|| disk.commit(changes))?;
        let bytes = batches.iter().map(|batch| batch.bytes).sum();
        if let Some(last) = batches.last() {
            self.live.confirm(last.ticket, bytes);
        }
        Ok(())
    }

    /// Tries until it works or the store is closed, each time after twice the pause.
    fn reopen(&self) -> Result<Disk, Closed> {
        let mut pause = self.place.patience.reopen;
        loop {
            self.let_be(pause)?;
            let Place { folder, durability, retention, patience: _ } = &self.place;
            match Disk::open(folder, *durability, *retention) {
                Ok((disk, Loaded { state, opening })) => {
                    self.live.revive(state, primary(opening));
                    return Ok(disk);
                }
                Err(error) => self.live.fail(error.to_string()),
            }
            pause = BACKOFF_MAX.min(pause * 2);
        }
    }

    /// Waits, and lets go of what was queued before the failure.
    fn let_be(&self, pause: Duration) -> Result<(), Closed> {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.queue.recv_timeout(left) {
                Ok(lost) => drop(lost),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Err(Closed),
            }
        }
    }
}

/// The identity of a process over an opening of the file: another one each time.
pub(crate) fn primary(opening: u64) -> PrimaryId {
    PrimaryId(Arc::from(format!("embedded-{opening}")))
}
