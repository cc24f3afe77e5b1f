//! What can be wrong with a store, as opposed to what it may answer.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The two answers that a caller needs of any error.
pub trait Unhappy {
    /// May the same call be made again, with hope?
    fn is_retryable(&self) -> bool;

    /// Did it perhaps happen? Then only the next call can tell.
    fn outcome_unknown(&self) -> bool;
}

/// The store did not do what it was asked, for a reason of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum StoreError {
    /// It cannot at present: not reached, loading, read-only, out of memory, without its
    /// replicas. Nothing happened.
    #[error("store unavailable: {reason}")]
    Unavailable {
        /// What the store or the connection said.
        reason: String,
    },
    /// No answer in time, or the connection broke on the way: it happened, or it did not.
    #[error("no answer from the store: {reason}")]
    Unknown {
        /// What broke.
        reason: String,
    },
    /// It will not, until somebody changes the configuration: wrong address, user or password,
    /// missing rights, an evicting memory policy.
    #[error("store refused: {reason}")]
    Refused {
        /// What is wrong, where, and what to do.
        reason: String,
    },
    /// What it holds cannot be read. Nothing was changed.
    #[error("{key} holds {found}; expected {expected}; restore it or remove it by hand")]
    Corrupt {
        /// Where.
        key: String,
        /// What stands there.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// It belongs to a newer Baton.
    #[error("{what}; upgrade this Baton")]
    Newer {
        /// What is newer, and by how much.
        what: String,
    },
}

impl StoreError {
    /// The store cannot at present.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into() }
    }

    /// No answer.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown { reason: reason.into() }
    }

    /// The store will not.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    /// What `key` holds cannot be read.
    pub fn corrupt(
        key: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::Corrupt { key: key.into(), found: found.into(), expected: expected.into() }
    }
}

impl Unhappy for StoreError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Unknown { .. } => true,
            Self::Refused { .. } | Self::Corrupt { .. } | Self::Newer { .. } => false,
        }
    }

    fn outcome_unknown(&self) -> bool {
        match self {
            Self::Unknown { .. } => true,
            Self::Unavailable { .. }
            | Self::Refused { .. }
            | Self::Corrupt { .. }
            | Self::Newer { .. } => false,
        }
    }
}

/// Answers [`Unhappy`] for an operation's error by its variant `Store`; every other variant is the
/// store's considered answer, which asking again will not change.
macro_rules! unhappy {
    ($error:ty) => {
        impl $crate::Unhappy for $error {
            fn is_retryable(&self) -> bool {
                matches!(self, Self::Store(error) if error.is_retryable())
            }

            fn outcome_unknown(&self) -> bool {
                matches!(self, Self::Store(error) if error.outcome_unknown())
            }
        }
    };
}
pub(crate) use unhappy;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lost_answer_leaves_the_outcome_unknown() {
        assert!(StoreError::unknown("timed out").outcome_unknown());
        assert!(StoreError::unknown("timed out").is_retryable());
        assert!(!StoreError::unavailable("LOADING").outcome_unknown());
        assert!(StoreError::unavailable("LOADING").is_retryable());
        assert!(!StoreError::refused("wrong password").is_retryable());
        assert!(!StoreError::corrupt("k", "x", "y").is_retryable());
    }
}
