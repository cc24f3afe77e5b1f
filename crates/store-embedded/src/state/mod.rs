//! What a store does: every operation, as a change of a plain data structure.
//!
//! It refuses to know a clock, a disk, a task or a lock: `now` is an argument, what must be made
//! durable is a value. The one idea to take along: an operation reads, decides, and changes the
//! state only through [`Change`]s, each of which says what stands in one place *afterwards*. So
//! the disk holds nothing but changes, a recovery is a fold over them, and a failover that loses
//! its last operations is the same fold with the tail left off.

mod apps;
mod change;
mod claiming;
mod commands;
mod conflicts;
mod events;
mod group;
mod groups;
mod hashes;
mod identify;
mod intents;
mod journal;
mod lanes;
mod leases;
mod membership;
mod planning;
mod reading;
mod record;
mod reports;
mod results;
#[cfg(test)]
pub(crate) mod script;
mod sessions;
mod stored_apps;
mod stream;
mod stream_name;
mod streams;
mod transfer;
mod trimming;

use std::{collections::BTreeMap, sync::Arc};

use baton_model::{
    AppName, AppShape, DataSetId, InstanceId, Intent, LeaseRow, ShardKey, StoreMillis, StoredApp,
    Subject,
};
use baton_store::{Conflict, Entry, Happening, ShardAddress};

pub use change::Change;
pub use claiming::{Claim, Claimed};
pub use group::{Consumer, Group, GroupChange, GroupName, GroupPlace, Heard, Pending};
pub(crate) use group::{ahead, behind};
pub use hashes::{Full, HashOf, KeptHash, KeptHashes};
pub use identify::IdentifyDay;
pub use leases::Row;
pub use membership::{StoredMember, Vantage};
pub use reading::{Handing, Reader};
pub use record::Record;
pub use reports::KeptReports;
pub use results::KeptResults;
pub use stream::{LaneAddress, Retention, Stream, StreamItem, StreamMark};
pub use stream_name::StreamName;
pub(crate) use stream_name::bytes_of;
pub use streams::{
    AddError, Cut, CutShort, Extent, NewId, Order, StreamChange, StreamView, from_behind,
};

/// All that a store holds.
///
/// Cloning it is cheap: streams are shared until one of both copies writes to them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreState {
    retention: Retention,
    data_set: Option<DataSetId>,
    apps: BTreeMap<AppName, AppShape>,
    rows: BTreeMap<ShardAddress, Row>,
    events: BTreeMap<LaneAddress, Arc<Stream<Entry>>>,
    /// The lanes' commands, and the streams of consumers.
    streams: BTreeMap<StreamName, Arc<Stream<Record>>>,
    /// Of any stream.
    groups: BTreeMap<GroupName, Arc<Group>>,
    conflicts: Arc<Stream<Conflict>>,
    journal: Arc<Stream<Happening>>,
    members: BTreeMap<InstanceId, StoredMember>,
    planner: Option<LeaseRow>,
    targets: BTreeMap<ShardKey, InstanceId>,
    stored_apps: BTreeMap<AppName, (u64, StoredApp)>,
    intents: BTreeMap<Subject, Intent>,
    identify: BTreeMap<AppName, identify::Budget>,
    /// Until when no permit is given, because the last ones may be lost. No part of what is kept.
    quiet_until: StoreMillis,
    changes: Vec<Change>,
}

impl StoreState {
    /// A store that holds nothing yet, and will keep so much of its streams.
    #[must_use]
    pub fn new(retention: Retention) -> Self {
        Self { retention, ..Self::default() }
    }

    /// What the operations since the last call have changed, in order. Replayed on a state equal
    /// to the one before them, it makes that one equal to this.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    fn change(&mut self, change: Change) {
        self.apply(&change);
        self.changes.push(change);
    }
}

/// The next of a kind of number that must never be given out twice, not even by a store that has
/// lost its tail: a plain counter would do that.
fn next_number(previous: u64, now: StoreMillis) -> u64 {
    now.0.max(previous.saturating_add(1))
}
