//! The journal: the last of what happened.

use baton_model::{StoreMillis, limits::JOURNAL_KEPT_MAX};
use baton_store::{Happening, StreamId};

use super::{Change, Retention, StoreState, stream::next_id};

/// Each is small.
const KEPT: Retention = Retention { items_max: JOURNAL_KEPT_MAX, bytes_max: usize::MAX };

impl StoreState {
    /// See [`Journal::note`](baton_store::Journal::note).
    pub fn note(&mut self, now: StoreMillis, happening: &Happening) {
        let id = next_id(self.journal.last(), now);
        self.change(Change::Happening(id, happening.clone()));
        if let Some(upto) = self.journal.excess(KEPT) {
            self.change(Change::JournalTrimmed(upto));
        }
    }

    /// See [`Journal::happenings`](baton_store::Journal::happenings).
    #[must_use]
    pub fn happenings(&self, after: StreamId, count: usize) -> Vec<(StreamId, Happening)> {
        self.journal.behind(after, count)
    }

    /// See [`Journal::recent`](baton_store::Journal::recent).
    #[must_use]
    pub fn recent(&self, before: StreamId, count: usize) -> Vec<(StreamId, Happening)> {
        self.journal.ahead(before, count)
    }
}
