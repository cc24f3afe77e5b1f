//! Membership: who takes part.

use std::collections::BTreeSet;

use baton_model::{
    Beat, DataSetId, InstanceId, InstanceRecord, Member, Presence, PrimaryId, StoreIdentity,
    StoreMillis, Subject,
};
use baton_store::{BeatError, Poll};

use super::{Change, StoreState};

/// What is kept of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMember {
    /// Its latest beat.
    pub beat: Beat,
    /// What it said of itself with that beat.
    pub record: InstanceRecord,
}

/// What a poll shows besides what is stored: it is true of a process, not of its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vantage {
    /// The process that answers.
    pub primary: PrimaryId,
    /// Whose presence it sees.
    pub present: BTreeSet<InstanceId>,
}

impl StoreState {
    /// See [`Membership::ensure_data_set`](baton_store::Membership::ensure_data_set).
    pub fn ensure_data_set(&mut self, candidate: DataSetId) -> DataSetId {
        if let Some(id) = self.data_set {
            return id;
        }
        self.change(Change::DataSet(candidate));
        candidate
    }

    /// See [`Membership::beat`](baton_store::Membership::beat).
    ///
    /// # Errors
    /// [`BeatError::Duplicate`] if somebody beats under the same id and is ahead.
    pub fn beat(
        &mut self,
        now: StoreMillis,
        me: InstanceId,
        beat: Beat,
        record: &InstanceRecord,
    ) -> Result<StoreMillis, BeatError> {
        match self.members.get(&me) {
            Some(stored) if stored.beat == beat && stored.record == *record => return Ok(now),
            Some(stored) if stored.beat >= beat => return Err(BeatError::Duplicate(stored.beat)),
            Some(_) | None => {}
        }
        let record = record.clone();
        self.change(Change::Member(me, StoredMember { beat, record }));
        Ok(now)
    }

    /// See [`Membership::forget`](baton_store::Membership::forget). Says whether it was done.
    pub fn forget(&mut self, id: InstanceId, beat: Beat) -> bool {
        let is_forgotten = self.members.get(&id).is_some_and(|stored| stored.beat == beat);
        if is_forgotten {
            self.change(Change::MemberForgotten(id));
            self.end_intent(&Subject::Drain(id));
        }
        is_forgotten
    }

    /// Is it on the list?
    #[must_use]
    pub fn is_member(&self, id: InstanceId) -> bool {
        self.members.contains_key(&id)
    }

    /// See [`Membership::poll`](baton_store::Membership::poll).
    #[must_use]
    pub fn poll(&self, now: StoreMillis, vantage: Vantage) -> Poll {
        let Vantage { primary, present } = vantage;
        let members = self.members.iter().map(|(id, stored)| Member {
            id: *id,
            beat: stored.beat,
            record: stored.record.clone(),
            presence: match present.contains(id) {
                true => Presence::Subscribed,
                false => Presence::Absent,
            },
        });
        Poll {
            identity: StoreIdentity { data_set: self.data_set, primary },
            now,
            members: members.collect(),
            planner: self.planner.clone(),
            targets: self.targets.iter().map(|(shard, id)| (shard.clone(), *id)).collect(),
            intents: self.intents.values().cloned().collect(),
        }
    }
}
