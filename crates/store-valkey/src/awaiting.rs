//! Waiting for something new in streams, without asking again and again.
//!
//! A blocked `XREAD` costs a server nothing, but blocks its connection. So one waits on a
//! connection of its own for every stream that somebody waits for; on a Cluster, where streams of
//! several slots cannot be asked for together, one for each stream. What has come is only told,
//! and read by whoever waited.
//!
//! A blocked `XREAD` cannot be given one stream more. Whoever was told is likely to wait again
//! soon, so for a moment it blocks for short; whoever comes later than that has the connection
//! closed and made anew.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use baton_model::limits::{COMMANDS_AWAITED, COMMANDS_POLL_BUSY, COMMANDS_STIRRED};
use baton_store::{StoreError, StreamId};
use baton_valkey_link::{Server, Topology};
use fred::interfaces::ClusterInterface;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

use crate::{
    Valkey, ValkeyConfig,
    blocking::{Blocking, Way},
    reply::{Reply, nth},
};

/// All who wait, by the stream on a Cluster, and all together elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Awaiting(Mutex<BTreeMap<Option<String>, mpsc::UnboundedSender<Waiter>>>);

/// Somebody who waits.
#[derive(Debug)]
struct Waiter {
    key: String,
    after: StreamId,
    /// Who holds the stream, on a Cluster.
    holder: Option<Server>,
    told: oneshot::Sender<Result<(), StoreError>>,
}

impl Valkey {
    /// Waits until a stream holds something behind this place.
    pub(crate) async fn await_behind(
        &self,
        key: String,
        after: StreamId,
    ) -> Result<(), StoreError> {
        let is_cluster = matches!(self.config().url.topology, Topology::Cluster(_));
        let together = is_cluster.then(|| key.clone());
        let holder = self.control().primary_of(&key);
        let (told, outcome) = oneshot::channel();
        self.awaiting().join(together, Waiter { key, after, holder, told }, self.config());
        let gone = |_| Err(StoreError::unavailable("the wait for commands was cut short"));
        let outcome = outcome.await.unwrap_or_else(gone);
        if outcome.is_err() && is_cluster {
            // The stream may have moved to another server. Should this fail, so will the next wait.
            drop(self.control().client().sync_cluster().await);
        }
        outcome
    }
}

impl Awaiting {
    fn join(&self, together: Option<String>, waiter: Waiter, config: &ValkeyConfig) {
        let start = || {
            let (waiters, inbox) = mpsc::unbounded_channel();
            tokio::spawn(Watch::new(inbox, config.clone()).run());
            waiters
        };
        let mut watches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let watch = watches.entry(together).or_insert_with(start);
        if let Err(mpsc::error::SendError(waiter)) = watch.send(waiter) {
            // It ended with the runtime that it ran on.
            *watch = start();
            drop(watch.send(waiter));
        }
    }
}

/// Waits for all who may be waited for together.
struct Watch {
    inbox: mpsc::UnboundedReceiver<Waiter>,
    config: ValkeyConfig,
    waiters: Vec<Waiter>,
    connection: Option<Blocking>,
    /// When somebody last began to wait, or was told.
    stirred_at: Instant,
}

/// How a watch goes on.
enum Turn {
    Next,
    /// Nobody can come any more.
    Over,
}

impl Watch {
    fn new(inbox: mpsc::UnboundedReceiver<Waiter>, config: ValkeyConfig) -> Self {
        Self { inbox, config, waiters: Vec::new(), connection: None, stirred_at: Instant::now() }
    }

    async fn run(mut self) {
        while let Turn::Next = self.turn().await {}
    }

    async fn turn(&mut self) -> Turn {
        self.waiters.retain(|waiter| !waiter.told.is_closed());
        while let Ok(waiter) = self.inbox.try_recv() {
            self.take(waiter);
        }
        match self.waiters.is_empty() {
            true => self.idle().await,
            false => self.watch().await,
        }
    }

    fn take(&mut self, waiter: Waiter) {
        self.waiters.push(waiter);
        self.stirred_at = Instant::now();
    }

    /// Nobody waits. The connection is kept for a while, since that is seldom for long.
    async fn idle(&mut self) -> Turn {
        let comes = match timeout(COMMANDS_AWAITED, self.inbox.recv()).await {
            Ok(comes) => comes,
            Err(_) => {
                self.connection = None;
                self.inbox.recv().await
            }
        };
        let Some(waiter) = comes else {
            return Turn::Over;
        };
        self.take(waiter);
        Turn::Next
    }

    async fn watch(&mut self) -> Turn {
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(error) => {
                self.tell_all(&error);
                return Turn::Next;
            }
        };
        let is_stirred = self.stirred_at.elapsed() < COMMANDS_STIRRED;
        let block = if is_stirred { COMMANDS_POLL_BUSY } else { COMMANDS_AWAITED };
        let streams = self.waiters.iter().map(|waiter| (waiter.key.as_str(), waiter.after));
        let streams: Vec<_> = streams.collect();
        tokio::select! {
            biased;
            answer = connection.next(&streams, block) => {
                match answer.and_then(|reply| keys_of(&reply)) {
                    Ok(keys) => {
                        self.connection = Some(connection);
                        self.tell(&keys).await;
                    }
                    Err(error) => self.tell_all(&error),
                }
                Turn::Next
            }
            // With the connection, which is blocked, the server's waiting ends.
            comes = self.inbox.recv(), if !is_stirred => match comes {
                Some(waiter) => {
                    self.take(waiter);
                    Turn::Next
                }
                None => Turn::Over,
            },
        }
    }

    /// The connection, made anew where there is none, or where it has been held for so long that
    /// its server may not be the right one any more.
    async fn connect(&mut self) -> Result<Blocking, StoreError> {
        if let Some(connection) = self.connection.take().filter(Blocking::is_young) {
            return Ok(connection);
        }
        let holder = self.waiters.last().and_then(|waiter| waiter.holder.clone());
        Blocking::connect(&self.config, holder.map_or(Way::Usual, Way::To)).await
    }

    /// Tells those whose streams have something new. What comes right behind it they find together.
    async fn tell(&mut self, keys: &[String]) {
        if keys.is_empty() {
            return;
        }
        for waiter in self.waiters.extract_if(.., |waiter| keys.contains(&waiter.key)) {
            // It may not wait any more.
            drop(waiter.told.send(Ok(())));
        }
        self.stirred_at = Instant::now();
        sleep(COMMANDS_POLL_BUSY).await;
    }

    /// They come again when they have read for themselves.
    fn tell_all(&mut self, error: &StoreError) {
        for waiter in self.waiters.drain(..) {
            drop(waiter.told.send(Err(error.clone())));
        }
    }
}

/// The streams that an answer to `XREAD` names.
fn keys_of(reply: &Reply) -> Result<Vec<String>, StoreError> {
    if *reply == Reply::Nil {
        return Ok(Vec::new());
    }
    let key = |stream: &Reply| Ok(nth(stream.list()?, 0)?.text()?.to_owned());
    reply.list()?.iter().map(key).collect()
}
