//! The fast path for a crash: nobody listens on an instance's presence channel any more.
//!
//! The kernel closes the subscription with the process, so this shows a crash within a poll or
//! two, but it also shows a store that restarted, a connection that broke, and an observer that
//! has only just connected. So it counts only together with everything that [`Surroundings`]
//! tells, and never for an instance that was not seen subscribed before.

use std::time::Duration;

use baton_model::{
    Moment, Presence,
    limits::{
        PRESENCE_BEAT_STILL, PRESENCE_OTHERS_INTACT_PERCENT_MIN, PRESENCE_OWN_CONNECTION_MIN,
        PRESENCE_POLL_PERIOD, PRESENCE_POLLS_MIN,
    },
};

use crate::asking::Look;

/// One instance's presence, as polls showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PresenceWatch {
    /// Never seen subscribed: its absence says nothing.
    Unknown,
    Subscribed,
    /// Was subscribed and is not: since how many polls that count, the last of them when.
    Gone {
        polls: u32,
        last: Moment,
    },
}

/// What else must be true before an absence means a crash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings {
    /// How long the instance's beat has stood still.
    pub(crate) beat_still: Duration,
    /// How old the observer's own connection to the store is; none if it has none.
    pub(crate) own_connection: Option<Duration>,
    /// The living instances besides this one, the observer among them.
    pub(crate) others: usize,
    /// How many of them are subscribed.
    pub(crate) others_subscribed: usize,
}

impl PresenceWatch {
    /// Adds a successful poll. Polls closer together than a period count as one.
    pub(crate) fn observe(&mut self, presence: Presence, look: Look) {
        *self = match (presence, *self) {
            (Presence::Subscribed, _) => Self::Subscribed,
            (Presence::Absent, Self::Unknown) => Self::Unknown,
            (Presence::Absent, Self::Subscribed) => Self::Gone { polls: 1, last: look.issued },
            (Presence::Absent, Self::Gone { polls, last }) => {
                if look.issued.since(last) < PRESENCE_POLL_PERIOD {
                    Self::Gone { polls, last }
                } else {
                    Self::Gone { polls: polls + 1, last: look.issued }
                }
            }
        };
    }

    pub(crate) const fn is_gone(self) -> bool {
        matches!(self, Self::Gone { .. })
    }

    /// Whether all of it together means a crash.
    pub(crate) fn shows_a_crash(self, around: Surroundings) -> bool {
        let Self::Gone { polls, .. } = self else {
            return false;
        };
        polls >= PRESENCE_POLLS_MIN
            && around.beat_still >= PRESENCE_BEAT_STILL
            && around.own_connection.is_some_and(|age| age > PRESENCE_OWN_CONNECTION_MIN)
            && around.most_others_are_subscribed()
    }
}

impl Surroundings {
    fn most_others_are_subscribed(&self) -> bool {
        let percent_min = usize::try_from(PRESENCE_OTHERS_INTACT_PERCENT_MIN).unwrap_or(100);
        self.others_subscribed * 100 >= self.others * percent_min
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRASH: Surroundings = Surroundings {
        beat_still: PRESENCE_BEAT_STILL,
        own_connection: Some(Duration::from_millis(5_001)),
        others: 4,
        others_subscribed: 2,
    };

    fn watched(polls: &[(u64, Presence)]) -> PresenceWatch {
        let mut watch = PresenceWatch::Unknown;
        for (millis, presence) in polls {
            let at = Moment::from_millis(*millis);
            let look = Look { issued: at, answered: at };
            watch.observe(*presence, look);
        }
        watch
    }

    fn gone() -> PresenceWatch {
        use Presence::{Absent, Subscribed};
        watched(&[(0, Subscribed), (1_000, Absent), (1_250, Absent)])
    }

    #[test]
    fn two_polls_that_find_nobody_show_a_crash() {
        assert!(gone().shows_a_crash(CRASH));
    }

    #[test]
    fn every_guard_alone_prevents_the_conclusion() {
        let guards = [
            Surroundings { beat_still: PRESENCE_BEAT_STILL - Duration::from_millis(1), ..CRASH },
            Surroundings { own_connection: Some(PRESENCE_OWN_CONNECTION_MIN), ..CRASH },
            Surroundings { own_connection: None, ..CRASH },
            Surroundings { others_subscribed: 1, ..CRASH },
        ];
        for guard in guards {
            assert!(!gone().shows_a_crash(guard), "{guard:?}");
        }
    }

    #[test]
    fn one_poll_or_two_in_quick_succession_are_not_enough() {
        use Presence::{Absent, Subscribed};
        let once = watched(&[(0, Subscribed), (1_000, Absent)]);
        assert!(!once.shows_a_crash(CRASH));
        let quick = watched(&[(0, Subscribed), (1_000, Absent), (1_249, Absent)]);
        assert!(!quick.shows_a_crash(CRASH));
    }

    #[test]
    fn an_instance_never_seen_subscribed_is_not_gone() {
        use Presence::Absent;
        let watch = watched(&[(0, Absent), (1_000, Absent), (2_000, Absent)]);
        assert!(!watch.shows_a_crash(CRASH));
    }

    #[test]
    fn an_instance_that_came_back_starts_over() {
        use Presence::{Absent, Subscribed};
        let watch =
            watched(&[(0, Subscribed), (1_000, Absent), (2_000, Subscribed), (3_000, Absent)]);
        assert!(!watch.shows_a_crash(CRASH));
    }
}
