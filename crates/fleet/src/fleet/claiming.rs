//! Claims: on orphans, and on the planner's lease.

use std::collections::BTreeMap;

use baton_model::{
    Epoch, Expected, Holding, InstanceId, Moment, Phase, ShardKey,
    limits::{CLAIM_STAGGER, ELDER_BEATS, STORE_CHANGE_GRACE, SWEEP_PERIOD},
};

use super::Fleet;
use crate::{
    input::Hint,
    membership::Life,
    orphans::{Cause, still_holds, turn_of},
    output::Output,
    plan::{Balance, Candidate, Situation, Standing, plan, planner_order},
};

/// Orphans by shard, with what a claim would replace and why it may.
pub(super) type Found = BTreeMap<ShardKey, (Expected, Cause)>;

/// What the turns in claiming were last worked out from: they are not worked out again before it
/// changes.
#[derive(Debug, Default)]
pub(super) struct Evaluation(Option<(Found, Vec<InstanceId>)>);

impl Evaluation {
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }

    /// Who could be given shards then.
    fn targets(&self) -> &[InstanceId] {
        self.0.as_ref().map_or(&[], |(_, targets)| targets)
    }
}

/// Who may claim what the plan's first choice does not: those of the best line that have room.
fn claimants(
    candidates: &[Candidate],
    shards: &BTreeMap<ShardKey, Option<InstanceId>>,
) -> Vec<InstanceId> {
    let mut held: BTreeMap<InstanceId, u32> = BTreeMap::new();
    for holder in shards.values().flatten() {
        *held.entry(*holder).or_default() += 1;
    }
    let has_room = |c: &&Candidate| held.get(&c.id).copied().unwrap_or(0) < c.capacity.0;
    let targets = candidates.iter().filter(|c| c.standing == Standing::Target);
    let with_room: Vec<_> = targets.filter(has_room).collect();
    let best = with_room.iter().map(|c| c.tier).min();
    let of_best_tier = with_room.iter().filter(|c| Some(c.tier) == best);
    of_best_tier.map(|c| c.id).collect()
}

impl Fleet {
    /// Works out which orphans there are, and when it is this instance's turn to claim each.
    pub(super) fn evaluate_orphans(&mut self, now: Moment) {
        self.next_join = self.members.next_join(now);
        let found = self.found_orphans(now);
        let targets: Vec<_> = self.members.targets(now).collect();
        let basis = Some((found, targets));
        if self.evaluation.0 == basis {
            return;
        }
        self.evaluation.0 = basis;
        let Some((found, targets)) = &self.evaluation.0 else {
            return;
        };
        if found.is_empty() || !targets.contains(&self.me) {
            self.orphans.clear();
            return;
        }
        let candidates = self.members.candidates(now);
        let shards = self.placements(found);
        let plan = plan(&Situation {
            candidates: &candidates,
            shards: &shards,
            pins: &self.orders.pins,
            balance: Balance::Waits,
        });
        let me = self.me;
        let claimants = claimants(&candidates, &shards);
        let turn = |shard: &ShardKey| turn_of(me, shard, &plan, &claimants);
        self.orphans.refresh(found, turn, now);
    }

    /// Time alone makes a newcomer a target, so that orphans may be its turn.
    pub(super) fn notice_joins(&mut self, now: Moment) {
        if self.next_join.is_some_and(|at| now >= at) {
            self.evaluate_orphans(now);
        }
    }

    pub(super) fn found_orphans(&self, now: Moment) -> Found {
        let dead: Vec<_> = self.members.dead(now).collect();
        let mut found = self.rows.orphans(
            |id| dead.contains(&id),
            |shard, owner| self.members.is_free_of_its_owner(shard, owner),
        );
        if self.is_newcomer_among_elders(now) || self.members.expects_company(now) {
            found.retain(|_, (expected, _)| *expected != Expected::NEVER_LEASED);
        }
        found.retain(|shard, _| !self.orphans.is_claiming(shard));
        found
    }

    /// Whether rows that were never leased may be the trace of a wipe that happened before this
    /// instance looked: somebody who has been here for longer will write them back.
    fn is_newcomer_among_elders(&self, now: Moment) -> bool {
        self.store.calm(now) < STORE_CHANGE_GRACE && self.members.has_elders(ELDER_BEATS, now)
    }

    /// Where every shard is, or is on its way to; orphans are nowhere.
    pub(super) fn placements(&self, orphans: &Found) -> BTreeMap<ShardKey, Option<InstanceId>> {
        let place = |shard: &ShardKey, holding| match holding {
            _ if orphans.contains_key(shard) => None,
            Holding::Free => None,
            Holding::Offered { to, .. } => Some(to),
            Holding::Owned { owner } => Some(self.moves.destination(shard).unwrap_or(owner)),
        };
        self.rows.iter().map(|(shard, holding, _)| (shard.clone(), place(shard, holding))).collect()
    }

    pub(super) fn claim(&mut self, now: Moment) {
        if !self.may_act(now) || self.record.phase != Phase::Up {
            return;
        }
        let members = &self.members;
        let still = |shard: &ShardKey, cause| still_holds(shard, cause, members, now);
        for (shard, expected) in self.orphans.claim(self.room(), still, now) {
            self.push(Output::Claim(shard, expected));
        }
    }

    /// How many more shards may be held, with those on their way in.
    fn room(&self) -> usize {
        let capacity = usize::try_from(self.record.capacity.0).unwrap_or(usize::MAX);
        capacity.saturating_sub(self.rows.held().len() + self.handovers.incoming())
    }

    pub(super) fn claim_due(&self) -> Option<Moment> {
        let may_claim = self.may_act_in_time() && self.record.phase == Phase::Up;
        let has_room = self.room() > self.orphans.claiming();
        self.orphans.due().filter(|_| may_claim && has_room)
    }

    pub(super) fn on_claimed(&mut self, shard: &ShardKey, epoch: Epoch, now: Moment) {
        self.orphans.answered(shard);
        self.on_took(shard, epoch, now);
    }

    /// Somebody was faster, or the answer was lost; the rows tell.
    pub(super) fn on_claim_lost(&mut self, shard: &ShardKey, now: Moment) {
        self.orphans.answered(shard);
        self.sweeps.hurry(now, SWEEP_PERIOD);
    }

    pub(super) fn on_took(&mut self, shard: &ShardKey, epoch: Epoch, now: Moment) {
        self.handovers.arrived(shard);
        self.orphans.taken(shard);
        self.rows.take(shard.clone(), epoch, now);
        self.push(Output::Tell(Hint::Taken { shard: shard.clone(), epoch, by: self.me }));
        self.on_arrival(shard, self.me, now);
    }

    // -----------------------------------------------------------------------------------------
    // The planner's lease
    // -----------------------------------------------------------------------------------------

    pub(super) fn elect(&mut self, now: Moment) {
        if !self.may_act(now) || self.record.phase != Phase::Up {
            return;
        }
        if self.election_due().is_none_or(|due| now < due) {
            return;
        }
        let holder = self.planner.holder();
        if holder.is_some_and(|id| self.members.life(id, now) != Life::Dead) {
            self.planner.wait();
            return;
        }
        let expected = self.planner.claim(now);
        self.push(Output::ClaimPlanner(expected));
    }

    /// When it is this instance's turn to claim the planner's lease.
    pub(super) fn election_due(&self) -> Option<Moment> {
        if !self.may_act_in_time() || self.record.phase != Phase::Up {
            return None;
        }
        let vacant_since = self.planner.vacant_since()?;
        let order = planner_order(self.evaluation.targets().iter().copied());
        let turn = order.iter().position(|id| *id == self.me)?;
        Some(vacant_since + CLAIM_STAGGER * u32::try_from(turn).unwrap_or(u32::MAX))
    }
}
