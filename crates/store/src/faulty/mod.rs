//! [`Faulty`]: a store whose connection is bad, from a seed.
//!
//! It wraps any store and does to each call what a network does: delays it, loses the request,
//! or loses the answer after the store has acted. Callers cannot tell the last two apart, which
//! is the point: whatever is written over a store has to hold over a faulty one.

mod apps;
mod brokers;
mod commands;
mod conflicts;
mod events;
mod hints;
mod identify;
mod intents;
mod journal;
mod lanes;
mod leases;
mod membership;
mod planning;
mod reports;
mod stored_apps;
mod transfer;

use std::{
    future::Future,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::StoreError;

pub use hints::FaultyHearing;

/// How often what goes wrong, in percent of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// The request never arrives; the caller gets no answer.
    pub lost_request_percent: u8,
    /// The store acts, but the caller gets no answer.
    pub lost_reply_percent: u8,
    /// The store says that it cannot at present.
    pub unavailable_percent: u8,
    /// Every call waits up to this long first.
    pub delay_max: Duration,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        lost_request_percent: 0,
        lost_reply_percent: 0,
        unavailable_percent: 0,
        delay_max: Duration::ZERO,
    };
}

/// A store with a bad connection.
#[derive(Debug, Clone)]
pub struct Faulty<S> {
    store: S,
    faults: Arc<RwLock<Faults>>,
    dice: Arc<AtomicU64>,
}

enum Fate {
    Served,
    RequestLost,
    ReplyLost,
    Unavailable,
}

impl<S> Faulty<S> {
    /// Wraps a store. The same seed and the same order of calls give the same faults.
    pub fn new(store: S, faults: Faults, seed: u64) -> Self {
        let dice = Arc::new(AtomicU64::new(seed));
        Self { store, faults: Arc::new(RwLock::new(faults)), dice }
    }

    /// Changes what goes wrong from the next call on, for all clones.
    pub fn set_faults(&self, faults: Faults) {
        *self.faults.write().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    fn faults(&self) -> Faults {
        *self.faults.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn roll(&self, sides: u64) -> u64 {
        // splitmix64: every call takes the next number of one sequence, also across clones.
        let step = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mut bits = step.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % sides.max(1)
    }

    fn fate(&self) -> Fate {
        let Faults { lost_request_percent, lost_reply_percent, unavailable_percent, .. } =
            self.faults();
        let request = u64::from(lost_request_percent);
        let reply = request + u64::from(lost_reply_percent);
        let unavailable = reply + u64::from(unavailable_percent);
        match self.roll(100) {
            roll if roll < request => Fate::RequestLost,
            roll if roll < reply => Fate::ReplyLost,
            roll if roll < unavailable => Fate::Unavailable,
            _ => Fate::Served,
        }
    }

    async fn delay(&self) {
        let micros = u64::try_from(self.faults().delay_max.as_micros()).unwrap_or(u64::MAX);
        if micros > 0 {
            tokio::time::sleep(Duration::from_micros(self.roll(micros))).await;
        }
    }

    async fn through<T, E: From<StoreError>>(
        &self,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        self.delay().await;
        match self.fate() {
            Fate::Served => call.await,
            Fate::RequestLost => Err(StoreError::unknown("request lost").into()),
            Fate::ReplyLost => {
                // What the store answered is lost, whatever it was.
                drop(call.await);
                Err(StoreError::unknown("reply lost").into())
            }
            Fate::Unavailable => Err(StoreError::unavailable("made so").into()),
        }
    }
}
