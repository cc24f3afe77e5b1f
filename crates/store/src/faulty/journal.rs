//! The journal over a bad connection.

use super::Faulty;
use crate::{FoundHappening, Happening, Journal, StoreError, StreamId};

impl<S: Journal + Sync> Journal for Faulty<S> {
    async fn note(&self, happening: &Happening) -> Result<(), StoreError> {
        self.through(self.store.note(happening)).await
    }

    async fn happenings(
        &self,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundHappening)>, StoreError> {
        self.through(self.store.happenings(after, count)).await
    }

    async fn recent(
        &self,
        before: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundHappening)>, StoreError> {
        self.through(self.store.recent(before, count)).await
    }
}
