//! What was sent: every dispatch of every session, with its number, a hash of its bytes and the
//! time.
//!
//! The ledger is the truth that a stream is compared with. A dispatch enters it when it gets its
//! number, whether or not a client is there to take it: Discord owes it to the session from then
//! on. It holds no bytes; a hash is enough to notice that one was changed on the way.

use std::{collections::BTreeMap, num::ParseIntError, time::Duration};

use baton_model::{Moment, Seq};
use serde::{Deserialize, Serialize};

use crate::{SessionOrdinal, Slice};

/// Everything that every session was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
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
    /// Its dispatches, in the order of their numbers.
    pub sent: Vec<Sent>,
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
    pub(crate) fn open(&mut self, session: SessionOrdinal, slice: Slice, id: &str) {
        let opened = SessionLedger { slice, id: id.to_owned(), sent: Vec::new() };
        let before = self.sessions.insert(session, opened);
        assert!(before.is_none(), "session {session} was opened twice");
    }

    pub(crate) fn record(&mut self, session: SessionOrdinal, seq: Seq, frame: &[u8], now: Moment) {
        let Some(of_session) = self.sessions.get_mut(&session) else {
            unreachable!("session {session} sends and was never opened");
        };
        let last = of_session.sent.last().map_or(Seq(0), |sent| sent.seq);
        assert!(last < seq, "session {session} sends {seq} after {last}");
        of_session.sent.push(Sent { seq, hash: FrameHash::of(frame), at: now.as_nanos() / 1_000 });
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
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_others_compute() {
        assert_eq!(FrameHash::of(b""), FrameHash(0xcbf2_9ce4_8422_2325));
        assert_eq!(FrameHash::of(b"foobar"), FrameHash(0x8594_4171_f739_67e8));
    }

    #[test]
    fn a_ledger_survives_its_way_through_json() {
        let mut ledger = Ledger::default();
        ledger.open(SessionOrdinal(1), Slice::WHOLE, "abc");
        ledger.record(SessionOrdinal(1), Seq(u64::MAX), b"frame", Moment::from_millis(1));
        let json = serde_json::to_string(&ledger).unwrap();
        assert!(json.contains(r#""1":{"slice":[0,1],"id":"abc""#), "{json}");
        assert!(json.contains(r#""hash":"d8d4335628b35226""#), "{json}");
        assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
    }

    #[test]
    #[should_panic(expected = "session 1 sends 4 after 4")]
    fn numbers_of_a_session_only_grow() {
        let mut ledger = Ledger::default();
        ledger.open(SessionOrdinal(1), Slice::WHOLE, "abc");
        ledger.record(SessionOrdinal(1), Seq(4), b"", Moment::ZERO);
        ledger.record(SessionOrdinal(1), Seq(4), b"", Moment::ZERO);
    }
}
