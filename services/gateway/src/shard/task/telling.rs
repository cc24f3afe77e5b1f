//! What the task says: to the supervisor, and to whoever looks.

use baton_shard::{Notice, State};
use baton_store::Store;

use super::ShardTask;
use crate::supervisor::Report;

impl<S: Store> ShardTask<S> {
    /// What the machine says concerns the task itself, too.
    pub(super) fn note(&mut self, notice: Notice) {
        self.follow_notice(notice);
        match notice {
            Notice::Ours { epoch } => {
                self.connections.forget();
                self.begin_commands(epoch);
            }
            Notice::Live => {
                let connection = self.connections.live(self.surroundings.clock.now());
                self.count_arrival(&connection);
                self.report(Report::Connected(connection));
            }
            Notice::Fenced { .. } | Notice::Moved { .. } | Notice::Released { .. } => {
                self.connections.forget();
                self.end_commands();
                self.face.appended();
            }
            Notice::Warm
            | Notice::Cold
            | Notice::NotOurs
            | Notice::StillHere { .. }
            | Notice::RolledBack { .. }
            | Notice::Contested { .. }
            | Notice::SessionLost
            | Notice::Fatal { .. }
            | Notice::CannotConnect
            | Notice::Refused(_) => {}
        }
    }

    pub(super) fn report(&self, report: Report) {
        let shard = self.asker.address.shard.clone();
        // The supervisor may have ended.
        drop(self.surroundings.reports.send((shard, report)));
    }

    pub(super) fn show(&mut self) {
        let now = self.surroundings.clock.now();
        self.face.turn(now, self.machine.ring_bytes());
        let status = self.machine.status();
        self.connections.show(status.state, status.since);
        self.passage.show(status.state, status.since);
        if self.shown != Some((status.state, status.since)) {
            self.shown = Some((status.state, status.since));
            self.face.show(status, self.epoch);
        }
        if !self.has_said_at_rest && self.is_at_rest(status.state) {
            self.has_said_at_rest = true;
            self.report(Report::AtRest { errands: self.errands });
        }
    }

    fn is_at_rest(&self, state: State) -> bool {
        let has_ended =
            matches!(state, State::Idle | State::Fenced | State::Moved | State::Released);
        has_ended && self.socket.is_none() && self.errands > 0
    }
}
