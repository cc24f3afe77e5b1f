//! An instance that runs out of memory leaves in time.
//!
//! The kernel kills a process that passes its limit, and nothing is handed over then. So the
//! instance looks at itself, and above a share of the limit it gives everything away and ends
//! with a code of its own, for a fresh process to come. It frees nothing and guesses at no cause.

mod system;

use std::{sync::Arc, time::Duration};

use baton_model::limits::DRAIN_LIMIT;
use tokio::{sync::watch, time::MissedTickBehavior};

pub use self::system::read_system;
use crate::{control::Ear, supervisor::Input};

/// How often the instance looks at itself.
const LOOK_PERIOD: Duration = Duration::from_secs(1);

/// Looks in a row that must find too much: a burst that is over at the next look is no reason to
/// move a thousand shards.
const LOOKS_MIN: u32 = 3;

/// The share of the limit above which the instance leaves, unless something else is chosen.
pub const SHARE_PERCENT_DEFAULT: u8 = 85;

/// What a process uses, and what it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Bytes that lie in memory for it.
    pub resident_bytes: u64,
    /// Bytes that it may use at the most: its control group's limit, or all there is.
    pub limit_bytes: u64,
}

impl Memory {
    /// Whether it uses more than this share of what it may.
    #[must_use]
    pub const fn is_above(self, share_percent: u8) -> bool {
        // In 128 bits nothing overflows.
        self.resident_bytes as u128 * 100 > self.limit_bytes as u128 * share_percent as u128
    }
}

/// How an instance learns what it uses; none where that cannot be known.
pub type Reading = Arc<dyn Fn() -> Option<Memory> + Send + Sync>;

/// Within which bounds an instance stays. They may change while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Above this share of the limit it leaves.
    pub share_percent: u8,
    /// How long its drain may take then.
    pub drain_limit: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { share_percent: SHARE_PERCENT_DEFAULT, drain_limit: DRAIN_LIMIT }
    }
}

/// What was found at the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// What the process uses.
    pub memory: Memory,
    /// Above which share of its limit it leaves.
    pub share_percent: u8,
}

/// Looks at the own memory for ever; has the instance leave when there is too little.
pub(crate) async fn guard(
    bounds: watch::Receiver<Bounds>,
    reading: Reading,
    ear: Ear,
    seen: watch::Sender<Option<Look>>,
) {
    let mut looks = tokio::time::interval(LOOK_PERIOD);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut patience = Patience::default();
    loop {
        looks.tick().await;
        let Bounds { share_percent, drain_limit } = *bounds.borrow();
        let memory = reading();
        seen.send_replace(memory.map(|memory| Look { memory, share_percent }));
        let Some(memory) = memory else {
            continue;
        };
        if patience.ends_with(memory, share_percent) {
            let Memory { resident_bytes, limit_bytes } = memory;
            tracing::error!(resident_bytes, limit_bytes, share_percent, "memory is short; leaving");
            ear.input(Input::ShortOfMemory { limit: drain_limit });
        }
    }
}

/// How many looks in a row have found too much.
#[derive(Debug, Default)]
struct Patience(u32);

impl Patience {
    /// Takes a look; says whether it is the last one needed.
    fn ends_with(&mut self, memory: Memory, share_percent: u8) -> bool {
        self.0 = if memory.is_above(share_percent) { self.0.saturating_add(1) } else { 0 };
        self.0 == LOOKS_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(resident_bytes: u64) -> Memory {
        Memory { resident_bytes, limit_bytes: 1_000 }
    }

    #[test]
    fn the_share_itself_is_not_above_it() {
        assert!(!used(850).is_above(85));
        assert!(used(851).is_above(85));
        let all = Memory { resident_bytes: u64::MAX, limit_bytes: u64::MAX };
        assert!(all.is_above(99));
        assert!(!all.is_above(100));
    }

    #[test]
    fn three_looks_in_a_row_are_needed_and_it_is_said_once() {
        let mut patience = Patience::default();
        let looks = [900, 900, 500, 900, 900, 900, 900, 900];
        let said = looks.map(|resident| patience.ends_with(used(resident), 85));
        assert_eq!(said, [false, false, false, false, false, true, false, false]);
    }
}
