//! The own beats, and whether they confirm the own leases.

use baton_model::{
    Moment, Phase,
    limits::{BEAT_JITTER_PERCENT, BEAT_PERIOD},
};

use super::{Fleet, Told};
use crate::output::Output;

impl Fleet {
    pub(super) fn on_ready(&mut self, now: Moment) {
        if self.record.phase == Phase::Joining {
            self.enter(Phase::Up, now);
            self.sweep_soon(now);
        }
    }

    /// A new phase is told at once.
    pub(super) fn enter(&mut self, phase: Phase, now: Moment) {
        self.record.phase = phase;
        self.members.set_own_record(&self.record);
        self.next_beat = now;
    }

    pub(super) fn beat(&mut self, now: Moment) {
        if now < self.next_beat {
            return;
        }
        let beat = self.confirmation.issue(now);
        self.next_beat = now + self.jitter.around(BEAT_PERIOD, BEAT_JITTER_PERCENT);
        self.push(Output::Beat(beat, Box::new(self.record.clone())));
    }

    pub(super) fn tell_confirmation(&mut self, now: Moment) {
        match (self.told, self.confirmation.holds(now)) {
            (Told::Unconfirmed, true) => {
                self.told = Told::Confirmed;
                self.push(Output::Confirmed);
            }
            (Told::Confirmed, false) => {
                self.told = Told::Unconfirmed;
                self.push(Output::Unconfirmed);
            }
            (Told::Confirmed, true) | (Told::Unconfirmed, false) => {}
        }
    }

    pub(super) fn confirmation_ends(&self) -> Option<Moment> {
        match self.told {
            Told::Confirmed => self.confirmation.until(),
            Told::Unconfirmed => None,
        }
    }
}
