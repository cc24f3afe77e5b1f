//! A client comes: is anybody there, does it speak our version, and HELLO.

use super::{
    Compressions, ConnectionId, Discord, Host, Output,
    agenda::Reminder,
    connection::{Connection, Phase},
    faults::Silence,
    server_frame,
};
use crate::verdict::Rule;

/// What the url asks for that we cannot give.
enum Objection {
    Version,
    Encoding,
    Compression,
}

impl Discord {
    pub(super) fn on_opened(&mut self, connection: ConnectionId, host: Host, query: &str) {
        if self.faults.is_out(self.now) || self.is_dead(host) {
            return self.send(Output::Refuse { connection });
        }
        let compression = value_of(query, "compress").unwrap_or_default().to_owned();
        let opened = Connection::new(Phase::Greeted, compression, self.now);
        let before = self.connections.insert(connection, opened);
        assert!(before.is_none(), "connection {connection} was opened twice");
        if self.faults.take_silence() {
            return self.mute(connection);
        }
        match objection(query, self.settings.compressions) {
            None => self.greet(connection),
            Some(Objection::Version) => {
                self.verdict(Rule::WrongVersion, connection);
                self.close(connection, 4_012, "invalid API version");
            }
            Some(Objection::Encoding) => {
                self.verdict(Rule::WrongEncoding, connection);
                self.close(connection, 4_002, "unknown encoding");
            }
            Some(Objection::Compression) => {
                self.verdict(Rule::WrongCompression, connection);
                self.close(connection, 4_002, "unknown compression");
            }
        }
    }

    fn greet(&mut self, connection: ConnectionId) {
        let interval = self.settings.heartbeat_interval;
        self.send(Output::Send { connection, frame: server_frame::hello(interval) });
        match self.faults.silence {
            Some(Silence::AfterHello) => self.mute(connection),
            Some(Silence::AfterUpgrade) | None => self.remind_of_heartbeat(connection),
        }
    }

    fn is_dead(&self, host: Host) -> bool {
        match host {
            Host::Gateway => false,
            Host::Resume => self.faults.is_resume_host_dead,
        }
    }

    fn remind_of_heartbeat(&mut self, connection: ConnectionId) {
        if let Some(open) = self.connections.get(&connection) {
            let at = open.last_heartbeat + self.settings.heartbeat_interval * 3 / 2;
            self.agenda.note(at, Reminder::Heartbeat(connection));
        }
    }

    /// Closes a client that has been silent for an interval and a half. Half an interval is for
    /// the way, since the first heartbeat comes at a random part of the first interval.
    pub(super) fn look_for_a_heartbeat(&mut self, connection: ConnectionId) {
        let Some(open) = self.connections.get(&connection) else {
            return;
        };
        if open.phase == Phase::Mute {
            return;
        }
        let silence = self.now.since(open.last_heartbeat);
        if silence < self.settings.heartbeat_interval * 3 / 2 {
            return self.remind_of_heartbeat(connection);
        }
        self.verdict(Rule::HeartbeatMissing, connection);
        self.close(connection, 4_009, "session timed out");
    }
}

fn objection(query: &str, compressions: Compressions) -> Option<Objection> {
    if value_of(query, "v") != Some("10") {
        return Some(Objection::Version);
    }
    if value_of(query, "encoding") != Some("json") {
        return Some(Objection::Encoding);
    }
    match value_of(query, "compress") {
        Some(asked) if !compressions.have(asked) => Some(Objection::Compression),
        Some(_) | None => None,
    }
}

fn value_of<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}
