//! A client asks for something in its session: it is written down, and op 8 is answered.
//!
//! What the others change, nobody sees here: no presence is shown, no voice is joined. A connection
//! whose session is held by another is not listened to, and neither is it told so.

use serde_json::Value;

use super::{ConnectionId, Discord};
use crate::{commands::Command, ledger::FrameHash, verdict::Rule};

/// What came.
pub(super) struct Asked {
    pub(super) op: u64,
    pub(super) hash: FrameHash,
    pub(super) d: Value,
}

impl Discord {
    pub(super) fn on_command(&mut self, connection: ConnectionId, asked: Asked) {
        let Some(slice) = self.slice_of(connection) else {
            self.verdict(Rule::NotAuthenticated, connection);
            return self.close(connection, 4_003, "not authenticated");
        };
        let Some(session) = self.held_session(connection) else {
            return;
        };
        let Asked { op, hash, d } = asked;
        let at = self.now.as_nanos() / 1_000;
        self.commands.record(Command { op, slice, session, connection, hash, at, d });
    }
}
