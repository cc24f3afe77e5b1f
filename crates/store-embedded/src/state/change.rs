//! A change: what stands in one place of the store after an operation.
//!
//! It is absolute, never relative, so applying one twice is applying it once. A disk that holds
//! an operation's changes whole or not at all holds whole operations.

use std::sync::Arc;

use baton_model::{
    AppName, AppShape, DataSetId, InstanceId, Intent, LeaseRow, ShardKey, StoreMillis, StoredApp,
    Subject, limits::DISPATCH_OVERHEAD_BYTES,
};
use baton_store::{Conflict, Entry, Happening, ShardAddress, StreamId};

use super::{
    GroupChange, GroupName, IdentifyDay, LaneAddress, Row, StoreState, StoredMember, StreamChange,
    StreamItem, StreamName,
};

/// What stands in one place of the store from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The data set has this identity.
    DataSet(DataSetId),
    /// An app has this shape.
    App(AppName, AppShape),
    /// A shard's row is this.
    Row(ShardAddress, Row),
    /// An entry stands at this place of its lane's stream, which is the last.
    Entry(LaneAddress, StreamId, Entry),
    /// A lane's entries up to and including this one are gone.
    EntriesTrimmed(LaneAddress, StreamId),
    /// Something of a stream is so. Of a lane's entries that is only their mark.
    Stream(StreamName, StreamChange),
    /// Something of a group is so.
    Group(GroupName, GroupChange),
    /// A conflict stands at this place of the fleet's stream, which is the last.
    Conflict(StreamId, Conflict),
    /// The fleet's conflicts up to and including this one are gone.
    ConflictsTrimmed(StreamId),
    /// A happening stands at this place of the journal, which is the last.
    Happening(StreamId, Happening),
    /// The journal up to and including this happening is gone.
    JournalTrimmed(StreamId),
    /// An instance has said this of itself.
    Member(InstanceId, StoredMember),
    /// An instance is no member.
    MemberForgotten(InstanceId),
    /// The planner's lease is this.
    Planner(LeaseRow),
    /// A shard should go to this instance.
    Target(ShardKey, InstanceId),
    /// A shard has no target.
    TargetCleared(ShardKey),
    /// An app is to be this, and that is this revision of it.
    StoredApp(AppName, u64, StoredApp),
    /// This is what is wanted of its subject.
    Intent(Intent),
    /// Nothing is wanted of a subject.
    IntentGone(Subject),
    /// The next IDENTIFY of an app's bucket may go at this time.
    IdentifyBucket(AppName, u32, StoreMillis),
    /// An app's daily limit is this.
    IdentifyDay(AppName, IdentifyDay),
}

impl StoreState {
    /// Makes it so. What operations did already is applied to them; this is for replaying what
    /// [`StoreState::take_changes`] gave out.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::DataSet(id) => self.data_set = Some(*id),
            Change::App(app, shape) => {
                self.apps.insert(app.clone(), *shape);
            }
            Change::Row(address, row) => {
                self.rows.insert(address.clone(), row.clone());
            }
            Change::Entry(lane, id, entry) => {
                let stream = self.events.entry(lane.clone()).or_default();
                Arc::make_mut(stream).push(*id, entry.clone());
            }
            Change::EntriesTrimmed(lane, upto) => {
                let stream = self.events.entry(lane.clone()).or_default();
                Arc::make_mut(stream).trim(*upto);
            }
            Change::Stream(name, change) => self.apply_to_stream(name, change),
            Change::Group(name, change) => self.apply_to_group(name, change),
            Change::Conflict(id, conflict) => {
                Arc::make_mut(&mut self.conflicts).push(*id, conflict.clone());
            }
            Change::ConflictsTrimmed(upto) => Arc::make_mut(&mut self.conflicts).trim(*upto),
            Change::Happening(id, happening) => {
                Arc::make_mut(&mut self.journal).push(*id, happening.clone());
            }
            Change::JournalTrimmed(upto) => Arc::make_mut(&mut self.journal).trim(*upto),
            Change::Member(id, member) => {
                self.members.insert(*id, member.clone());
            }
            Change::MemberForgotten(id) => {
                self.members.remove(id);
            }
            Change::Planner(row) => self.planner = Some(row.clone()),
            Change::Target(shard, target) => {
                self.targets.insert(shard.clone(), *target);
            }
            Change::TargetCleared(shard) => {
                self.targets.remove(shard);
            }
            Change::StoredApp(name, revision, app) => {
                self.stored_apps.insert(name.clone(), (*revision, app.clone()));
            }
            Change::Intent(intent) => {
                self.intents.insert(intent.subject(), intent.clone());
            }
            Change::IntentGone(subject) => {
                self.intents.remove(subject);
            }
            Change::IdentifyBucket(app, bucket, next_at) => {
                let budget = self.identify.entry(app.clone()).or_default();
                budget.buckets.insert(*bucket, *next_at);
            }
            Change::IdentifyDay(app, day) => {
                self.identify.entry(app.clone()).or_default().day = Some(*day);
            }
        }
    }
}

impl Change {
    /// About how much memory it takes up while it waits for a disk.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Entry(_, _, entry) => entry.bytes(),
            Self::Stream(_, change) => change.bytes(),
            Self::Group(_, change) => change.bytes(),
            Self::Conflict(_, conflict) => conflict.bytes(),
            Self::Happening(_, happening) => happening.bytes(),
            Self::DataSet(_)
            | Self::App(..)
            | Self::Row(..)
            | Self::EntriesTrimmed(..)
            | Self::ConflictsTrimmed(_)
            | Self::JournalTrimmed(_)
            | Self::Member(..)
            | Self::MemberForgotten(_)
            | Self::Planner(_)
            | Self::Target(..)
            | Self::TargetCleared(_)
            | Self::StoredApp(..)
            | Self::Intent(_)
            | Self::IntentGone(_)
            | Self::IdentifyBucket(..)
            | Self::IdentifyDay(..) => DISPATCH_OVERHEAD_BYTES,
        }
    }
}
