//! A fault is asked for: what lasts is noted, what happens at once happens to whom it is meant for.

use std::time::Duration;

use baton_model::ShardNumber;

use super::{
    ConnectionId, Discord, Output,
    budget::AppIndex,
    faults::{CloseAfter, Faults, Silence},
    server_frame,
};
use crate::Fault;

impl Discord {
    pub(super) fn on_fault(&mut self, fault: &Fault) {
        match *fault {
            Fault::Latency { ms } => self.outbox.set_latency(Duration::from_millis(ms)),
            Fault::CloseAfter { seq, code, shard } => {
                self.faults.close_after.push(CloseAfter { seq, code, shard });
            }
            Fault::SilentAfterUpgrade {} => self.faults.silence = Some(Silence::AfterUpgrade),
            Fault::SilentNext { connections } => self.faults.silent_next = connections,
            Fault::SilentAfterHello {} => self.faults.silence = Some(Silence::AfterHello),
            Fault::NoAck {} => self.faults.swallows_heartbeats = true,
            Fault::DeadResumeHost {} => self.faults.is_resume_host_dead = true,
            Fault::ShortReplay { keep } => self.cut_replay(keep),
            Fault::InvalidSession { percent } => self.faults.invalid_percent = percent,
            Fault::RestRefused { retry_after_s } => {
                self.faults.rest_retry_after_s = Some(retry_after_s);
            }
            Fault::DropTcp { shard } => self.for_each(shard, Self::drop_tcp),
            Fault::HalfOpen { shard } => self.for_each(shard, Self::mute),
            Fault::Reconnect { shard } => self.for_each(shard, |discord, connection| {
                discord.send(Output::Send { connection, frame: server_frame::reconnect() });
            }),
            Fault::Invalidate { resumable: true, shard } => {
                self.for_each(shard, |discord, connection| {
                    let frame = server_frame::invalid_session(true);
                    discord.send(Output::Send { connection, frame });
                });
            }
            Fault::Invalidate { resumable: false, shard } => {
                self.for_each(shard, Self::invalidate);
            }
            Fault::AskHeartbeat { shard } => self.for_each(shard, |discord, connection| {
                let frame = server_frame::heartbeat_request();
                discord.send(Output::Send { connection, frame });
            }),
            Fault::CorruptCompression { shard } => self.for_each(shard, Self::corrupt),
            Fault::ResetToken {} => self.reset_all_tokens(),
            Fault::Outage { ms } => self.go_out(Duration::from_millis(ms)),
        }
    }

    fn reset_all_tokens(&mut self) {
        for app in 0..self.apps.len() {
            self.reset_token(AppIndex(app));
        }
    }

    pub(super) fn on_clear_faults(&mut self) {
        self.faults = Faults::default();
        self.outbox.set_latency(Duration::ZERO);
    }

    /// Does something to every connection that holds a session of the shard.
    fn for_each(&mut self, shard: Option<ShardNumber>, act: impl Fn(&mut Self, ConnectionId)) {
        let is_meant = |connection: &ConnectionId| {
            self.slice_of(*connection)
                .is_some_and(|slice| shard.is_none_or(|shard| shard == slice.0))
        };
        let meant: Vec<_> = self.connections.keys().copied().filter(is_meant).collect();
        for connection in meant {
            act(self, connection);
        }
    }

    fn drop_tcp(&mut self, connection: ConnectionId) {
        self.send(Output::Drop { connection });
        self.forget(connection);
    }

    fn invalidate(&mut self, connection: ConnectionId) {
        if let Some(session) = self.held_session(connection) {
            self.end_session(session);
        }
        self.declare_invalid(connection);
    }

    fn corrupt(&mut self, connection: ConnectionId) {
        if self.connections.get(&connection).is_some_and(|open| !open.compression.is_empty()) {
            self.send(Output::Corrupt { connection });
        }
    }

    fn cut_replay(&mut self, keep: usize) {
        self.faults.replay_most = Some(keep);
        for session in self.sessions.values_mut() {
            session.cut_to(keep);
        }
    }

    fn go_out(&mut self, length: Duration) {
        self.faults.outage_until = Some(self.now + length);
        let all: Vec<_> = self.connections.keys().copied().collect();
        for connection in all {
            self.drop_tcp(connection);
        }
    }
}
