//! How many moves are under way, at the planner.
//!
//! The plan says where shards should be; this says when each may set out. A move under way takes
//! one of few places until its shard has arrived or the move is given up. A shard that moved is not
//! moved again for a while only to have the fleet even; whoever leaves, or is told where a shard
//! belongs, does not wait for that.

use std::collections::{BTreeMap, VecDeque};

use baton_model::{
    InstanceId, Moment, ShardKey,
    limits::{MOVE_COOL_DOWN, MOVE_GIVEN_UP, MOVES_AT_ONCE_MAX},
};

use crate::plan::{Move, MoveReason};

#[derive(Debug, Clone, Copy)]
struct UnderWay {
    to: InstanceId,
    since: Moment,
}

/// Moves under way, moves that wait, and shards that moved lately.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    under_way: BTreeMap<ShardKey, UnderWay>,
    waiting: VecDeque<Move>,
    arrived: BTreeMap<ShardKey, Moment>,
    /// When moves ended, one way or the other, lately.
    ended: BTreeMap<ShardKey, Moment>,
}

impl Moves {
    /// Takes over what an earlier planner had under way.
    pub(crate) fn adopt(&mut self, targets: &BTreeMap<ShardKey, InstanceId>, now: Moment) {
        self.under_way = targets
            .iter()
            .map(|(shard, to)| (shard.clone(), UnderWay { to: *to, since: now }))
            .collect();
        self.waiting.clear();
        self.arrived.clear();
    }

    /// Replaces the moves that wait by those of a new plan.
    pub(crate) fn queue(&mut self, moves: Vec<Move>) {
        self.waiting = moves.into();
    }

    /// Where a shard is on its way to.
    pub(crate) fn destination(&self, shard: &ShardKey) -> Option<InstanceId> {
        self.under_way.get(shard).map(|way| way.to)
    }

    /// A shard has reached its destination, or somebody else holds it. Frees its place and says
    /// whether it had one.
    pub(crate) fn settled(&mut self, shard: &ShardKey, holder: InstanceId, now: Moment) -> bool {
        if self.destination(shard) != Some(holder) {
            return false;
        }
        self.under_way.remove(shard);
        self.arrived.insert(shard.clone(), now);
        self.ended.insert(shard.clone(), now);
        true
    }

    /// Gives up the moves that took too long or have lost their destination.
    pub(crate) fn give_up(
        &mut self,
        may_arrive: impl Fn(InstanceId) -> bool,
        now: Moment,
    ) -> Vec<ShardKey> {
        let is_lost = |way: &UnderWay| now.since(way.since) >= MOVE_GIVEN_UP || !may_arrive(way.to);
        let lost = self.under_way.iter().filter(|(_, way)| is_lost(way));
        let lost: Vec<_> = lost.map(|(shard, _)| shard.clone()).collect();
        for shard in &lost {
            self.under_way.remove(shard);
            self.ended.insert(shard.clone(), now);
        }
        lost
    }

    /// What the targets, asked for at `asked`, lack and have too much: a write may have been lost.
    pub(crate) fn reconcile(
        &self,
        targets: &BTreeMap<ShardKey, InstanceId>,
        asked: Moment,
    ) -> (Vec<(ShardKey, InstanceId)>, Vec<ShardKey>) {
        let missing = self
            .under_way
            .iter()
            .filter(|(shard, way)| way.since < asked && targets.get(*shard) != Some(&way.to));
        let stale = targets.keys().filter(|shard| {
            let ended = self.ended.get(*shard);
            !self.under_way.contains_key(*shard) && ended.is_none_or(|at| *at < asked)
        });
        (missing.map(|(shard, way)| (shard.clone(), way.to)).collect(), stale.cloned().collect())
    }

    /// Starts as many waiting moves as there are places for; those that make no sense any more
    /// are left to the next plan.
    pub(crate) fn start(&mut self, makes_sense: impl Fn(&Move) -> bool, now: Moment) -> Vec<Move> {
        self.arrived.retain(|_, at| now.since(*at) < MOVE_COOL_DOWN);
        let mut started = Vec::new();
        let mut cooling = VecDeque::new();
        while self.under_way.len() < MOVES_AT_ONCE_MAX {
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            if self.under_way.contains_key(&next.shard) || !makes_sense(&next) {
                continue;
            }
            if can_wait(next.reason) && self.arrived.contains_key(&next.shard) {
                cooling.push_back(next);
                continue;
            }
            let way = UnderWay { to: next.to, since: now };
            self.under_way.insert(next.shard.clone(), way);
            started.push(next);
        }
        cooling.append(&mut self.waiting);
        self.waiting = cooling;
        started
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Whether a shard may as well stay where it is for now.
const fn can_wait(reason: MoveReason) -> bool {
    match reason {
        MoveReason::Balance => true,
        MoveReason::Pinned | MoveReason::Leaving => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{Generation, ShardNumber};

    const THERE: InstanceId = InstanceId::new(2);

    fn shard(number: u32) -> ShardKey {
        ShardKey {
            app: "app".parse().unwrap(),
            generation: Generation(0),
            number: ShardNumber(number),
        }
    }

    fn movement(number: u32) -> Move {
        Move {
            shard: shard(number),
            from: InstanceId::new(1),
            to: THERE,
            reason: MoveReason::Leaving,
        }
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1_000)
    }

    fn queued(count: u32) -> Moves {
        let mut moves = Moves::default();
        moves.queue((0..count).map(movement).collect());
        moves
    }

    #[test]
    fn a_place_is_free_again_when_a_shard_arrives() {
        let mut moves = queued(18);
        assert_eq!(moves.start(|_| true, at(0)).len(), 16);
        assert_eq!(moves.start(|_| true, at(0)).len(), 0);
        assert!(moves.settled(&shard(3), THERE, at(1)));
        assert!(!moves.settled(&shard(3), THERE, at(1)), "only once");
        assert_eq!(moves.start(|_| true, at(1)), [movement(16)]);
    }

    #[test]
    fn a_shard_that_moved_is_left_in_peace() {
        let mut moves = queued(1);
        moves.start(|_| true, at(0));
        moves.settled(&shard(0), THERE, at(1));
        let balance = Move { reason: MoveReason::Balance, ..movement(0) };
        moves.queue(vec![balance.clone()]);
        assert_eq!(moves.start(|_| true, at(60)), []);
        assert_eq!(moves.start(|_| true, at(61)), [balance], "it waited");
    }

    #[test]
    fn whoever_leaves_or_wants_a_shard_does_not_wait_for_that() {
        for reason in [MoveReason::Leaving, MoveReason::Pinned] {
            let mut moves = queued(1);
            moves.start(|_| true, at(0));
            moves.settled(&shard(0), THERE, at(1));
            let again = Move { reason, ..movement(0) };
            moves.queue(vec![again.clone()]);
            assert_eq!(moves.start(|_| true, at(2)), [again]);
        }
    }

    #[test]
    fn a_move_is_given_up_after_all_its_deadlines_or_without_its_target() {
        let mut moves = queued(1);
        moves.start(|_| true, at(0));
        assert_eq!(moves.give_up(|_| true, at(12)), []);
        assert_eq!(moves.give_up(|_| true, at(13)), [shard(0)]);
        let mut moves = queued(1);
        moves.start(|_| true, at(0));
        assert_eq!(moves.give_up(|_| false, at(1)), [shard(0)]);
    }

    #[test]
    fn a_lost_write_to_the_targets_is_repeated() {
        let mut moves = queued(2);
        moves.start(|_| true, at(1));
        let as_written = BTreeMap::from([(shard(0), THERE), (shard(1), THERE)]);
        let nothing = (Vec::new(), Vec::new());
        assert_eq!(moves.reconcile(&as_written, at(2)), nothing);
        let before = BTreeMap::from([(shard(1), THERE)]);
        assert_eq!(moves.reconcile(&before, at(1)), nothing, "an older look");
        let lacks = (vec![(shard(0), THERE)], Vec::new());
        assert_eq!(moves.reconcile(&before, at(2)), lacks);

        moves.settled(&shard(0), THERE, at(3));
        assert_eq!(moves.reconcile(&as_written, at(3)), nothing, "an older look");
        let too_much = (Vec::new(), vec![shard(0)]);
        assert_eq!(moves.reconcile(&as_written, at(4)), too_much);
    }

    #[test]
    fn a_shard_that_turns_up_elsewhere_does_not_count_as_arrived() {
        let mut moves = queued(1);
        moves.start(|_| true, at(0));
        assert!(!moves.settled(&shard(0), InstanceId::new(3), at(1)));
        assert_eq!(moves.destination(&shard(0)), Some(THERE));
    }
}
