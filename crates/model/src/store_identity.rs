//! Which data an answer of the store came from.
//!
//! Evidence that an instance is dead is worth something only while all of it comes from the same
//! data: a wiped, restored or newly promoted store looks exactly like a fleet that has died.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The identity of a data set, written into the store once when it is first used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataSetId(pub u128);

/// The process that answered: it changes with every restart and every promotion.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrimaryId(pub Arc<str>);

/// Who answered, and from which data.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StoreIdentity {
    /// The data set; none if the store has forgotten it, which means that it was wiped.
    pub data_set: Option<DataSetId>,
    /// The process.
    pub primary: PrimaryId,
}

impl fmt::Display for DataSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for DataSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
