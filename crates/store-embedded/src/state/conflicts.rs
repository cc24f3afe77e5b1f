//! Conflicts: the last of them.

use baton_model::{StoreMillis, limits::CONFLICTS_KEPT_MAX};
use baton_store::{Conflict, StreamId};

use super::{Change, Retention, StoreState, stream::next_id};

/// There are few, and they are small.
const KEPT: Retention = Retention { items_max: CONFLICTS_KEPT_MAX, bytes_max: usize::MAX };

impl StoreState {
    /// See [`Conflicts::record_conflict`](baton_store::Conflicts::record_conflict).
    pub fn record_conflict(&mut self, now: StoreMillis, conflict: &Conflict) {
        let id = next_id(self.conflicts.last(), now);
        self.change(Change::Conflict(id, conflict.clone()));
        if let Some(upto) = self.conflicts.excess(KEPT) {
            self.change(Change::ConflictsTrimmed(upto));
        }
    }

    /// See [`Conflicts::conflicts`](baton_store::Conflicts::conflicts).
    #[must_use]
    pub fn conflicts(&self, after: StreamId, count: usize) -> Vec<(StreamId, Conflict)> {
        self.conflicts.behind(after, count)
    }
}
