//! Whether an instance is sure of its leases, as one of its shards sees it: the supervisor says so,
//! and its last acknowledged beat is not too old.

use std::time::Duration;

use baton_model::Moment;
use baton_shard::Input;

/// How often a shard that has lost confidence by itself looks whether it may have it again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct Sureness {
    is_told: bool,
    is_believed: bool,
}

impl Sureness {
    /// Says whether the input is about this, and then is not to be passed on.
    pub(super) const fn takes(&mut self, input: &Input) -> bool {
        if let Input::LeaseConfirmed = input {
            self.is_told = true;
            return true;
        }
        if let Input::LeaseUnconfirmed = input {
            self.is_told = false;
            return true;
        }
        false
    }

    /// What the machine has to be told now, if anything.
    pub(super) fn news(&mut self, until: Option<Moment>, now: Moment) -> Option<Input> {
        let is_sure = self.is_told && until.is_some_and(|until| now < until);
        if is_sure == self.is_believed {
            return None;
        }
        self.is_believed = is_sure;
        Some(if is_sure { Input::LeaseConfirmed } else { Input::LeaseUnconfirmed })
    }

    /// When to ask for news again.
    pub(super) fn look_at(&self, until: Option<Moment>, now: Moment) -> Option<Moment> {
        match (self.is_told, self.is_believed) {
            (true, true) => until,
            (true, false) => Some(now + LOOK_AGAIN),
            (false, _) => None,
        }
    }
}
