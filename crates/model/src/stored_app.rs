//! An app as operators have put it into the store: what it is to be, or that it is to be no more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an operator wants an app to be, for instances that look for apps in the store.
///
/// That an app is gone is said, and not left to be inferred: a store that was wiped shows nothing,
/// and nobody must take that for a removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StoredApp {
    /// It is to run.
    Wanted {
        /// Its options by name, each as a variable of a gateway's configuration writes it. A token
        /// is never among them, only where it is.
        options: BTreeMap<String, String>,
    },
    /// It is to run no more.
    Removed {},
}
