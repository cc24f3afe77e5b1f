//! The own drain, from the request to the end.

use std::time::Duration;

use baton_model::{Beat, Moment, Phase};

use super::Fleet;
use crate::{
    drain::{Drain, DrainStep},
    input::Hint,
    output::Output,
};

impl Fleet {
    pub(super) fn on_drain(&mut self, limit: Duration, now: Moment) {
        self.drain.begin(now, limit);
        if matches!(self.record.phase, Phase::Joining | Phase::Up) {
            self.begin_to_leave(now);
        }
    }

    /// What an operator wants of this instance, once it could be a target at all.
    pub(super) fn follow_orders(&mut self, now: Moment) {
        if self.record.phase == Phase::Joining {
            return;
        }
        let order = self.orders.drains.get(&self.me).copied();
        let order = order.filter(|order| self.given_up != Some(order.id));
        self.drain.follow(order, now);
        match (self.drain, self.record.phase) {
            (Drain::Ordered { .. }, Phase::Up) => self.begin_to_leave(now),
            (Drain::No, Phase::Draining) => {
                self.enter(Phase::Up, now);
                self.sweep_soon(now);
            }
            _ => {}
        }
    }

    fn begin_to_leave(&mut self, now: Moment) {
        self.enter(Phase::Draining, now);
        self.orphans.clear();
        self.resign_if_leaving();
    }

    /// Whoever leaves does not plan: others take over at once instead of on evidence.
    pub(super) fn resign_if_leaving(&mut self) {
        if self.drain == Drain::No {
            return;
        }
        if let Some(epoch) = self.planner.resign() {
            self.moves.clear();
            self.push(Output::ReleasePlanner(epoch));
        }
    }

    pub(super) fn leave(&mut self, now: Moment) {
        let has_heirs = self.members.has_heirs(now);
        let left = self.rows.held().len() + self.orphans.claiming();
        match self.drain.step(left, has_heirs, now) {
            DrainStep::Wait => {}
            DrainStep::GiveUp(order) => {
                self.given_up = Some(order);
                self.push(Output::DrainGivenUp(order));
                self.follow_orders(now);
            }
            DrainStep::Release => {
                let held: Vec<_> = self.rows.held().cloned().collect();
                for shard in held {
                    self.push(Output::Release(shard));
                }
            }
            DrainStep::SayDown => self.say_down(now),
            DrainStep::End => self.push(Output::Drained),
        }
    }

    /// The last beat: that this instance is down is evidence for everybody at once.
    fn say_down(&mut self, now: Moment) {
        self.push(Output::Tell(Hint::Released));
        self.enter(Phase::Down, now);
        self.beat(now);
        self.drain.say_down(self.confirmation.issued(), now);
    }

    pub(super) fn on_beat_acked(&mut self, beat: Beat) {
        self.confirmation.acknowledge(beat);
        self.drain.acknowledged(beat);
    }
}
