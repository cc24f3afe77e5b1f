//! A consumer's report: how its handlers fare, told to operators.
//!
//! It is for people and decides nothing. Consumers in other languages write the same, so its form
//! is part of the contract (`docs/protocol.md`).

use serde::{Deserialize, Serialize};

use crate::{Line, StoreMillis};

/// What a consumer tells operators of its handlers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerReport {
    /// When, by the store's clock.
    pub at: StoreMillis,
    /// Of which group it is.
    pub group: Line,
    /// Its name there.
    pub consumer: Line,
    /// Its handlers.
    pub handlers: Vec<HandlerReport>,
    /// How many more it has than it tells of.
    #[serde(default)]
    pub left_out: u32,
}

/// How one handler fares, since its process began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlerReport {
    /// Its name.
    pub name: Line,
    /// Deliveries that it has handled.
    pub handled: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Attempts that failed since the last that was good.
    #[serde(default)]
    pub failed_in_a_row: u64,
    /// Deliveries that it has in hand.
    #[serde(default)]
    pub running: u64,
    /// The time that all of its runs have taken together.
    #[serde(default)]
    pub busy_ms: u64,
    /// The error of its last run, if that failed.
    #[serde(default)]
    pub error: Option<Line>,
}
