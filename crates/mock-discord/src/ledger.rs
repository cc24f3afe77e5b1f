//! What was sent: every dispatch of every session, with its number, a hash of its bytes and the
//! time.
//!
//! The ledger is the truth that a stream is compared with. A dispatch enters it when it gets its
//! number, whether or not a client is there to take it: Discord owes it to the session from then
//! on. It holds no bytes; a hash is enough to notice that one was changed on the way.
//!
//! A ledger may be bounded, and then forgets the oldest first. It says what it has forgotten, for
//! an audit must not take that for something that was never sent.

mod scribe;

use std::{
    collections::{BTreeMap, VecDeque},
    num::ParseIntError,
    time::Duration,
};

use baton_model::{Seq, ShardNumber};
use serde::{Deserialize, Serialize};

use crate::{SessionOrdinal, Slice};

pub(crate) use scribe::Scribe;

/// Everything that every session was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// From this session on none is missing; of those before it, some may be.
    pub complete_from: SessionOrdinal,
    /// By the sessions' own numbers, which is the order in which they began.
    pub sessions: BTreeMap<SessionOrdinal, SessionLedger>,
}

/// What one session was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLedger {
    /// The shard it belongs to.
    pub slice: Slice,
    /// The id that READY told its client.
    pub id: String,
    /// From this number on no dispatch is missing; before it, all are.
    pub complete_from: Seq,
    /// Its dispatches, in the order of their numbers.
    pub sent: VecDeque<Sent>,
}

/// FNV-1a of 64 bits: the same in every language and for ever, which is all that is asked of it.
///
/// In JSON it is 16 hex digits, since not every language's numbers have 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FrameHash(u64);

/// One dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its number.
    pub seq: Seq,
    /// The hash of its frame.
    pub hash: FrameHash,
    /// When it got its number, in microseconds since the simulated Discord's zero.
    pub at: u64,
}

impl Ledger {
    /// Whether a dispatch may be one that was sent and is forgotten. Which session a stream means
    /// is not always known; then any of the shard's may be meant.
    pub(crate) fn may_have_forgotten(
        &self,
        shard: ShardNumber,
        session: Option<SessionOrdinal>,
        seq: Seq,
    ) -> bool {
        if let Some(known) = session.and_then(|session| self.sessions.get(&session)) {
            return seq < known.complete_from;
        }
        let mut of_shard = self.sessions.values().filter(|session| session.slice.0 == shard);
        self.has_forgotten_sessions() || of_shard.any(|session| seq < session.complete_from)
    }

    /// Whether all that a stream holds of a shard must be here.
    pub(crate) fn is_complete_for(&self, shard: ShardNumber) -> bool {
        let mut of_shard = self.sessions.values().filter(|session| session.slice.0 == shard);
        !self.has_forgotten_sessions() && !of_shard.any(SessionLedger::has_forgotten)
    }

    fn has_forgotten_sessions(&self) -> bool {
        self.complete_from > SessionOrdinal(1)
    }
}

impl SessionLedger {
    /// A session that has been sent nothing yet.
    #[must_use]
    pub fn new(slice: Slice, id: &str) -> Self {
        Self { slice, id: id.to_owned(), complete_from: Seq(1), sent: VecDeque::new() }
    }

    /// Whether any of its dispatches is missing here.
    pub(crate) fn has_forgotten(&self) -> bool {
        self.complete_from > Seq(1)
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self { complete_from: SessionOrdinal(1), sessions: BTreeMap::new() }
    }
}

impl Sent {
    /// How much later than `earlier` this one was sent.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Duration {
        Duration::from_micros(self.at.saturating_sub(earlier.at))
    }
}

impl FrameHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(0xcbf2_9ce4_8422_2325, step))
    }
}

impl From<FrameHash> for String {
    fn from(FrameHash(hash): FrameHash) -> Self {
        format!("{hash:016x}")
    }
}

impl TryFrom<String> for FrameHash {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, ParseIntError> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use baton_model::Moment;

    use super::*;

    #[test]
    fn the_hash_is_the_one_that_others_compute() {
        assert_eq!(FrameHash::of(b""), FrameHash(0xcbf2_9ce4_8422_2325));
        assert_eq!(FrameHash::of(b"foobar"), FrameHash(0x8594_4171_f739_67e8));
    }

    #[test]
    fn a_ledger_survives_its_way_through_json() {
        let mut scribe = Scribe::new(usize::MAX);
        scribe.open(SessionOrdinal(1), Slice::WHOLE, "abc");
        scribe.record(SessionOrdinal(1), Seq(u64::MAX), b"frame", Moment::from_millis(1));
        let json = serde_json::to_string(scribe.ledger()).unwrap();
        let session = r#""1":{"slice":[0,1],"id":"abc","complete_from":1,"sent":[{"#;
        assert!(json.contains(session), "{json}");
        assert!(json.contains(r#""hash":"d8d4335628b35226""#), "{json}");
        assert_eq!(&serde_json::from_str::<Ledger>(&json).unwrap(), scribe.ledger());
    }
}
