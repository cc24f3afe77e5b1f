//! How fast events come.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Mix;

/// Events of one turn, at the most: as many as may wait for one client. While a turn is taken,
/// nobody else is answered.
pub const EVENTS_A_TURN_MAX: u32 = 16_384;

/// The load on each session, from the moment it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Which events.
    pub mix: Mix,
    /// Time between two turns, in milliseconds; 0 is taken for 1.
    pub every_ms: u64,
    /// Events in an ordinary turn.
    pub events: u32,
    /// Turns that bring more than that.
    #[serde(default)]
    pub burst: Option<Burst>,
}

/// Turns that bring many events at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// One turn in so many; 0 is taken for 1.
    pub one_turn_in: u32,
    /// Events in it.
    pub events: u32,
}

impl Pace {
    pub(crate) const fn period(&self) -> Duration {
        Duration::from_millis(if self.every_ms == 0 { 1 } else { self.every_ms })
    }

    /// Whether no turn brings more than [`EVENTS_A_TURN_MAX`].
    pub(crate) fn is_possible(&self) -> bool {
        let most = self.burst.map_or(0, |burst| burst.events).max(self.events);
        most <= EVENTS_A_TURN_MAX
    }

    /// How many events the `turn`th turn brings, counted from 1.
    pub(crate) fn events_in(&self, turn: u64) -> u32 {
        match self.burst {
            Some(burst) if turn.is_multiple_of(u64::from(burst.one_turn_in.max(1))) => burst.events,
            Some(_) | None => self.events,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_turn_in_so_many_is_a_burst() {
        let burst = Some(Burst { one_turn_in: 3, events: 50 });
        let pace = Pace { mix: Mix::Messages, every_ms: 0, events: 1, burst };
        let turns: Vec<_> = (1..=6).map(|turn| pace.events_in(turn)).collect();
        assert_eq!(turns, [1, 1, 50, 1, 1, 50]);
        assert_eq!(pace.period(), Duration::from_millis(1));
    }
}
