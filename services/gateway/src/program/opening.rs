//! Opening the store, as soon as it is there.

use std::{future::Future, time::Duration};

use baton_store::{Store, StoreError, Unhappy};
use tokio::runtime::Handle;

use crate::control::Stores;

/// The pause between attempts. Whoever starts everything at once should not have to wait long.
const PAUSE: Duration = Duration::from_secs(1);

/// How an instance gets its two handles on the store.
pub(super) trait Opening<S> {
    /// Opens both, the one for events on the shards' runtime; waits until the store is there.
    fn open(self, shards: &Handle) -> impl Future<Output = Result<Stores<S>, String>>;
}

/// A store over connections, which belong to the runtime that made them.
pub(super) struct Twice<F>(F);

/// A store that may be used from anywhere.
pub(super) struct Shared<S>(S);

pub(super) const fn twice<F>(open: F) -> Twice<F> {
    Twice(open)
}

pub(super) const fn shared<S>(store: S) -> Shared<S> {
    Shared(store)
}

impl<S, F, O> Opening<S> for Twice<F>
where
    S: Store,
    F: Fn() -> O + Clone + Send + Sync + 'static,
    O: Future<Output = Result<S, StoreError>> + Send + 'static,
{
    async fn open(self, shards: &Handle) -> Result<Stores<S>, String> {
        let control = until_there(self.0.clone()).await?;
        let data = shards.spawn(until_there(self.0)).await.map_err(|error| error.to_string())??;
        Ok(Stores { control, data })
    }
}

impl<S: Store> Opening<S> for Shared<S> {
    async fn open(self, _shards: &Handle) -> Result<Stores<S>, String> {
        Ok(Stores { control: self.0.clone(), data: self.0 })
    }
}

/// A store that is not there yet is waited for; one that refuses is not.
async fn until_there<S, F, O>(open: F) -> Result<S, String>
where
    F: Fn() -> O,
    O: Future<Output = Result<S, StoreError>>,
{
    loop {
        match open().await {
            Ok(store) => return Ok(store),
            Err(error) if error.is_retryable() => {
                tracing::warn!(error = error.to_string(), "the store is not there yet; waiting");
            }
            Err(error) => return Err(error.to_string()),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
