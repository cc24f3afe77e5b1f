//! What can be chosen when a store is opened.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use baton_model::StoreMillis;

use crate::state::Retention;

/// When what was written is on the disk for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Before the answer: what was acknowledged survives a power failure. Operations that come
    /// in while the disk is busy share its next transaction.
    #[default]
    Always,
    /// This long after the answer at the latest. What was acknowledged since the last
    /// transaction is lost by a crash of the process or the machine; what is left is a state
    /// that was once true, as after a failover of Valkey.
    Every(Duration),
    /// When the operating system likes. A crash of the process loses only what was on its way to
    /// the operating system; a power failure may leave a file that cannot be opened any more.
    Never,
}

/// The store's clock, from which epochs and identify slots are made.
pub trait Clock: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> StoreMillis;
}

impl<F: Fn() -> StoreMillis + Send + Sync + 'static> Clock for F {
    fn now(&self) -> StoreMillis {
        self()
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> StoreMillis {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let millis = since_1970.unwrap_or_default().as_millis();
        StoreMillis(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

/// How a store is to be.
#[derive(Clone)]
pub struct Options {
    /// When what was written is durable.
    pub durability: Durability,
    /// How much of each stream is kept.
    pub retention: Retention,
    /// The store's clock.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            retention: Retention::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("durability", &self.durability)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}
