//! This instance as source or target of moves.

use baton_model::{Holding, InstanceId, Moment, Phase, ShardKey, limits::SWEEP_PERIOD};

use super::Fleet;
use crate::{asking::Look, handover::Handover, input::Departure, membership::Life, output::Output};

impl Fleet {
    /// Acts on the targets that a poll showed.
    pub(super) fn follow_targets(&mut self, look: Look, now: Moment) {
        let dropped = self.handovers.confirm(&self.targets, self.me, look.issued);
        self.push_handovers(dropped);
        for (shard, to) in self.targets.clone() {
            self.follow_target(&shard, to, now);
        }
    }

    pub(super) fn follow_target(&mut self, shard: &ShardKey, to: InstanceId, now: Moment) {
        match (self.rows.holds(shard), to == self.me) {
            (true, false) => self.handovers.send(shard, to, now),
            (false, true) if self.record.phase == Phase::Up && self.trusts_store() => {
                let warm = self.handovers.expect(shard, now);
                self.push_handovers(warm);
            }
            (false, _) | (true, true) => {}
        }
    }

    pub(super) fn hand_over(&mut self, now: Moment) {
        if !self.may_act(now) {
            return;
        }
        let members = &self.members;
        let is_alive = |id| members.life(id, now) == Life::Alive;
        let ready = self.handovers.hand_over(is_alive, now);
        self.push_handovers(ready);
    }

    pub(super) fn hand_over_due(&self) -> Option<Moment> {
        let due = self.handovers.due().filter(|_| self.may_act_in_time())?;
        Some(self.not_in_grace(due))
    }

    fn push_handovers(&mut self, handovers: impl IntoIterator<Item = Handover>) {
        for handover in handovers {
            self.push(match handover {
                Handover::Warm(shard) => Output::Warm(shard),
                Handover::Cool(shard) => Output::Cool(shard),
                Handover::HandOver(shard, to) => Output::HandOver(shard, to),
            });
        }
    }

    pub(super) fn on_let_go(&mut self, shard: &ShardKey, departure: Departure, now: Moment) {
        let holding = match departure {
            Departure::HandedOver(to) => Some(Holding::Owned { owner: to }),
            Departure::Released => Some(Holding::Free),
            Departure::Fenced => None,
        };
        self.handovers.ended(shard);
        self.gate.cancel(shard);
        self.rows.let_go(shard, holding, now);
        match departure {
            Departure::HandedOver(to) => self.on_arrival(shard, to, now),
            Departure::Released => {}
            Departure::Fenced => self.sweeps.hurry(now, SWEEP_PERIOD),
        }
    }
}
