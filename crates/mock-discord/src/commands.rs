//! What clients asked of Discord: every command that came in a living session.
//!
//! The ledger is what Discord sent, and this is its counterpart. With it a test can prove which
//! command arrived, on which shard, how often and in which order; so also that one was lost on the
//! way, or sent twice.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ConnectionId, SessionOrdinal, Slice, ledger::FrameHash};

/// Commands kept in full. With 4096 bytes each that is 40 MB at worst; the counts go on.
const KEPT_MAX: usize = 10_000;

/// All commands so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commands {
    /// How many came in each session, by their op.
    pub counts: BTreeMap<SessionOrdinal, BTreeMap<u64, u64>>,
    /// The latest of them, in the order in which they came.
    pub latest: VecDeque<Command>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// What it asks for: 3 presence, 4 voice state, 8 guild members, 31 soundboard sounds,
    /// 43 channel info.
    pub op: u64,
    /// The shard it came for.
    pub slice: Slice,
    /// The session it came in.
    pub session: SessionOrdinal,
    /// The connection that carried it.
    pub connection: ConnectionId,
    /// The hash of its whole frame, byte for byte as it came.
    pub hash: FrameHash,
    /// When it came, in microseconds since the simulated Discord's zero.
    pub at: u64,
    /// Its body.
    pub d: Value,
}

impl Commands {
    /// How many of this op came in this session.
    #[must_use]
    pub fn count(&self, session: SessionOrdinal, op: u64) -> u64 {
        self.counts.get(&session).and_then(|ops| ops.get(&op)).copied().unwrap_or(0)
    }

    /// The latest that came for this shard, in whichever session.
    pub fn of_shard(&self, slice: Slice) -> impl Iterator<Item = &Command> {
        self.latest.iter().filter(move |command| command.slice == slice)
    }

    /// The latest that came in this session.
    pub fn of_session(&self, session: SessionOrdinal) -> impl Iterator<Item = &Command> {
        self.latest.iter().filter(move |command| command.session == session)
    }

    pub(crate) fn record(&mut self, command: Command) {
        *self.counts.entry(command.session).or_default().entry(command.op).or_default() += 1;
        if self.latest.len() == KEPT_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back(command);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn command(session: u64, op: u64, at: u64) -> Command {
        Command {
            op,
            slice: Slice::checked(session % 2, 2).unwrap(),
            session: SessionOrdinal(session),
            connection: ConnectionId(session),
            hash: FrameHash::of(b"frame"),
            at,
            d: json!({"at": at}),
        }
    }

    #[test]
    fn counts_go_on_where_the_list_ends() {
        let mut commands = Commands::default();
        for at in 0..10_002 {
            commands.record(command(1, 3, at));
        }
        assert_eq!(commands.count(SessionOrdinal(1), 3), 10_002);
        assert_eq!(commands.latest.len(), 10_000);
        assert_eq!((commands.latest[0].at, commands.latest[9_999].at), (2, 10_001));
    }

    #[test]
    fn they_are_found_by_shard_and_by_session_in_their_order() {
        let mut commands = Commands::default();
        for (at, session) in [1, 2, 3, 1].into_iter().enumerate() {
            commands.record(command(session, 4, at as u64));
        }
        let odd = Slice::checked(1, 2).unwrap();
        let times = |found: Vec<&Command>| found.iter().map(|one| one.at).collect::<Vec<_>>();
        assert_eq!(times(commands.of_shard(odd).collect()), [0, 2, 3]);
        assert_eq!(times(commands.of_session(SessionOrdinal(1)).collect()), [0, 3]);
        let count = |session, op| commands.count(SessionOrdinal(session), op);
        assert_eq!((count(1, 4), count(2, 4), count(1, 3), count(9, 4)), (2, 1, 0, 0));
    }

    #[test]
    fn the_book_survives_its_way_through_json() {
        let mut commands = Commands::default();
        commands.record(command(1, 8, 5));
        let json = serde_json::to_string(&commands).unwrap();
        assert!(json.contains(r#""counts":{"1":{"8":1}}"#), "{json}");
        assert_eq!(serde_json::from_str::<Commands>(&json).unwrap(), commands);
    }
}
