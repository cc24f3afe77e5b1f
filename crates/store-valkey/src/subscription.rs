//! A subscription to one sharded channel that lasts: over reconnects, failovers, and a slot that
//! moves to another node of a Cluster.
//!
//! It has a connection of its own, because a server that is asked who subscribes counts
//! connections, and presence is what that count shows.

use baton_model::limits::SUBSCRIPTION_RENEWED;
use baton_store::StoreError;
use fred::{
    clients::SubscriberClient,
    interfaces::{ClientLike, EventInterface, PubsubInterface},
    types::Message,
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    task::JoinHandle,
    time::timeout,
};

use crate::{ValkeyConfig, control, reply::fred_error};

/// Subscribes until it is dropped.
#[derive(Debug)]
pub(crate) struct Subscription {
    client: SubscriberClient,
    renewing: JoinHandle<()>,
}

impl Subscription {
    /// Subscribes to a channel.
    pub(crate) async fn begin(config: &ValkeyConfig, channel: String) -> Result<Self, StoreError> {
        let client = control::subscriber(config).await?;
        let renewing = tokio::spawn(renew(client.clone(), channel.clone()));
        let subscription = Self { client, renewing };
        let subscribed = subscription.client.ssubscribe(channel).await;
        subscribed.map(|()| subscription).map_err(|error| fred_error(&error))
    }

    /// Is its connection there at present?
    pub(crate) fn is_connected(&self) -> bool {
        self.client.is_connected()
    }

    /// What is published from here on.
    pub(crate) fn messages(&self) -> Receiver<Message> {
        self.client.message_rx()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.renewing.abort();
        control::quit(self.client.clone());
    }
}

/// Subscribes again after every reconnect, and now and then without: a server also ends a
/// subscription without closing the connection, and an attempt to renew it may itself fail. Ends
/// with the client, or is aborted with its subscription.
async fn renew(client: SubscriberClient, channel: String) {
    let mut reconnects = client.reconnect_rx();
    loop {
        match timeout(SUBSCRIPTION_RENEWED, reconnects.recv()).await {
            Ok(Err(RecvError::Closed)) => return,
            Ok(Ok(_) | Err(RecvError::Lagged(_))) | Err(_) => {}
        }
        if let Err(error) = client.ssubscribe(channel.clone()).await {
            tracing::debug!(%error, channel, "subscription could not be renewed");
        }
    }
}
