//! Hints on Valkey: a sharded channel of the fleet.

use baton_store::{Hearing, Hints, StoreError, ensure_hint_fits, key::Key};
use bytes::Bytes;
use fred::{interfaces::PubsubInterface, types::Message};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{
    Valkey,
    reply::{Reply, fred_error},
    subscription::Subscription,
};

/// Hears hints, over a connection of its own.
#[derive(Debug)]
pub struct HintHearing {
    messages: Receiver<Message>,
    _subscription: Subscription,
}

impl Hints for Valkey {
    type Hearing = HintHearing;

    async fn tell(&self, hint: Bytes) -> Result<(), StoreError> {
        ensure_hint_fits(&hint)?;
        let channel = Key::Hints(&self.config().fleet).to_string();
        let told: Result<i64, _> = self.control().client().spublish(channel, hint).await;
        told.map(drop).map_err(|error| fred_error(&error))
    }

    async fn hear(&self) -> Result<HintHearing, StoreError> {
        let channel = Key::Hints(&self.config().fleet).to_string();
        let subscription = Subscription::begin(self.config(), channel).await?;
        Ok(HintHearing { messages: subscription.messages(), _subscription: subscription })
    }
}

impl Hearing for HintHearing {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.messages.recv().await {
                Ok(message) => match Reply::from(message.value).bytes() {
                    Ok(hint) => return Some(hint),
                    Err(error) => tracing::debug!(%error, "a message that is no hint"),
                },
                Err(RecvError::Lagged(_)) => {} // The oldest were dropped; the next one is there.
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
