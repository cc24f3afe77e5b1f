//! What a shard is about at an instance, in a word or two.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A text that names no state of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not what a shard can be about")]
pub struct ShardStateError(String);

/// The states and their words, side by side.
macro_rules! shard_states {
    ($($(#[$doc:meta])* $state:ident = $word:literal,)+) => {
        /// What a shard is about. Where it gives its lease away, that; else how its connection
        /// stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ShardState {
            $($(#[$doc])* $state,)+
        }

        impl ShardState {
            /// Every state, roughly in the order of a shard's life.
            pub const ALL: &[Self] = &[$(Self::$state),+];

            /// The state as operators read it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$state => $word,)+
                }
            }
        }
    };
}

shard_states! {
    /// Nobody asked for it here.
    Idle = "idle",
    /// Its lease is being claimed.
    Claiming = "claiming",
    /// A socket for a lease to come is on its way to HELLO.
    Warming = "warming",
    /// That socket is held.
    Warm = "warm",
    /// A lease on offer is being accepted.
    Accepting = "accepting",
    /// The next connection waits.
    BackingOff = "backing off",
    /// A socket is on its way to HELLO.
    Connecting = "connecting",
    /// The replay runs.
    Resuming = "resuming",
    /// IDENTIFY waits for the gate, or for us to be allowed to ask it.
    AwaitingPermit = "awaiting permit",
    /// IDENTIFY is out, or about to go.
    Identifying = "identifying",
    /// Events arrive; the store has not numbered their session yet.
    Beginning = "beginning",
    /// Events arrive.
    Live = "live",
    /// The same, while the stream gets back what the store lost.
    Healing = "healing",
    /// The store is being reminded whose the row is.
    Reasserting = "reasserting",
    /// What was received is being appended before the lease is given away.
    Flushing = "flushing",
    /// The lease is being put on offer.
    Offering = "offering",
    /// The lease is on offer.
    Offered = "offered",
    /// The offer is being taken back.
    Retracting = "retracting",
    /// The lease is being given back.
    Releasing = "releasing",
    /// The socket is closing.
    Closing = "closing",
    /// The socket was closed to save memory; the ring drains.
    Shed = "shed",
    /// Discord rejects the app.
    Fatal = "fatal",
    /// The lease was lost to another instance.
    Fenced = "fenced",
    /// The lease went to the target of a hand-over.
    Moved = "moved",
    /// The lease was given back.
    Released = "released",
}

impl FromStr for ShardState {
    type Err = ShardStateError;

    fn from_str(text: &str) -> Result<Self, ShardStateError> {
        let found = Self::ALL.iter().find(|state| state.as_str() == text);
        found.copied().ok_or_else(|| ShardStateError(text.to_owned()))
    }
}

impl fmt::Display for ShardState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_word_of_its_own() {
        for state in ShardState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        assert!("asleep".parse::<ShardState>().is_err());
    }
}
