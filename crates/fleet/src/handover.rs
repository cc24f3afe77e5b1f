//! This instance's part in moves: warming up for shards that come, handing over those that go.
//!
//! Targets are advice that polls and hints bring, possibly late or from two planners at once. So
//! an instance acts on them within the limits of its own, and a hint counts only until a poll that
//! was put after it has confirmed or dropped what it said.

use std::collections::{BTreeMap, BTreeSet};

use baton_model::{
    InstanceId, Moment, ShardKey,
    limits::{MOVES_AT_ONCE_MAX, WARM_WORD_DEADLINE},
};

/// Where the planner wants which shard.
pub type Targets = BTreeMap<ShardKey, InstanceId>;

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// The target gets ready.
    Warming { until: Moment },
    /// It cannot: the shard is better off where it is, until the move is given up.
    Kept,
    /// The shard's own machine carries it out.
    Handing,
}

#[derive(Debug, Clone, Copy)]
struct Outgoing {
    to: InstanceId,
    stage: Stage,
    learnt: Moment,
}

/// Shards on their way in and out.
#[derive(Debug, Default)]
pub(crate) struct Handovers {
    incoming: BTreeMap<ShardKey, Moment>,
    outgoing: BTreeMap<ShardKey, Outgoing>,
}

/// What shards have to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Handover {
    Warm(ShardKey),
    Cool(ShardKey),
    HandOver(ShardKey, InstanceId),
}

impl Handovers {
    /// A shard is to come here.
    pub(crate) fn expect(&mut self, shard: &ShardKey, now: Moment) -> Option<Handover> {
        if self.incoming.contains_key(shard) || self.incoming.len() >= MOVES_AT_ONCE_MAX {
            return None;
        }
        self.incoming.insert(shard.clone(), now);
        Some(Handover::Warm(shard.clone()))
    }

    /// A shard held here is to go elsewhere.
    pub(crate) fn send(&mut self, shard: &ShardKey, to: InstanceId, now: Moment) {
        let known = self.outgoing.get(shard);
        let is_settled = known.is_some_and(|way| match way.stage {
            Stage::Warming { .. } | Stage::Kept => way.to == to,
            Stage::Handing => true,
        });
        if is_settled || self.waiting_for_targets() >= MOVES_AT_ONCE_MAX {
            return;
        }
        let stage = Stage::Warming { until: now + WARM_WORD_DEADLINE };
        let outgoing = Outgoing { to, stage, learnt: now };
        self.outgoing.insert(shard.clone(), outgoing);
    }

    /// Hand-overs that have begun do not count: the planner may know of their end sooner than this
    /// instance does, and start the next in their place.
    fn waiting_for_targets(&self) -> usize {
        let is_waiting = |way: &&Outgoing| match way.stage {
            Stage::Warming { .. } | Stage::Kept => true,
            Stage::Handing => false,
        };
        self.outgoing.values().filter(is_waiting).count()
    }

    /// Drops what the targets, asked for at `asked`, do not say any more. A hand-over that has
    /// begun is finished or taken back by the shard itself.
    pub(crate) fn confirm(
        &mut self,
        targets: &Targets,
        me: InstanceId,
        asked: Moment,
    ) -> Vec<Handover> {
        let is_dropped = |shard: &ShardKey, to: InstanceId, learnt: Moment| {
            asked > learnt && targets.get(shard) != Some(&to)
        };
        self.outgoing.retain(|shard, way| match way.stage {
            Stage::Warming { .. } | Stage::Kept => !is_dropped(shard, way.to, way.learnt),
            Stage::Handing => true,
        });
        let incoming = self.incoming.iter();
        let dropped = incoming.filter(|(shard, learnt)| is_dropped(shard, me, **learnt));
        let dropped: BTreeSet<_> = dropped.map(|(shard, _)| shard.clone()).collect();
        self.incoming.retain(|shard, _| !dropped.contains(shard));
        dropped.into_iter().map(Handover::Cool).collect()
    }

    /// The target of a shard has its socket ready.
    pub(crate) fn warmed(&mut self, shard: &ShardKey, by: InstanceId, now: Moment) {
        if let Some(way) = self.outgoing.get_mut(shard)
            && way.to == by
            && let Stage::Warming { until } = &mut way.stage
        {
            *until = now.min(*until);
        }
    }

    /// The target of a shard does not get a socket ready. Whoever gave the lease away all the same
    /// would end a connection that works for one that does not.
    pub(crate) fn not_warmed(&mut self, shard: &ShardKey, by: InstanceId) {
        if let Some(way) = self.outgoing.get_mut(shard)
            && way.to == by
            && matches!(way.stage, Stage::Warming { .. })
        {
            way.stage = Stage::Kept;
        }
    }

    /// The hand-overs whose target is ready, or has had its time and said nothing.
    pub(crate) fn hand_over(
        &mut self,
        is_alive: impl Fn(InstanceId) -> bool,
        now: Moment,
    ) -> Vec<Handover> {
        self.outgoing.retain(|_, way| match way.stage {
            Stage::Warming { .. } | Stage::Kept => is_alive(way.to),
            Stage::Handing => true,
        });
        let mut ready = Vec::new();
        for (shard, way) in &mut self.outgoing {
            if let Stage::Warming { until } = way.stage
                && now >= until
            {
                way.stage = Stage::Handing;
                ready.push(Handover::HandOver(shard.clone(), way.to));
            }
        }
        ready
    }

    pub(crate) fn due(&self) -> Option<Moment> {
        let due = |way: &Outgoing| match way.stage {
            Stage::Warming { until } => Some(until),
            Stage::Kept | Stage::Handing => None,
        };
        self.outgoing.values().filter_map(due).min()
    }

    /// The shard is here.
    pub(crate) fn arrived(&mut self, shard: &ShardKey) {
        self.incoming.remove(shard);
    }

    /// The shard is not here any more, or stays.
    pub(crate) fn ended(&mut self, shard: &ShardKey) {
        self.outgoing.remove(shard);
    }

    /// How many shards are on their way in.
    pub(crate) fn incoming(&self) -> usize {
        self.incoming.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{Generation, ShardNumber};

    const ME: InstanceId = InstanceId::new(1);
    const THERE: InstanceId = InstanceId::new(2);

    fn shard(number: u32) -> ShardKey {
        ShardKey {
            app: "app".parse().unwrap(),
            generation: Generation(0),
            number: ShardNumber(number),
        }
    }

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    fn sending() -> Handovers {
        let mut handovers = Handovers::default();
        handovers.send(&shard(1), THERE, at(0));
        handovers
    }

    #[test]
    fn hands_over_when_the_target_is_warm_or_has_had_its_time() {
        let go = [Handover::HandOver(shard(1), THERE)];
        let mut warmed = sending();
        assert_eq!(warmed.hand_over(|_| true, at(100)), []);
        warmed.warmed(&shard(1), ME, at(100));
        assert_eq!(warmed.hand_over(|_| true, at(100)), [], "not by its target");
        warmed.warmed(&shard(1), THERE, at(101));
        assert_eq!(warmed.hand_over(|_| true, at(101)), go);
        assert_eq!(warmed.hand_over(|_| true, at(5_000)), [], "once");

        let mut cold = sending();
        assert_eq!(cold.hand_over(|_| true, at(3_999)), []);
        assert_eq!(cold.hand_over(|_| true, at(4_000)), go);
    }

    #[test]
    fn keeps_what_its_target_cannot_connect_until_the_move_is_given_up() {
        let mut kept = sending();
        kept.not_warmed(&shard(1), ME);
        assert!(kept.due().is_some(), "not its target's word");
        kept.not_warmed(&shard(1), THERE);
        let targets = Targets::from([(shard(1), THERE)]);
        kept.confirm(&targets, ME, at(1_000));
        kept.send(&shard(1), THERE, at(1_000));
        assert_eq!(kept.hand_over(|_| true, at(9_000)), []);
        kept.confirm(&Targets::new(), ME, at(9_000));
        kept.send(&shard(1), THERE, at(9_000));
        assert_eq!(kept.due(), Some(at(13_000)), "tried again");
    }

    #[test]
    fn hands_nothing_over_to_the_dead() {
        let mut handovers = sending();
        assert_eq!(handovers.hand_over(|_| false, at(4_000)), []);
        assert_eq!(handovers.due(), None);
    }

    #[test]
    fn a_poll_drops_what_the_targets_do_not_say_unless_it_is_older_than_the_hint() {
        let mut handovers = Handovers::default();
        handovers.send(&shard(1), THERE, at(1_000));
        handovers.expect(&shard(2), at(1_000));
        assert_eq!(handovers.confirm(&Targets::new(), ME, at(1_000)), []);
        assert!(handovers.due().is_some());
        let cooled = handovers.confirm(&Targets::new(), ME, at(1_001));
        assert_eq!(cooled, [Handover::Cool(shard(2))]);
        assert_eq!(handovers.due(), None);
    }

    #[test]
    fn a_hand_over_that_has_begun_is_left_to_the_shard() {
        let mut handovers = sending();
        handovers.hand_over(|_| true, at(4_000));
        handovers.confirm(&Targets::new(), ME, at(4_500));
        handovers.send(&shard(1), InstanceId::new(3), at(5_000));
        assert_eq!(handovers.due(), None, "not started over");
        handovers.ended(&shard(1));
        handovers.send(&shard(1), InstanceId::new(3), at(5_000));
        assert!(handovers.due().is_some());
    }

    #[test]
    fn keeps_to_the_limit_whatever_the_targets_say() {
        let mut handovers = Handovers::default();
        for number in 0..100 {
            handovers.send(&shard(number), THERE, at(0));
        }
        assert_eq!(handovers.hand_over(|_| true, at(4_000)).len(), 16);
        handovers.send(&shard(100), THERE, at(4_000));
        assert_eq!(handovers.due(), Some(at(8_000)), "as soon as one has begun, another waits");
        let warm = (200..300).filter_map(|number| handovers.expect(&shard(number), at(0)));
        assert_eq!(warm.count(), 16);
    }
}
