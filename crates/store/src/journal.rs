//! The journal: what happened, for those who ask later.

use std::future::Future;

use crate::{FieldsError, Happening, StoreError, StreamId};

/// A happening as it is found: an error about it is no error of the others.
pub type FoundHappening = Result<Happening, FieldsError>;

/// What happened in the fleet, in the order in which it was noted down.
///
/// It is for people: nothing is decided by it, and nobody waits for it. The last
/// `JOURNAL_KEPT_MAX`, or nearly so many, are kept.
pub trait Journal {
    /// Notes something down. Repeated after an unknown outcome it may stand there twice.
    fn note(&self, happening: &Happening) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads what was noted down behind `after`, the oldest first, at most `count`.
    fn happenings(
        &self,
        after: StreamId,
        count: usize,
    ) -> impl Future<Output = Result<Vec<(StreamId, FoundHappening)>, StoreError>> + Send;

    /// Reads what was noted down ahead of `before`, the newest first, at most `count`. Ahead of
    /// [`StreamId::END`] stands everything.
    fn recent(
        &self,
        before: StreamId,
        count: usize,
    ) -> impl Future<Output = Result<Vec<(StreamId, FoundHappening)>, StoreError>> + Send;
}
