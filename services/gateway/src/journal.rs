//! Notes down what the instance does, in the store's journal, for those who ask later.
//!
//! It is for people and decides nothing, so nobody ever waits for it: what happens goes into a
//! bounded queue, and what finds that full is dropped and counted. Notes go out one after the other
//! and never faster than [`JOURNAL_PACE`]: a cold start of thousands of shards must not keep the
//! store from what it is for.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use baton_model::{
    InstanceId,
    limits::{JOURNAL_PACE, JOURNAL_WAITING_MAX, STORE_ANSWER_TIMEOUT},
};
use baton_store::{Doer, Happening, Journal, What};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::clock::unix_micros;

/// Writes into an instance's queue.
#[derive(Debug, Clone)]
pub(crate) struct Pen {
    me: InstanceId,
    queue: mpsc::Sender<Happening>,
    dropped: Arc<AtomicU64>,
}

/// The other end of the queue.
#[derive(Debug)]
pub(crate) struct Notes {
    queue: mpsc::Receiver<Happening>,
    dropped: Arc<AtomicU64>,
}

/// A queue of what an instance does.
pub(crate) fn queue(me: InstanceId) -> (Pen, Notes) {
    let (sender, receiver) = mpsc::channel(JOURNAL_WAITING_MAX);
    let dropped = Arc::new(AtomicU64::new(0));
    (Pen { me, queue: sender, dropped: dropped.clone() }, Notes { queue: receiver, dropped })
}

impl Pen {
    /// Has something noted down that happens at this moment, if there is room.
    pub(crate) fn note(&self, what: What) {
        let happening = Happening { at: unix_micros(), by: Doer::Instance(self.me), what };
        if self.queue.try_send(happening).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Notes {
    /// Notes down what comes, until nothing can come any more.
    pub(crate) async fn note_down<S: Journal>(mut self, store: S) {
        let mut pace = interval(JOURNAL_PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let Some(happening) = self.queue.recv().await {
            pace.tick().await;
            match timeout(STORE_ANSWER_TIMEOUT, store.note(&happening)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(?happening, error = error.to_string(), "not noted down");
                }
                Err(_) => tracing::debug!(?happening, "perhaps not noted down"),
            }
            let dropped = self.dropped.swap(0, Ordering::Relaxed);
            if dropped > 0 {
                tracing::warn!(dropped, "more happened than could be noted down");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use baton_model::AppName;
    use baton_store::StreamId;
    use baton_store_embedded::{EmbeddedStore, Options};
    use tokio::time::Instant;

    use super::*;

    fn token_read() -> What {
        let app: AppName = "bot".parse().unwrap();
        What::TokenRead { app, changed: false }
    }

    #[tokio::test(start_paused = true)]
    async fn notes_go_out_in_order_and_not_faster_than_their_pace() {
        let store = EmbeddedStore::in_memory(Options::default());
        let (pen, notes) = queue(InstanceId::new(7));
        let instance = InstanceId::new(7);
        pen.note(token_read());
        (0..100).for_each(|_| pen.note(What::DrainTakenBack { instance }));
        drop(pen);
        let begun = Instant::now();
        notes.note_down(store.clone()).await;
        assert!(begun.elapsed() >= JOURNAL_PACE * 100, "{:?}", begun.elapsed());
        let noted = store.happenings(StreamId::START, 1_000).await.unwrap();
        assert_eq!(noted.len(), 101);
        let first = noted[0].1.as_ref().unwrap();
        assert_eq!((&first.by, &first.what), (&Doer::Instance(instance), &token_read()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_the_queue_full_is_dropped_and_counted() {
        let (pen, notes) = queue(InstanceId::new(7));
        (0..JOURNAL_WAITING_MAX + 3).for_each(|_| pen.note(token_read()));
        assert_eq!(notes.dropped.load(Ordering::Relaxed), 3);
        assert_eq!(notes.queue.len(), JOURNAL_WAITING_MAX);
    }
}
