//! Conflicts over a bad connection.

use super::Faulty;
use crate::{Conflict, Conflicts, StoreError, StreamId};

impl<S: Conflicts + Sync> Conflicts for Faulty<S> {
    async fn record_conflict(&self, conflict: &Conflict) -> Result<(), StoreError> {
        self.through(self.store.record_conflict(conflict)).await
    }

    async fn conflicts(
        &self,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, Conflict)>, StoreError> {
        self.through(self.store.conflicts(after, count)).await
    }
}
