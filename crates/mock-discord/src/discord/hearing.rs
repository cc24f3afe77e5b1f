//! A client speaks: is it a frame at all, is it one too many, may it say that yet.

use super::{
    ConnectionId, Discord, Output,
    client_frame::{ClientFrame, FrameError},
    connection::Phase,
    server_frame,
};
use crate::{ledger::FrameHash, verdict::Rule};

impl Discord {
    pub(super) fn on_text(&mut self, connection: ConnectionId, text: &str) {
        if !self.is_heard(connection) {
            return;
        }
        match ClientFrame::read(text) {
            Ok(ClientFrame::Heartbeat) => self.on_heartbeat(connection),
            Ok(ClientFrame::Identify(identify)) => self.on_identify(connection, &identify),
            Ok(ClientFrame::Resume(resume)) => self.on_resume(connection, &resume),
            Ok(ClientFrame::Command(asked)) => {
                self.on_command(connection, asked, FrameHash::of(text.as_bytes()));
            }
            Err(FrameError::TooLarge) => {
                self.verdict(Rule::PayloadTooLarge, connection);
                self.close(connection, 4_002, "payload too large");
            }
            Err(FrameError::UnknownOp) => {
                self.verdict(Rule::UnknownOp, connection);
                self.close(connection, 4_001, "unknown opcode");
            }
            Err(FrameError::Malformed) => {
                self.verdict(Rule::Malformed, connection);
                self.close(connection, 4_002, "error while decoding payload");
            }
        }
    }

    pub(super) fn on_binary(&mut self, connection: ConnectionId) {
        if self.is_heard(connection) {
            self.verdict(Rule::NotText, connection);
            self.close(connection, 4_002, "error while decoding payload");
        }
    }

    /// Whether a frame gets through. Counts it: each is one of those 120 a minute.
    fn is_heard(&mut self, connection: ConnectionId) -> bool {
        let Some(open) = self.connections.get_mut(&connection) else {
            return false;
        };
        if open.phase == Phase::Mute {
            return false;
        }
        if open.exceeds_send_limit(self.now) {
            self.verdict(Rule::SendLimit, connection);
            self.close(connection, 4_008, "you are being rate limited");
            return false;
        }
        true
    }

    fn on_heartbeat(&mut self, connection: ConnectionId) {
        if let Some(open) = self.connections.get_mut(&connection) {
            open.last_heartbeat = self.now;
        }
        if !self.faults.swallows_heartbeats {
            self.send(Output::Send { connection, frame: server_frame::acknowledgement() });
        }
    }

    /// Whether a client may say who it is: once. Says so if not.
    pub(super) fn is_yet_unknown(&mut self, connection: ConnectionId) -> bool {
        if self.slice_of(connection).is_none() {
            return true;
        }
        self.verdict(Rule::AlreadyAuthenticated, connection);
        self.close(connection, 4_005, "already authenticated");
        false
    }
}
