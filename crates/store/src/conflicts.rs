//! Conflicts: what should not have happened, for those who want to know why it did.

use std::future::Future;

use crate::{Conflict, StoreError, StreamId};

/// The fleet's last conflicts.
///
/// They are for people: nothing is decided by them. The last `CONFLICTS_KEPT_MAX`, or nearly so
/// many, are kept, in the order in which they were written down.
pub trait Conflicts {
    /// Writes a conflict down. Both sides may do so, and one may repeat it after an unknown
    /// outcome: who reads tells by its id that it is the same.
    fn record_conflict(
        &self,
        conflict: &Conflict,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads conflicts behind `after`, oldest first, at most `count`.
    fn conflicts(
        &self,
        after: StreamId,
        count: usize,
    ) -> impl Future<Output = Result<Vec<(StreamId, Conflict)>, StoreError>> + Send;
}
