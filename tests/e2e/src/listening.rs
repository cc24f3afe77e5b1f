//! What instances tell each other: whoever hears it knows how far a hand-over has come.

use std::time::Duration;

use baton_fleet::Hint;
use baton_store::{Hearing, Hints};
use tokio::time::timeout;

/// How long a hint is waited for. Only what never comes is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Hears every hint from its beginning on.
pub struct Listening<H>(H);

impl<H: Hearing> Listening<H> {
    /// Begins.
    ///
    /// # Panics
    /// If the store does not answer.
    pub async fn to<S: Hints<Hearing = H>>(store: &S) -> Self {
        Self(store.hear().await.expect("a store"))
    }

    /// Waits for the next hint from which `found` finds something.
    ///
    /// # Panics
    /// If none comes.
    pub async fn until<T>(&mut self, found: impl Fn(Hint) -> Option<T>) -> T {
        let hears = async {
            loop {
                let hint = self.0.next().await.expect("the store stays open");
                // Others of newer versions may tell what nobody here knows.
                if let Some(found) = serde_json::from_slice(&hint).ok().and_then(&found) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, hears).await.expect("somebody tells it")
    }
}
