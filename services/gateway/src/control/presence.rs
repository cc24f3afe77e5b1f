//! The own presence: a connection by which the others see within milliseconds that this process
//! has died.

use std::time::Duration;

use baton_model::{InstanceId, limits::STORE_RETRY_MAX};
use baton_store::{PresenceGuard, Store};
use tokio::task::JoinSet;

use super::Ear;

/// How often it is looked after.
const LOOK_PERIOD: Duration = Duration::from_millis(250);

/// Holds the presence until this is dropped, and tells the fleet whether it is held.
pub(super) fn hold<S: Store>(store: S, me: InstanceId, ear: Ear) -> JoinSet<()> {
    let mut task = JoinSet::new();
    task.spawn(async move {
        let presence = loop {
            match store.hold_presence(me).await {
                Ok(presence) => break presence,
                Err(error) => {
                    tracing::warn!(error = error.to_string(), "no presence in the store yet");
                    tokio::time::sleep(STORE_RETRY_MAX).await;
                }
            }
        };
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
    });
    task
}
