//! Hints: what instances tell each other to save themselves a wait.

use std::future::Future;

use baton_model::limits::HINT_BYTES_MAX;
use bytes::Bytes;

use crate::StoreError;

/// Small messages between the instances of a fleet.
///
/// Nothing may depend on one. A hint is heard at most once by each who hears, in no promised
/// order, and may be lost without a word: while a connection is made anew, in a failover, by
/// whoever falls behind. Nothing is kept for those who come later. What a hint is about stands in
/// the store, and who hears none finds it with the next sweep.
pub trait Hints {
    /// What hears.
    type Hearing: Hearing;

    /// Tells a hint to everybody who hears at this moment, the caller included. Succeeds whether
    /// or not anybody does. Repeated after an unknown outcome it may be heard twice.
    fn tell(&self, hint: Bytes) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Hears what is told from here on, until what is returned is dropped.
    fn hear(&self) -> impl Future<Output = Result<Self::Hearing, StoreError>> + Send;
}

/// Hears hints. A connection that broke is being made again; what was told meanwhile is lost.
pub trait Hearing: Send + 'static {
    /// The next hint; none if there will never be another, because the store is closed. Waiting
    /// for it may be given up at any time without losing one.
    ///
    /// At most `HINTS_WAITING_MAX` wait here; of more the oldest are dropped.
    fn next(&mut self) -> impl Future<Output = Option<Bytes>> + Send;
}

/// Checks the one thing that can be wrong with a hint; for implementations.
///
/// # Errors
/// [`StoreError::Refused`] if it is too large.
pub fn ensure_hint_fits(hint: &Bytes) -> Result<(), StoreError> {
    let bytes = hint.len();
    if bytes > HINT_BYTES_MAX {
        let reason = format!("hint has {bytes} bytes; expected at most {HINT_BYTES_MAX}");
        return Err(StoreError::refused(reason));
    }
    Ok(())
}
