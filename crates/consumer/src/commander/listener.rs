//! Reads a stream for those who wait for something in it, and only while somebody does.
//!
//! Whoever waits joins first and asks the store for something then. What comes of it is written
//! later still, so it is heard, although the read may have been under way for long.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use baton_model::StreamId;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::{
    arrivals::entries_of_stream,
    machine::Arrival,
    route::Servers,
    seat::Setback,
    settings::{ANSWER_TIMEOUT, READ_BLOCK, TROUBLE_PAUSE_FIRST, TROUBLE_PAUSE_MAX},
    wire::Wire,
};

/// Entries that are read in one go.
const READ_MAX: usize = 256;

/// What of a stream anybody may want.
pub(super) type Sieve = fn(&Arrival) -> bool;

/// What somebody hears.
pub(super) type Heard = UnboundedReceiver<Arc<Arrival>>;

/// A stream that can be listened to.
pub(super) struct Listener {
    servers: Arc<Servers>,
    key: String,
    sieve: Sieve,
    /// The way to the task, once there is one.
    joins: Mutex<Option<UnboundedSender<Join>>>,
}

#[derive(Debug)]
struct Join {
    /// From where, if nobody else listens.
    after: StreamId,
    told: UnboundedSender<Arc<Arrival>>,
}

impl Listener {
    pub(super) fn new(servers: Arc<Servers>, key: String, sieve: Sieve) -> Self {
        Self { servers, key, sieve, joins: Mutex::new(None) }
    }

    /// What is written behind `after` from now on, until what is returned is dropped.
    pub(super) fn join(&self, after: StreamId) -> Heard {
        let (told, heard) = mpsc::unbounded_channel();
        let mut joins = self.joins.lock().unwrap_or_else(PoisonError::into_inner);
        let mut join = Join { after, told };
        if let Some(joins) = &*joins {
            match joins.send(join) {
                Ok(()) => return heard,
                // The runtime that it ran on is gone.
                Err(refused) => join = refused.0,
            }
        }
        // One that has just begun hears of everybody who has joined by then.
        let begun = self.start();
        drop(begun.send(join));
        *joins = Some(begun);
        heard
    }

    /// Starts a task that ends after this is dropped.
    fn start(&self) -> UnboundedSender<Join> {
        let (joins, joined) = mpsc::unbounded_channel();
        let (key, sieve) = (self.key.clone(), self.sieve);
        let wire = Wire::new(self.servers.clone(), key.clone(), READ_BLOCK + ANSWER_TIMEOUT);
        let task = Task { wire, key, sieve, pause: TROUBLE_PAUSE_FIRST };
        tokio::spawn(task.run(joined));
        joins
    }
}

struct Task {
    wire: Wire,
    key: String,
    sieve: Sieve,
    pause: Duration,
}

impl Task {
    async fn run(mut self, mut joined: UnboundedReceiver<Join>) {
        while let Some(Join { mut after, told }) = joined.recv().await {
            let mut waiting = vec![told];
            while !waiting.is_empty() {
                let read = self.read(after).await;
                // Those who joined while it was read may have caused what was read.
                waiting.extend(std::iter::from_fn(|| joined.try_recv().ok()).map(|it| it.told));
                for arrival in read {
                    after = arrival.id;
                    self.tell(&waiting, arrival);
                }
                waiting.retain(|told| !told.is_closed());
            }
        }
    }

    fn tell(&self, waiting: &[UnboundedSender<Arc<Arrival>>], arrival: Arrival) {
        if !(self.sieve)(&arrival) {
            return;
        }
        let arrival = Arc::new(arrival);
        for told in waiting {
            // Who has heard enough is gone.
            drop(told.send(arrival.clone()));
        }
    }

    async fn read(&mut self, after: StreamId) -> Vec<Arrival> {
        match self.ask(after).await {
            Ok(arrivals) => {
                self.pause = TROUBLE_PAUSE_FIRST;
                arrivals
            }
            Err(error) => {
                tracing::warn!(key = self.key, ?error, "stream cannot be read");
                tokio::time::sleep(self.pause).await;
                self.pause = (self.pause * 2).min(TROUBLE_PAUSE_MAX);
                Vec::new()
            }
        }
    }

    async fn ask(&mut self, after: StreamId) -> Result<Vec<Arrival>, Setback> {
        let mut read = redis::cmd("XREAD");
        let block = READ_BLOCK.as_millis().to_string();
        read.arg("COUNT").arg(READ_MAX).arg("BLOCK").arg(block);
        read.arg("STREAMS").arg(&self.key).arg(after.to_string());
        Ok(self.wire.read(&read, entries_of_stream).await??)
    }
}
