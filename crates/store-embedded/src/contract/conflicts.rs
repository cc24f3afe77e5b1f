//! Conflicts.

use baton_store::{Conflict, Conflicts, StoreError, StreamId};

use crate::EmbeddedStore;

impl Conflicts for EmbeddedStore {
    async fn record_conflict(&self, conflict: &Conflict) -> Result<(), StoreError> {
        self.live.run(|at| at.state.record_conflict(at.now, conflict)).await
    }

    async fn conflicts(
        &self,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, Conflict)>, StoreError> {
        self.live.run(|at| at.state.conflicts(after, count)).await
    }
}
