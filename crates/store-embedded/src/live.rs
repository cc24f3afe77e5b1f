//! The open store: its state, and in which order changes go to the disk.
//!
//! Deciding and queueing happen under one lock, so the disk sees changes in the order in which
//! operations saw each other. The lock is held for as long as one operation takes in memory,
//! never while the disk works: an `async` caller is never blocked by it.
//!
//! An answer waits until the disk has everything it *could* have seen, not only its own changes.
//! Or a reader could act on a claim that a power failure then undoes.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use baton_model::{PrimaryId, StoreMillis, limits::DISK_WAITING_BYTES_MAX};
use baton_store::StoreError;
use tokio::sync::watch;

use crate::{
    Clock,
    hints::Audience,
    presence::Registry,
    state::{Change, KeptReports, KeptResults, StoreState},
};

/// The open store, shared by all its handles and the thread that writes.
pub(crate) struct Live {
    clock: Arc<dyn Clock>,
    pub(crate) presence: Registry,
    pub(crate) hints: Audience,
    results: Mutex<KeptResults>,
    reports: Mutex<KeptReports>,
    inner: Mutex<Inner>,
    waiting_bytes: AtomicUsize,
    progress: watch::Sender<Progress>,
    /// Changes with every command.
    commands: watch::Sender<()>,
}

struct Inner {
    condition: Condition,
    ticket: u64,
    disk: Option<Queue>,
}

enum Condition {
    Up { state: Box<StoreState>, primary: PrimaryId },
    Down { reason: String },
}

impl Condition {
    fn up(state: StoreState, primary: PrimaryId) -> Self {
        let state = Box::new(state);
        Self::Up { state, primary }
    }
}

/// The way to the thread that writes.
pub(crate) struct Queue {
    pub(crate) sender: mpsc::Sender<Batch>,
    /// Does an answer wait until the disk has what it shows?
    pub(crate) answers: Answers,
}

/// When an answer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// When the disk has what it shows.
    Durable,
    /// At once.
    AtOnce,
}

/// One operation's changes on their way to the disk.
pub(crate) struct Batch {
    pub(crate) ticket: u64,
    pub(crate) changes: Vec<Change>,
    pub(crate) bytes: usize,
}

/// How far the disk has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Progress {
    /// Grows when the disk has failed and what it had not yet is lost.
    incarnation: u64,
    /// Every operation up to this one is on the disk.
    durable: u64,
    /// The disk has not answered for too long.
    is_stalled: bool,
}

/// What an operation may look at.
pub(crate) struct Scene<'a> {
    pub(crate) state: &'a mut StoreState,
    pub(crate) now: StoreMillis,
    pub(crate) primary: &'a PrimaryId,
}

/// What must be durable before an answer may leave.
struct Receipt {
    incarnation: u64,
    ticket: u64,
}

impl Live {
    pub(crate) fn new(
        state: StoreState,
        primary: PrimaryId,
        clock: Arc<dyn Clock>,
        disk: Option<Queue>,
    ) -> Self {
        let inner = Inner { condition: Condition::up(state, primary), ticket: 0, disk };
        Self {
            clock,
            presence: Registry::default(),
            hints: Audience::default(),
            results: Mutex::default(),
            reports: Mutex::default(),
            inner: Mutex::new(inner),
            waiting_bytes: AtomicUsize::new(0),
            progress: watch::Sender::default(),
            commands: watch::Sender::default(),
        }
    }

    /// Does an operation, and returns its answer when it may leave.
    pub(crate) async fn run<T>(
        &self,
        operation: impl FnOnce(Scene<'_>) -> T,
    ) -> Result<T, StoreError> {
        let (answer, receipt) = self.decide(operation)?;
        if let Some(receipt) = receipt {
            self.until_durable(&receipt).await?;
        }
        Ok(answer)
    }

    /// Looks at what the state holds at this moment, whether or not the disk has it. Nothing may be
    /// decided by it.
    pub(crate) fn look<T>(&self, look: impl FnOnce(Scene<'_>) -> T) -> Result<T, StoreError> {
        self.decide(look).map(|(seen, _)| seen)
    }

    /// A command has come.
    pub(crate) fn tell_of_command(&self) {
        self.commands.send_replace(());
    }

    /// Changes with every command from here on.
    pub(crate) fn commands_told(&self) -> watch::Receiver<()> {
        self.commands.subscribe()
    }

    /// The results of commands, which no disk holds.
    pub(crate) fn results(&self) -> MutexGuard<'_, KeptResults> {
        // Whatever a panic elsewhere has left there, results may be lost.
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reports of instances, which no disk holds either.
    pub(crate) fn reports(&self) -> MutexGuard<'_, KeptReports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Would an operation be refused at this moment?
    pub(crate) fn ensure_up(&self) -> Result<(), StoreError> {
        self.decide(|_| ()).map(drop)
    }

    fn decide<T>(
        &self,
        operation: impl FnOnce(Scene<'_>) -> T,
    ) -> Result<(T, Option<Receipt>), StoreError> {
        let mut guard = self.lock()?;
        let inner = &mut *guard;
        self.ensure_disk_keeps_up()?;
        let (state, primary) = match &mut inner.condition {
            Condition::Up { state, primary } => (state, &*primary),
            Condition::Down { reason } => return Err(StoreError::unavailable(reason.clone())),
        };
        let now = self.clock.now();
        let answer = operation(Scene { state: &mut *state, now, primary });
        let changes = state.take_changes();
        let Some(queue) = &inner.disk else {
            return Ok((answer, None));
        };
        if !changes.is_empty() {
            inner.ticket += 1;
            self.enqueue(queue, inner.ticket, changes)?;
        }
        let receipt =
            Receipt { incarnation: self.progress.borrow().incarnation, ticket: inner.ticket };
        Ok((answer, (queue.answers == Answers::Durable).then_some(receipt)))
    }

    fn ensure_disk_keeps_up(&self) -> Result<(), StoreError> {
        if self.progress.borrow().is_stalled {
            return Err(StoreError::unavailable("the disk does not answer"));
        }
        let waiting = self.waiting_bytes();
        if waiting > DISK_WAITING_BYTES_MAX {
            let reason = format!("{waiting} bytes of changes wait for the disk");
            return Err(StoreError::unavailable(reason));
        }
        Ok(())
    }

    /// Bytes of changes that wait for the disk.
    pub(crate) fn waiting_bytes(&self) -> usize {
        self.waiting_bytes.load(Ordering::Relaxed)
    }

    fn enqueue(&self, queue: &Queue, ticket: u64, changes: Vec<Change>) -> Result<(), StoreError> {
        let bytes = changes.iter().map(Change::bytes).sum();
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let batch = Batch { ticket, changes, bytes };
        let sent = queue.sender.send(batch);
        sent.map_err(|_| StoreError::unknown("the thread that writes has ended"))
    }

    async fn until_durable(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let mut progress = self.progress.subscribe();
        let is_settled = |progress: &Progress| {
            progress.is_stalled
                || progress.incarnation != receipt.incarnation
                || progress.durable >= receipt.ticket
        };
        let Ok(settled) = progress.wait_for(is_settled).await else {
            unreachable!("the sender lives in self")
        };
        let settled = *settled;
        if settled.incarnation != receipt.incarnation {
            return Err(StoreError::unknown("the disk has failed"));
        }
        if settled.durable < receipt.ticket {
            return Err(StoreError::unknown("the disk does not answer"));
        }
        Ok(())
    }

    fn lock(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        // An operation that panicked may have left half of its changes in the state, and none of
        // them on the disk. Only what the disk holds is worth going on with.
        self.inner
            .lock()
            .map_err(|_| StoreError::unavailable("an operation has panicked; restart this process"))
    }
}

/// What the thread that writes has to tell.
impl Live {
    /// Everything up to this ticket is on the disk.
    pub(crate) fn confirm(&self, ticket: u64, bytes: usize) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.progress.send_modify(|progress| progress.durable = ticket);
    }

    /// Nothing more gets to the disk. Who waits is told that the outcome is unknown.
    pub(crate) fn fail(&self, reason: String) {
        let Ok(mut inner) = self.lock() else { return };
        inner.condition = Condition::Down { reason };
        self.waiting_bytes.store(0, Ordering::Relaxed);
        let settled = inner.ticket;
        self.progress.send_modify(|progress| {
            progress.incarnation += 1;
            progress.durable = settled; // Or who comes next would wait for what is lost.
        });
    }

    /// The disk is back and holds this: as after a failover, the tail may be lost, and the
    /// primary is another one.
    pub(crate) fn revive(&self, state: StoreState, primary: PrimaryId) {
        let Ok(mut inner) = self.lock() else { return };
        inner.condition = Condition::up(state, primary);
    }

    /// The disk has not answered for too long, or does again.
    pub(crate) fn set_stalled(&self, is_stalled: bool) {
        self.progress.send_modify(|progress| progress.is_stalled = is_stalled);
    }

    /// Ends the queue: the thread that writes goes through what is in it, and ends.
    pub(crate) fn close(&self) {
        let Ok(mut inner) = self.lock() else { return };
        inner.disk = None;
        inner.condition = Condition::Down { reason: "the store is closed".to_owned() };
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = *self.progress.borrow();
        f.debug_struct("Live").field("progress", &progress).finish_non_exhaustive()
    }
}
