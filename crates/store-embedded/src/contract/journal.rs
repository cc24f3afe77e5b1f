//! The journal.

use baton_store::{FoundHappening, Happening, Journal, StoreError, StreamId};

use crate::EmbeddedStore;

impl Journal for EmbeddedStore {
    async fn note(&self, happening: &Happening) -> Result<(), StoreError> {
        self.live.run(|at| at.state.note(at.now, happening)).await
    }

    async fn happenings(
        &self,
        after: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundHappening)>, StoreError> {
        self.live.run(|at| found(at.state.happenings(after, count))).await
    }

    async fn recent(
        &self,
        before: StreamId,
        count: usize,
    ) -> Result<Vec<(StreamId, FoundHappening)>, StoreError> {
        self.live.run(|at| found(at.state.recent(before, count))).await
    }
}

/// Here only what could be read has been taken in.
fn found(happenings: Vec<(StreamId, Happening)>) -> Vec<(StreamId, FoundHappening)> {
    happenings.into_iter().map(|(id, happening)| (id, Ok(happening))).collect()
}
