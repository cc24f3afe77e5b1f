//! The open store: its state, and in which order changes go to the disk.
//!
//! Deciding and queueing happen under one lock, so the disk sees changes in the order in which
//! operations saw each other. The lock is held for as long as one operation takes in memory,
//! never while the disk works: an `async` caller is never blocked by it.
//!
//! An answer waits until the disk has everything it *could* have seen, not only its own changes.
//! Or a reader could act on a claim that a power failure then undoes.

mod reading;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use baton_model::{PrimaryId, StoreMillis, limits::DISK_WAITING_BYTES_MAX};
use baton_store::StoreError;
use bytes::Bytes;
use tokio::sync::watch;

use crate::{
    Clock,
    hints::Audience,
    presence::Registry,
    resp::Channels,
    state::{Change, KeptHashes, KeptReports, KeptResults, StoreState, StreamChange, StreamName},
    waiting::{Waiting, touched_by},
};

pub(crate) use reading::ReadOrWait;

/// The open store, shared by all its handles and the thread that writes.
pub(crate) struct Live {
    clock: Arc<dyn Clock>,
    pub(crate) presence: Registry,
    pub(crate) hints: Audience,
    pub(crate) channels: Channels,
    results: Mutex<KeptResults>,
    hashes: Mutex<KeptHashes>,
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
    waiting: Waiting,
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
    pub(crate) results: &'a Mutex<KeptResults>,
    pub(crate) hashes: &'a Mutex<KeptHashes>,
    /// How many clients wait for something to read.
    pub(crate) waiting: usize,
    /// Does a disk hold what changes?
    pub(crate) is_on_disk: bool,
    /// Keys under which something has come that is no change of the state.
    pub(crate) touched: &'a mut BTreeSet<Bytes>,
}

impl Scene<'_> {
    /// What consumers say to each other and to operators, which no disk holds.
    pub(crate) fn hashes(&self) -> MutexGuard<'_, KeptHashes> {
        // Whatever a panic elsewhere has left there, it may be lost.
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What must be durable before an answer may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    incarnation: u64,
    ticket: u64,
}

impl Receipt {
    /// What must be durable for two answers together, the first of which came before. If the disk
    /// has failed in between, the first one's is unknown, and so is theirs.
    pub(crate) fn both(first: Option<Self>, then: Option<Self>) -> Option<Self> {
        match (first, then) {
            (Some(first), Some(then)) => Some(Self { ticket: then.ticket, ..first }),
            (one, other) => one.or(other),
        }
    }
}

impl Live {
    pub(crate) fn new(
        state: StoreState,
        primary: PrimaryId,
        clock: Arc<dyn Clock>,
        disk: Option<Queue>,
    ) -> Self {
        let (condition, waiting) = (Condition::up(state, primary), Waiting::default());
        let inner = Inner { condition, ticket: 0, disk, waiting };
        Self {
            clock,
            presence: Registry::default(),
            hints: Audience::default(),
            channels: Channels::default(),
            results: Mutex::default(),
            hashes: Mutex::default(),
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

    /// Does an operation, and returns its answer with what must be durable before that may leave.
    pub(crate) fn decide<T>(
        &self,
        operation: impl FnOnce(Scene<'_>) -> T,
    ) -> Result<(T, Option<Receipt>), StoreError> {
        self.decide_in(&mut *self.lock()?, operation)
    }

    fn decide_in<T>(
        &self,
        inner: &mut Inner,
        operation: impl FnOnce(Scene<'_>) -> T,
    ) -> Result<(T, Option<Receipt>), StoreError> {
        self.ensure_disk_keeps_up()?;
        let (state, primary) = match &mut inner.condition {
            Condition::Up { state, primary } => (state, &*primary),
            Condition::Down { reason } => return Err(StoreError::unavailable(reason.clone())),
        };
        let now = self.clock.now();
        let mut touched = BTreeSet::new();
        let (results, hashes) = (&self.results, &self.hashes);
        let is_on_disk = inner.disk.is_some();
        let waiting = inner.waiting.len();
        let touched_now = &mut touched;
        let answer = operation(Scene {
            state,
            now,
            primary,
            results,
            hashes,
            waiting,
            is_on_disk,
            touched: touched_now,
        });
        let mut changes = state.take_changes();
        self.tell_of_commands(&changes);
        let mut served = Vec::new();
        if waiting > 0 {
            touched.extend(touched_by(&changes));
            let none = &mut BTreeSet::new();
            let at =
                Scene { state, now, primary, results, hashes, waiting, is_on_disk, touched: none };
            served = inner.waiting.serve(&touched, at);
            changes.extend(state.take_changes());
        }
        let receipt = self.hand_over(inner, changes)?;
        for serving in served {
            serving.send(receipt);
        }
        Ok((answer, receipt))
    }

    /// Gives changes to the thread that writes; returns what must be durable before an answer may
    /// leave that has seen them.
    fn hand_over(
        &self,
        inner: &mut Inner,
        changes: Vec<Change>,
    ) -> Result<Option<Receipt>, StoreError> {
        let Some(queue) = &inner.disk else {
            return Ok(None);
        };
        if !changes.is_empty() {
            inner.ticket += 1;
            self.enqueue(queue, inner.ticket, changes)?;
        }
        let incarnation = self.progress.borrow().incarnation;
        let receipt = Receipt { incarnation, ticket: inner.ticket };
        Ok((queue.answers == Answers::Durable).then_some(receipt))
    }

    /// Whoever waits for commands is told that there are some.
    fn tell_of_commands(&self, changes: &[Change]) {
        let is_command = |change: &Change| {
            matches!(change, Change::Stream(StreamName::Commands(_), StreamChange::Record(..)))
        };
        if changes.iter().any(is_command) {
            self.commands.send_replace(());
        }
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

    /// Waits until an answer may leave.
    pub(crate) async fn until_durable(&self, receipt: &Receipt) -> Result<(), StoreError> {
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
        inner.waiting.clear();
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
        inner.waiting.clear();
        inner.condition = Condition::Down { reason: "the store is closed".to_owned() };
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = *self.progress.borrow();
        f.debug_struct("Live").field("progress", &progress).finish_non_exhaustive()
    }
}
