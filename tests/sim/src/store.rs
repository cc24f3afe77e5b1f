//! The store: the embedded one's state, and what can happen to a store.
//!
//! What an operation does is decided by [`StoreState`], the very code that the embedded store runs.
//! What is simulated is everything around it: it freezes, refuses, fails over to a replica that
//! lacks the last operations, or loses everything.

mod ask;
mod lease;

use std::collections::{BTreeSet, VecDeque};

use baton_model::{InstanceId, Intent, LeaseRow, Moment, NewIntent, PrimaryId, StoreMillis};
use baton_store::ShardAddress;
use baton_store_embedded::state::{Change, Retention, StoreState, Vantage};

pub(crate) use self::ask::{Answered, Ask, Trouble};

use std::time::Duration;

/// When the store's clock starts: long enough after 1970 for epochs to look real.
const ZERO: u64 = 1_790_000_000_000;

/// What a failover can lose: anything that is no older than this.
pub(crate) const TAIL: Duration = Duration::from_secs(3);

/// How a store answers at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Well,
    /// Requests wait until then, and are carried out in their order.
    Frozen(Moment),
    /// Requests are turned away until then.
    Refusing(Moment),
}

/// The store, as one history of changes that may be cut short.
#[derive(Debug)]
pub(crate) struct Store {
    state: StoreState,
    /// The state without what a failover may still lose.
    settled: StoreState,
    tail: VecDeque<(Moment, Vec<Change>)>,
    primary: u64,
    condition: Condition,
    /// Whose presence it sees.
    pub(crate) present: BTreeSet<InstanceId>,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            state: empty(),
            settled: empty(),
            tail: VecDeque::new(),
            primary: 1,
            condition: Condition::Well,
            present: BTreeSet::new(),
        }
    }

    pub(crate) fn condition(&self, now: Moment) -> Condition {
        match self.condition {
            Condition::Frozen(until) | Condition::Refusing(until) if until > now => self.condition,
            Condition::Well | Condition::Frozen(_) | Condition::Refusing(_) => Condition::Well,
        }
    }

    pub(crate) fn is_well(&self, now: Moment) -> bool {
        self.condition(now) == Condition::Well
    }

    pub(crate) const fn primary(&self) -> u64 {
        self.primary
    }

    /// What it calls itself.
    pub(crate) fn primary_id(&self) -> PrimaryId {
        PrimaryId(format!("primary {}", self.primary).into())
    }

    pub(crate) const fn set_condition(&mut self, condition: Condition) {
        self.condition = condition;
    }

    pub(crate) const fn state(&self) -> &StoreState {
        &self.state
    }

    pub(crate) fn row(&self, address: &ShardAddress) -> Option<LeaseRow> {
        self.state.rows(std::slice::from_ref(address)).pop().flatten()
    }

    /// Carries out a request, and says what it changed.
    pub(crate) fn perform(
        &mut self,
        by: InstanceId,
        ask: &Ask,
        now: Moment,
    ) -> (Answered, Vec<Change>) {
        let vantage = || Vantage { primary: self.primary_id(), present: self.present.clone() };
        let vantage = matches!(ask, Ask::Poll).then(vantage);
        let answered = ask::perform(&mut self.state, by, ask, (wall(now), vantage));
        (answered, self.keep_changes(now))
    }

    /// An operator wants something.
    pub(crate) fn intend(&mut self, intent: &NewIntent, now: Moment) {
        let taken = self.state.intend(wall(now), intent);
        assert!(taken.is_ok(), "a handful of wishes find room");
        self.keep_changes(now);
    }

    /// An operator wants it no more.
    pub(crate) fn withdraw(&mut self, intent: &Intent, now: Moment) {
        self.state.withdraw(&intent.subject(), intent.id);
        self.keep_changes(now);
    }

    /// What operators want.
    pub(crate) fn intents(&self, now: Moment) -> Vec<Intent> {
        let vantage = Vantage { primary: self.primary_id(), present: BTreeSet::new() };
        self.state.poll(wall(now), vantage).intents
    }

    fn keep_changes(&mut self, now: Moment) -> Vec<Change> {
        let changes = self.state.take_changes();
        if !changes.is_empty() {
            self.tail.push_back((now, changes.clone()));
        }
        self.settle(now);
        changes
    }

    /// Another primary takes over, and what it had not got of the last changes is gone. All
    /// connections break with the old one.
    pub(crate) fn fail_over(&mut self, lost: Duration, now: Moment) {
        self.settle(now);
        let upto = now - lost;
        let kept = self.tail.iter().take_while(|(at, _)| *at <= upto);
        for change in kept.flat_map(|(_, changes)| changes) {
            self.settled.apply(change);
        }
        self.tail.clear();
        self.state = self.settled.clone();
        self.primary += 1;
        self.state.fall_back(wall(now));
        self.present.clear();
    }

    /// Everything is gone.
    pub(crate) fn wipe(&mut self) {
        self.state = empty();
        self.settled = empty();
        self.tail.clear();
    }

    fn settle(&mut self, now: Moment) {
        while self.tail.front().is_some_and(|(at, _)| *at + TAIL < now) {
            let changes = self.tail.pop_front().map_or_else(Vec::new, |(_, changes)| changes);
            for change in &changes {
                self.settled.apply(change);
            }
        }
    }
}

/// The store's own clock, which nobody else looks at.
pub(crate) fn wall(now: Moment) -> StoreMillis {
    StoreMillis(ZERO + now.as_nanos() / 1_000_000)
}

/// Nothing is trimmed: the audit wants all of it.
fn empty() -> StoreState {
    StoreState::new(Retention { items_max: usize::MAX, bytes_max: usize::MAX })
}
