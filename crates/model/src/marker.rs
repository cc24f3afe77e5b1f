//! Markers: entries that Baton itself writes.
//!
//! Where Discord cannot replay, the stream must not simply go on: a consumer that keeps state has
//! to know that something is missing. A marker stands in the stream before the next dispatch.

use serde::{Deserialize, Serialize};

use crate::{EventName, Generation, Seq, SessionNumber, StreamId};

/// How a session came to be the current one of its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStart {
    /// The shard never had one.
    First,
    /// Discord declared the one before invalid: what it held after its last seq is lost.
    Invalidated,
    /// An operator asked for a new one.
    Restarted,
}

/// An entry that no dispatch stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "marker", rename_all = "snake_case")]
pub enum Marker {
    /// A new session began. Its seq is 0, before every dispatch of that session.
    SessionStarted {
        /// Why there is a new one.
        start: SessionStart,
        /// The session before it, and the last seq the stream holds of that one.
        previous: Option<(SessionNumber, Seq)>,
    },
    /// Dispatches of this session are missing, although it goes on. Its seq is that of the last
    /// one missing, which no dispatch will ever have.
    Gap {
        /// The last dispatch before the gap.
        after: Seq,
        /// The first dispatch behind it.
        before: Seq,
    },
    /// The store was wiped, or lost more than its writers could give back: entries up to this seq
    /// that nobody has read yet are gone. Its seq is that one, which a dispatch may have too.
    StreamLost {
        /// The last seq that may be missing.
        upto: Seq,
    },
    /// The lane's stream was longer than it may be: its oldest entries had to go before all
    /// consumer groups that are alive had read them. It speaks of the lane and of no shard, and
    /// stands at the end of the stream, behind entries that are later than what is gone.
    Trimmed {
        /// The first entry that was left; every one before it is gone.
        before: StreamId,
        /// How many of those had not been read by all.
        entries: u64,
    },
    /// The app changed its shard count: from here on the events come from another generation.
    GenerationSwitched {
        /// The one that ends here.
        from: Generation,
        /// The one that carries on.
        to: Generation,
    },
}

impl Marker {
    /// What every marker's event name starts with, and no event of Discord's does.
    pub const PREFIX: &'static str = "BATON_";

    /// The name under which the marker stands in the stream.
    #[must_use]
    pub fn name(&self) -> EventName {
        EventName::new(match self {
            Self::SessionStarted { .. } => "BATON_SESSION_STARTED",
            Self::Gap { .. } => "BATON_GAP",
            Self::StreamLost { .. } => "BATON_STREAM_LOST",
            Self::Trimmed { .. } => "BATON_TRIMMED",
            Self::GenerationSwitched { .. } => "BATON_GENERATION_SWITCHED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_marker_is_recognised_by_its_prefix() {
        let markers = [
            Marker::SessionStarted { start: SessionStart::First, previous: None },
            Marker::Gap { after: Seq(1), before: Seq(3) },
            Marker::StreamLost { upto: Seq(1) },
            Marker::Trimmed { before: StreamId::START, entries: 1 },
            Marker::GenerationSwitched { from: Generation(0), to: Generation(1) },
        ];
        for marker in markers {
            assert!(marker.name().as_str().starts_with(Marker::PREFIX));
        }
    }
}
