//! Giving everything away: because the process ends, or because an operator wants it.
//!
//! The drain of a process that ends is over when nothing is left. What could not be handed over
//! until the limit is released with its session kept, so that others resume it at once. Where
//! nobody is left to take anything, waiting would only delay that.
//!
//! An ordered drain has time. The process stays, and so does every shard that nobody can take: a
//! shard that runs where it should not is better than one that does not run. It ends when the order
//! is taken back, or is given up at its limit; either way the instance is as any other again.

use std::time::Duration;

use baton_model::{
    Beat, InstanceId, IntentId, Moment, ShardKey,
    limits::{BEAT_TIMEOUT, JOIN_DEBOUNCE},
};
use thiserror::Error;

use crate::{
    input::DrainOrder,
    plan::{Balance, Candidate, Situation, Standing, plan},
};

/// How far the drain has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drain {
    /// None is asked for.
    No,
    /// An operator wants everything handed over.
    Ordered { order: IntentId, until: Option<Moment> },
    /// The process is to end, and shards are being handed over.
    HandingOver {
        until: Moment,
        /// Since when nobody has been there to take shards.
        alone_since: Option<Moment>,
    },
    /// The rest has been released.
    Releasing,
    /// Nothing is left, as this beat says; it is waited for only so long.
    Leaving { beat: Beat, until: Moment },
    /// The others know.
    Known,
    /// The process may end.
    Done,
}

/// What follows from the present state of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DrainStep {
    /// Nothing yet.
    Wait,
    /// The order's limit has come: what is left stays.
    GiveUp(IntentId),
    /// Release what is left.
    Release,
    /// Say that this instance is down.
    SayDown,
    /// The process may end.
    End,
}

impl Drain {
    pub(crate) fn begin(&mut self, now: Moment, limit: Duration) {
        match *self {
            Self::No | Self::Ordered { .. } => {
                *self = Self::HandingOver { until: now + limit, alone_since: None };
            }
            Self::HandingOver { .. }
            | Self::Releasing
            | Self::Leaving { .. }
            | Self::Known
            | Self::Done => {}
        }
    }

    /// Follows an operator's order, or the lack of one; a process that ends has other worries.
    pub(crate) fn follow(&mut self, order: Option<DrainOrder>, now: Moment) {
        match (*self, order) {
            (Self::Ordered { order, .. }, Some(wanted)) if order == wanted.id => {}
            (Self::No | Self::Ordered { .. }, Some(DrainOrder { id, limit })) => {
                *self = Self::Ordered { order: id, until: limit.map(|limit| now + limit) };
            }
            (Self::Ordered { .. }, None) => *self = Self::No,
            (
                Self::No
                | Self::HandingOver { .. }
                | Self::Releasing
                | Self::Leaving { .. }
                | Self::Known
                | Self::Done,
                _,
            ) => {}
        }
    }

    /// Notes whether somebody is there to take shards, and decides what comes next.
    pub(crate) fn step(&mut self, left: usize, has_heirs: bool, now: Moment) -> DrainStep {
        match *self {
            Self::Ordered { order, until } if until.is_some_and(|until| now >= until) => {
                *self = Self::No;
                DrainStep::GiveUp(order)
            }
            Self::HandingOver { .. } | Self::Releasing if left == 0 => DrainStep::SayDown,
            Self::HandingOver { until, alone_since } => {
                let alone_since = (!has_heirs).then(|| alone_since.unwrap_or(now));
                *self = Self::HandingOver { until, alone_since };
                if self.due().is_some_and(|due| now >= due) {
                    *self = Self::Releasing;
                    return DrainStep::Release;
                }
                DrainStep::Wait
            }
            Self::Leaving { until, .. } if now < until => DrainStep::Wait,
            Self::Known | Self::Leaving { .. } => {
                *self = Self::Done;
                DrainStep::End
            }
            Self::No | Self::Ordered { .. } | Self::Releasing | Self::Done => DrainStep::Wait,
        }
    }

    /// The last beat is on its way.
    pub(crate) fn say_down(&mut self, beat: Beat, now: Moment) {
        let until = now + BEAT_TIMEOUT;
        *self = Self::Leaving { beat, until };
    }

    pub(crate) fn acknowledged(&mut self, acknowledged: Beat) {
        if let Self::Leaving { beat, .. } = *self
            && acknowledged >= beat
        {
            *self = Self::Known;
        }
    }

    /// When time alone decides what comes next.
    pub(crate) fn due(&self) -> Option<Moment> {
        match *self {
            Self::Ordered { until, .. } => until,
            Self::HandingOver { until, alone_since } => {
                let alone_until = alone_since.map(|since| since + JOIN_DEBOUNCE);
                Some(alone_until.map_or(until, |alone| alone.min(until)))
            }
            Self::Leaving { until, .. } => Some(until),
            Self::No | Self::Releasing | Self::Known | Self::Done => None,
        }
    }
}

/// Why an instance had better not be drained.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DrainObjection {
    /// There is no such instance among the living.
    #[error("instance {0} is not alive; nothing to drain")]
    NotAlive(InstanceId),
    /// It is leaving already.
    #[error("instance {0} is draining already")]
    AlreadyLeaving(InstanceId),
    /// Nobody would be left to take its shards.
    #[error("draining {0} would leave no instance to take its shards; start another first")]
    LeavesNobody(InstanceId),
    /// The others have not enough capacity.
    #[error("draining {id} passes the others' capacity by {excess} shards; start another first")]
    PassesCapacity {
        /// Who would be drained.
        id: InstanceId,
        /// How many shards would find no place.
        excess: usize,
    },
}

/// Objections to draining an instance, none if it can go. For people who ask before they act; a
/// drain itself never asks.
#[must_use]
pub fn drain_objections(id: InstanceId, situation: &Situation<'_>) -> Vec<DrainObjection> {
    let Some(leaver) = situation.candidates.iter().position(|c| c.id == id) else {
        return vec![DrainObjection::NotAlive(id)];
    };
    if situation.candidates[leaver].standing == Standing::Leaving {
        return vec![DrainObjection::AlreadyLeaving(id)];
    }
    let mut candidates: Vec<Candidate> = situation.candidates.to_vec();
    candidates[leaver].standing = Standing::Leaving;
    let is_target = |c: &Candidate| c.standing == Standing::Target;
    if !candidates.iter().any(is_target) {
        return vec![DrainObjection::LeavesNobody(id)];
    }
    let left_over = |candidates: &[Candidate]| -> Vec<ShardKey> {
        let situation = Situation { candidates, balance: Balance::Waits, ..*situation };
        plan(&situation).left_over
    };
    let excess = left_over(&candidates).len();
    let excess_before = left_over(situation.candidates).len();
    if excess > excess_before {
        let excess = excess - excess_before;
        return vec![DrainObjection::PassesCapacity { id, excess }];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn begun() -> Drain {
        let mut drain = Drain::No;
        drain.begin(at(0), Duration::from_secs(60));
        drain
    }

    #[test]
    fn releases_the_rest_at_the_limit_once() {
        let mut drain = begun();
        assert_eq!(drain.step(3, true, at(59_999)), DrainStep::Wait);
        assert_eq!(drain.step(3, true, at(60_000)), DrainStep::Release);
        assert_eq!(drain.step(3, true, at(60_001)), DrainStep::Wait);
        assert_eq!(drain.step(0, true, at(60_002)), DrainStep::SayDown);
    }

    #[test]
    fn does_not_wait_for_heirs_that_are_not_there() {
        let mut drain = begun();
        assert_eq!(drain.step(3, false, at(1_000)), DrainStep::Wait);
        assert_eq!(drain.step(3, true, at(2_900)), DrainStep::Wait, "one came");
        assert_eq!(drain.step(3, false, at(3_000)), DrainStep::Wait);
        assert_eq!(drain.step(3, false, at(5_000)), DrainStep::Release);
    }

    const ORDER: DrainOrder = DrainOrder { id: IntentId(7), limit: Some(Duration::from_secs(60)) };

    fn ordered() -> Drain {
        let mut drain = Drain::No;
        drain.follow(Some(ORDER), at(0));
        drain
    }

    #[test]
    fn an_ordered_drain_releases_nothing_and_never_ends_the_process() {
        let mut drain = ordered();
        assert_eq!(drain.step(3, false, at(59_999)), DrainStep::Wait, "nobody is there");
        assert_eq!(drain.step(0, true, at(59_999)), DrainStep::Wait, "nothing is left");
        assert_eq!(drain.step(3, true, at(60_000)), DrainStep::GiveUp(ORDER.id));
        assert_eq!(drain, Drain::No);
    }

    #[test]
    fn an_order_is_followed_until_it_is_taken_back_or_replaced() {
        let mut drain = ordered();
        drain.follow(Some(ORDER), at(30_000));
        assert_eq!(drain.due(), Some(at(60_000)), "the same order");
        drain.follow(Some(DrainOrder { id: IntentId(8), limit: None }), at(30_000));
        assert_eq!(drain.due(), None, "another one, without a limit");
        drain.follow(None, at(31_000));
        assert_eq!(drain, Drain::No);
    }

    #[test]
    fn a_process_that_ends_follows_no_order() {
        let mut drain = ordered();
        drain.begin(at(1_000), Duration::from_secs(10));
        drain.follow(None, at(2_000));
        assert_eq!(drain.due(), Some(at(11_000)));
        drain.follow(Some(ORDER), at(2_000));
        assert_eq!(drain.due(), Some(at(11_000)));
    }

    #[test]
    fn a_second_request_does_not_extend_the_limit() {
        let mut drain = begun();
        drain.begin(at(50_000), Duration::from_secs(60));
        assert_eq!(drain.due(), Some(at(60_000)));
    }
}
