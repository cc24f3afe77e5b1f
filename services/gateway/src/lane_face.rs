//! What others may see of a lane: what became of its commands, and how long its stream is.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use baton_model::{AppName, Lane, Moment};
use baton_store::{CommandOutcome, LaneView, Trimmed};

/// Which lane, of which app.
pub(crate) type LaneKey = (AppName, Lane);

/// All lanes that this instance has shards of, as others may see them.
#[derive(Debug, Clone, Default)]
pub struct LaneBoard(Arc<RwLock<BTreeMap<LaneKey, Arc<LaneFace>>>>);

/// One of them. The counts are of this instance, since it began.
#[derive(Debug, Default)]
pub struct LaneFace {
    sent: AtomicU64,
    expired: AtomicU64,
    invalid: AtomicU64,
    dropped: AtomicU64,
    rate_limited: AtomicU64,
    trimmed: AtomicU64,
    unread: AtomicU64,
    last_trim: Mutex<Option<Trimmed>>,
    last_look: Mutex<Option<Arc<LaneSeen>>>,
    copies_missing: AtomicU64,
    /// When the store has last refused a copy.
    refused_at: Mutex<Option<Instant>>,
    routed: AtomicU64,
    unroutable: AtomicU64,
    copies_unread: AtomicU64,
    groups_removed: AtomicU64,
}

/// One look at a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneGlance {
    /// Commands that were written to a socket.
    pub sent: u64,
    /// Commands that were too late.
    pub expired: u64,
    /// Commands that Discord would have closed a connection over.
    pub invalid: u64,
    /// Commands that were given up.
    pub dropped: u64,
    /// Commands that Discord refused, or would have.
    pub rate_limited: u64,
    /// Entries that were trimmed.
    pub trimmed: u64,
    /// Entries that were trimmed although a living group had not read them.
    pub unread: u64,
    /// What the last trim has left; none where another instance trims.
    pub last_trim: Option<Trimmed>,
}

/// What a look at a lane has shown.
#[derive(Debug)]
pub(crate) struct LaneSeen {
    pub(crate) at: Moment,
    pub(crate) view: LaneView,
    /// How old its oldest entry was.
    pub(crate) oldest: Option<Duration>,
    /// For each group how old the oldest entry was that it had not acknowledged.
    pub(crate) oldest_unread: Vec<Duration>,
}

/// What was done for `@discordjs/brokers`, by this instance, since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BrokersCounts {
    /// Events without the copy that they should have had.
    pub copies_missing: u64,
    /// How long ago the store has refused a copy last; none if it never did.
    pub refused_ago: Option<Duration>,
    /// Entries that were trimmed although a living group had not read them.
    pub copies_unread: u64,
    /// Commands that were routed to their lanes.
    pub routed: u64,
    /// What stood among them and was no command.
    pub unroutable: u64,
    /// Consumer groups that were removed, since nobody read with them.
    pub groups_removed: u64,
}

impl LaneBoard {
    /// What was done for `@discordjs/brokers`, in all lanes together.
    #[must_use]
    pub fn brokers(&self) -> BrokersCounts {
        let faces = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let sum = |count: fn(&LaneFace) -> &AtomicU64| {
            faces.values().map(|face| count(face).load(Ordering::Relaxed)).sum()
        };
        BrokersCounts {
            copies_missing: sum(|face| &face.copies_missing),
            refused_ago: faces.values().filter_map(|face| face.refused_ago()).min(),
            copies_unread: sum(|face| &face.copies_unread),
            routed: sum(|face| &face.routed),
            unroutable: sum(|face| &face.unroutable),
            groups_removed: sum(|face| &face.groups_removed),
        }
    }

    /// Every lane with what there is to see of it.
    #[must_use]
    pub fn glances(&self) -> Vec<((AppName, Lane), LaneGlance)> {
        let faces = self.0.read().unwrap_or_else(PoisonError::into_inner);
        faces.iter().map(|(lane, face)| (lane.clone(), face.glance())).collect()
    }

    /// What the last looks at lanes have shown.
    pub(crate) fn looks(&self) -> Vec<((AppName, Lane), Arc<LaneSeen>)> {
        let faces = self.0.read().unwrap_or_else(PoisonError::into_inner);
        faces.iter().filter_map(|(lane, face)| Some((lane.clone(), face.last_look()?))).collect()
    }

    /// The face of a lane, for who keeps it.
    pub(crate) fn face(&self, app: &AppName, lane: Lane) -> Arc<LaneFace> {
        let mut faces = self.0.write().unwrap_or_else(PoisonError::into_inner);
        faces.entry((app.clone(), lane)).or_default().clone()
    }
}

impl LaneFace {
    /// One look at it.
    #[must_use]
    pub fn glance(&self) -> LaneGlance {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        LaneGlance {
            sent: read(&self.sent),
            expired: read(&self.expired),
            invalid: read(&self.invalid),
            dropped: read(&self.dropped),
            rate_limited: read(&self.rate_limited),
            trimmed: read(&self.trimmed),
            unread: read(&self.unread),
            last_trim: *self.last_trim.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    pub(crate) fn show(&self, seen: LaneSeen) {
        *self.last_look.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(seen));
    }

    fn last_look(&self) -> Option<Arc<LaneSeen>> {
        self.last_look.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn count_outcome(&self, outcome: &CommandOutcome) {
        let count = match outcome {
            CommandOutcome::Sent => &self.sent,
            CommandOutcome::Expired => &self.expired,
            CommandOutcome::Invalid { .. } => &self.invalid,
            CommandOutcome::Dropped { .. } => &self.dropped,
            CommandOutcome::RateLimited { .. } => &self.rate_limited,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_missing_copies(&self, copies: u64) {
        self.copies_missing.fetch_add(copies, Ordering::Relaxed);
    }

    pub(crate) fn count_refused_copies(&self, copies: u64) {
        self.count_missing_copies(copies);
        let mut at = self.refused_at.lock().unwrap_or_else(PoisonError::into_inner);
        *at = Some(Instant::now());
    }

    fn refused_ago(&self) -> Option<Duration> {
        let at = *self.refused_at.lock().unwrap_or_else(PoisonError::into_inner);
        at.map(|at| at.elapsed())
    }

    pub(crate) fn count_routed(&self, commands: usize, unroutable: usize) {
        self.routed.fetch_add(commands as u64, Ordering::Relaxed);
        self.unroutable.fetch_add(unroutable as u64, Ordering::Relaxed);
    }

    pub(crate) fn count_tended(&self, copies_unread: u64, groups_removed: usize) {
        self.copies_unread.fetch_add(copies_unread, Ordering::Relaxed);
        self.groups_removed.fetch_add(groups_removed as u64, Ordering::Relaxed);
    }

    pub(crate) fn count_trimmed(&self, trimmed: Trimmed) {
        self.trimmed.fetch_add(trimmed.removed, Ordering::Relaxed);
        self.unread.fetch_add(trimmed.unread, Ordering::Relaxed);
        *self.last_trim.lock().unwrap_or_else(PoisonError::into_inner) = Some(trimmed);
    }
}
