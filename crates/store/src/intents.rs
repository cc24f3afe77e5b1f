//! Intents: what operators want.

use std::future::Future;

use baton_model::{Intent, IntentId, NewIntent, Subject, limits::INTENTS_MAX};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{StoreError, error::unhappy};

/// Why an intent was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum IntendError {
    /// So many stand already, and every poll of every instance carries all of them.
    #[error("{0} intents stand, and {INTENTS_MAX} are the most; take back what is not needed")]
    TooMany(u64),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(IntendError);

/// What operators want of the fleet, at most one intent a subject.
///
/// Each change is atomic, and durable on return like a lease row. Intents show in
/// [`poll`](crate::Membership::poll), at the same moment as everything else there. A store that was
/// wiped has forgotten them: nobody writes them back, for nobody but the operator knows whether
/// they are still wanted.
pub trait Intents {
    /// Writes an intent, in place of an earlier one about the same subject, which it returns
    /// unless it was written by a newer Baton in a way that this one cannot read.
    ///
    /// Repeated under the same id, after an unknown outcome, it changes nothing and returns
    /// nothing.
    fn intend(
        &self,
        intent: &NewIntent,
    ) -> impl Future<Output = Result<Option<Intent>, IntendError>> + Send;

    /// Removes the intent about a subject, if it is still this one, and says whether it was there.
    /// Repeating it changes nothing.
    fn withdraw(
        &self,
        subject: &Subject,
        id: IntentId,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}
