//! The identify budget: what keeps the bot's token alive.

use std::{future::Future, time::Duration};

use baton_model::AppName;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// What Discord says of an app's session starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStartLimit {
    /// IDENTIFYs a day.
    pub total: u32,
    /// Of them left.
    pub remaining: u32,
    /// Until all are there again.
    pub reset_after: Duration,
}

/// What came of asking for a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// One IDENTIFY of this bucket may be sent, at once. It is spent whether sent or not.
    Granted {
        /// What is left of the day's limit, reserve included.
        remaining: u32,
    },
    /// Not yet.
    Wait(Duration),
    /// Only the reserve is left.
    Exhausted {
        /// Until the day's limit is there again.
        reset_after: Duration,
    },
    /// Nobody has told the store the day's limit yet; see [`IdentifyBudget::learn_limit`].
    Unlearned,
}

/// Fleet-wide permits to IDENTIFY.
///
/// Decided by the store's clock alone, atomically per app. Within one bucket two permits are never
/// less than `IDENTIFY_SPACING` apart; what [`identify_reserve`] keeps back of a day is never
/// granted.
///
/// [`identify_reserve`]: baton_model::limits::identify_reserve
pub trait IdentifyBudget {
    /// Asks for a permit. An unknown outcome may have spent one: the caller must not use it.
    fn take_identify(
        &self,
        app: &AppName,
        bucket: u32,
    ) -> impl Future<Output = Result<Take, StoreError>> + Send;

    /// Tells the store what Discord says. Within one day's window the lower of both remainders
    /// stands: a permit granted a moment ago is not yet in Discord's count.
    fn learn_limit(
        &self,
        app: &AppName,
        limit: SessionStartLimit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What the store believes; none before the first [`IdentifyBudget::learn_limit`].
    fn identify_limit(
        &self,
        app: &AppName,
    ) -> impl Future<Output = Result<Option<SessionStartLimit>, StoreError>> + Send;
}
