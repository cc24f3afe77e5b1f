//! Apps that operators have put into the store.

use std::future::Future;

use baton_model::{
    AppName, StoredApp,
    limits::{STORED_APP_BYTES_MAX, STORED_APPS_MAX},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{StoreError, error::unhappy};

/// What stands there and is no app: a newer Baton has written it, or somebody by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("what stands in the store is no app that this Baton can read; `baton app set` replaces it")]
pub struct MalformedApp;

/// An app as it is found: an error about it is no error of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundApp {
    /// Which version of it: whoever replaces it names the one that they have seen.
    pub revision: u64,
    /// The app.
    pub app: Result<StoredApp, MalformedApp>,
}

/// Why an app was not put into the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum PutAppError {
    /// Somebody else has changed it since it was seen.
    #[error("somebody else has changed it, to revision {0}; look again")]
    Changed(u64),
    /// There are so many already.
    #[error("{0} apps stand in the store, and {STORED_APPS_MAX} are the most")]
    TooMany(u64),
    /// It is too large.
    #[error("it takes {0} bytes, and {STORED_APP_BYTES_MAX} are the most")]
    TooLarge(usize),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

unhappy!(PutAppError);

/// The apps that operators have put into the store.
///
/// Each change is atomic, and durable on return like a lease row. A store that was wiped has
/// forgotten them: whoever runs one writes it back, as it does with the app's shape.
pub trait StoredApps {
    /// All of them, ordered by name, those that were removed among them.
    fn stored_apps(
        &self,
    ) -> impl Future<Output = Result<Vec<(AppName, FoundApp)>, StoreError>> + Send;

    /// Puts an app there in place of the revision that was seen, 0 if there was none, and returns
    /// the new one. Repeated after an unknown outcome it returns the same.
    fn put_app(
        &self,
        name: &AppName,
        seen: u64,
        app: &StoredApp,
    ) -> impl Future<Output = Result<u64, PutAppError>> + Send;
}
