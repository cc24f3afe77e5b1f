//! What connects this instance to the others: its presence, by which they see within milliseconds
//! that its process has died, and the hints that they tell each other.

use std::time::Duration;

use baton_model::{InstanceId, limits::STORE_RETRY_MAX};
use baton_store::{Hearing, PresenceGuard, Store, StoreError};
use tokio::task::JoinSet;

use super::Ear;
use crate::supervisor::Input;

/// How often it is looked after.
const LOOK_PERIOD: Duration = Duration::from_millis(250);

/// Connects until what is returned is dropped.
pub(super) fn connect<S: Store>(store: &S, me: InstanceId, ear: &Ear) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(hold_presence(store.clone(), me, ear.clone()));
    tasks.spawn(hear_hints(store.clone(), ear.clone()));
    tasks
}

/// Holds the presence, and tells the fleet whether it is held.
async fn hold_presence<S: Store>(store: S, me: InstanceId, ear: Ear) {
    let presence = until_it_works("no presence in the store yet", || store.hold_presence(me)).await;
    let mut was_held = false;
    loop {
        let is_held = presence.is_held();
        if is_held != was_held {
            was_held = is_held;
            ear.fleet(match is_held {
                true => baton_fleet::Input::Connected,
                false => baton_fleet::Input::Disconnected,
            });
        }
        tokio::time::sleep(LOOK_PERIOD).await;
    }
}

/// Passes on what the others say. A hint of a newer Baton that this one does not understand is no
/// loss.
async fn hear_hints<S: Store>(store: S, ear: Ear) {
    loop {
        let mut hearing = until_it_works("no hints from the store yet", || store.hear()).await;
        while let Some(hint) = hearing.next().await {
            match serde_json::from_slice(&hint) {
                Ok(hint) => ear.input(Input::Hint(hint)),
                Err(error) => tracing::debug!(error = error.to_string(), "a hint is not read"),
            }
        }
    }
}

async fn until_it_works<T, F>(what: &'static str, attempt: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(error) => tracing::warn!(error = error.to_string(), "{what}"),
        }
        tokio::time::sleep(STORE_RETRY_MAX).await;
    }
}
