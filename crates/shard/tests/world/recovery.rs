//! What must become of the shard when all faults end.

use baton_shard::{Actor, Input, State};

use super::{Outcome, World};

impl World {
    /// All faults end; then the shard must be live before long, and the stream complete.
    pub(crate) fn recover(&mut self) {
        self.discord.is_down = false;
        self.discord.is_mute = false;
        for input in
            [Input::LeaseConfirmed, Input::Restart, Input::RingBudget { bytes: usize::MAX }]
        {
            self.tell(input);
        }
        for _ in 0..500 {
            if self.is_well() {
                return;
            }
            self.help();
        }
        panic!("not well: {:?}, row {:?}", self.shard.status(), self.store.row);
    }

    fn help(&mut self) {
        if !self.requests.is_empty() {
            return self.answer(Outcome::Answered);
        }
        if let Some((socket, event)) = self.discord.next() {
            return self.tell(Input::Socket { socket, event });
        }
        if self.wants_permit {
            return self.grant();
        }
        match self.shard.status().waits_for {
            Actor::Supervisor => {
                self.tell(Input::Row(self.store.row.clone()));
                self.claim();
            }
            Actor::Operator => self.tell(Input::Restart),
            Actor::Store | Actor::Discord | Actor::Gate | Actor::Target(_) | Actor::Clock => {
                self.wake();
            }
        }
    }

    fn is_well(&self) -> bool {
        let is_live = self.shard.status().state == State::Live;
        let is_calm = self.requests.is_empty() && self.discord.socket_is_drained();
        let Some(row) = &self.store.row.session else {
            return false;
        };
        is_live && is_calm && row.last_seq == self.discord.last_seq(&row.id)
    }
}
