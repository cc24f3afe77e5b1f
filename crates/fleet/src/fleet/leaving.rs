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
        if self.drain != Drain::No {
            return;
        }
        self.drain.begin(now, limit);
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
