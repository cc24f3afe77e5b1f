//! Channels on which clients tell each other things. Nothing of it is kept.
//!
//! A client that does not read what it has subscribed to loses its connection: to drop messages in
//! silence would be worse.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::Reply;

/// By channel and by client.
type Hearers = BTreeMap<Bytes, BTreeMap<u64, Hearer>>;

/// Who hears what is published where.
#[derive(Debug, Default)]
pub(crate) struct Channels(Mutex<Hearers>);

/// The way to a client.
#[derive(Debug, Clone)]
pub(crate) struct Hearer {
    pub(crate) sender: mpsc::Sender<Reply>,
    /// It has missed something.
    pub(crate) is_behind: Arc<AtomicBool>,
}

impl Channels {
    pub(crate) fn subscribe(&self, channel: &Bytes, client: u64, hearer: &Hearer) {
        self.channels().entry(channel.clone()).or_default().insert(client, hearer.clone());
    }

    pub(crate) fn unsubscribe(&self, channel: &Bytes, client: u64) {
        let mut channels = self.channels();
        if let Some(hearers) = channels.get_mut(channel) {
            hearers.remove(&client);
            if hearers.is_empty() {
                channels.remove(channel);
            }
        }
    }

    /// Tells everybody who has subscribed, and says how many that were.
    pub(crate) fn publish(&self, channel: &Bytes, message: &Bytes) -> usize {
        let channels = self.channels();
        let Some(hearers) = channels.get(channel) else {
            return 0;
        };
        let push = Reply::Push(vec![
            Reply::word("message"),
            Reply::Bulk(channel.clone()),
            Reply::Bulk(message.clone()),
        ]);
        for hearer in hearers.values() {
            if hearer.sender.try_send(push.clone()).is_err() {
                hearer.is_behind.store(true, Ordering::Relaxed);
            }
        }
        hearers.len()
    }

    fn channels(&self) -> MutexGuard<'_, Hearers> {
        // Every change to the map is one call, so a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
