//! The app's keeper: has the app run once the day's limit is known to the store, and tells the
//! store again whenever it has forgotten.

use std::time::Duration;

use baton_gateway::supervisor::Input;
use baton_model::Moment;
use baton_store::SessionStartLimit;

use super::{Effect, Process, asking::Purpose};
use crate::store::Ask;

const LOOK_PERIOD: Duration = Duration::from_secs(2);
const INTRODUCTION_PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Keeper {
    next_look: Moment,
    is_introduced: bool,
}

impl Keeper {
    pub(super) const fn starting(now: Moment) -> Self {
        Self { next_look: now, is_introduced: false }
    }

    pub(super) const fn due(&self) -> Moment {
        self.next_look
    }
}

impl Process {
    /// Looks after the app, if it is time, and lets everything that was asked for leave.
    pub(super) fn keep(&mut self, now: Moment) {
        if self.keeper.next_look <= now {
            if self.keeper.is_introduced {
                self.keeper.next_look = now + LOOK_PERIOD;
                self.ask(Ask::Limit(self.shape.name.clone()), Purpose::Limit);
            } else {
                self.keeper.next_look = now + INTRODUCTION_PAUSE;
                self.effects.push(Effect::AskLimit);
            }
        }
        self.start_waiting(now);
    }

    pub(super) fn on_limit(&mut self, limit: Option<SessionStartLimit>, _now: Moment) {
        if let Some(limit) = limit {
            self.ask(Ask::Learn(self.shape.name.clone(), limit), Purpose::Learnt);
        }
    }

    pub(super) fn on_known_limit(&mut self, limit: Option<SessionStartLimit>, _now: Moment) {
        if limit.is_none() {
            self.effects.push(Effect::AskLimit);
        }
    }

    pub(super) fn on_learnt(&mut self, now: Moment) {
        if !self.keeper.is_introduced {
            self.keeper.is_introduced = true;
            self.keeper.next_look = now + LOOK_PERIOD;
            self.tell(Input::App(self.shape.name.clone(), self.shape.app));
        }
    }

    pub(super) fn on_not_learnt(&mut self, now: Moment) {
        if !self.keeper.is_introduced {
            self.keeper.next_look = now + INTRODUCTION_PAUSE;
        }
    }
}
