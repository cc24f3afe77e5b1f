//! What the planner does beyond any other instance.

use baton_model::{
    InstanceId, Moment, ShardKey,
    limits::{BALANCE_CALM, SWEEP_PERIOD},
};

use super::{Fleet, claiming::Found};
use crate::{
    asking::Look,
    input::Hint,
    membership::Life,
    output::Output,
    plan::{Balance, Candidate, Move, Situation, Standing, plan},
    planner::Turn,
    rows::settled_owner,
};

impl Fleet {
    pub(super) fn on_office(&mut self, turn: Turn, now: Moment) {
        match turn {
            Turn::None => {}
            Turn::TookOffice => {
                self.moves.adopt(&self.targets, now);
                self.sweeps.hurry(now, SWEEP_PERIOD);
                self.resign_if_leaving();
            }
            Turn::LostOffice => self.moves.clear(),
        }
    }

    /// Plans anew from the rows just swept.
    pub(super) fn plan(&mut self, now: Moment) {
        if !self.is_planner() || !self.may_act(now) {
            return;
        }
        let arrived = self.arrived(now);
        self.write_targets(Vec::new(), arrived, now);
        self.forget_the_dead(now);
        let orphans = self.found_orphans(now);
        let candidates = self.candidates(now);
        let shards = self.placements(&orphans);
        let plan = plan(&Situation {
            candidates: &candidates,
            shards: &shards,
            pins: &self.orders.pins,
            balance: self.balance(&orphans, now),
        });
        self.report((plan.left_over, plan.pins_unmet));
        self.moves.queue(plan.moves);
    }

    /// Whether shards may be moved for balance alone: only in a fleet in which nothing else is
    /// going on, for what is going on may be a deploy that will move them anyway. A change of store
    /// is no calm either: it makes everybody a newcomer.
    fn balance(&self, orphans: &Found, now: Moment) -> Balance {
        let is_calm = orphans.is_empty()
            && self.members.calm(now) >= BALANCE_CALM
            && !self.is_in_transition(now)
            && !self.rows.has_shards_without_session()
            && self.gate.is_empty();
        if is_calm { Balance::Now } else { Balance::Waits }
    }

    /// Whoever is ordered to leave is not given anything more, although it may not know yet.
    fn candidates(&self, now: Moment) -> Vec<Candidate> {
        let mut candidates = self.members.candidates(now);
        for candidate in &mut candidates {
            if candidate.standing == Standing::Target
                && self.orders.drains.contains_key(&candidate.id)
            {
                candidate.standing = Standing::Waiting;
            }
        }
        candidates
    }

    /// Whether somebody comes or goes. Whoever was drained and is kept for later does neither.
    fn is_in_transition(&self, now: Moment) -> bool {
        let owners = self.rows.owners();
        let is_empty = |id| self.orders.drains.contains_key(&id) && !owners.contains(&id);
        self.members.is_in_transition(is_empty, now)
    }

    /// Moves whose shards the rows show at their destination.
    fn arrived(&mut self, now: Moment) -> Vec<ShardKey> {
        let rows = self.rows.iter();
        let owned = rows.filter_map(|(shard, holding, _)| Some((shard, settled_owner(holding)?)));
        let moves = &mut self.moves;
        owned
            .filter(|(shard, owner)| moves.settled(shard, *owner, now))
            .map(|(shard, _)| shard.clone())
            .collect()
    }

    /// A shard has a new owner: if it was on the move, its place is free for the next.
    pub(super) fn on_arrival(&mut self, shard: &ShardKey, owner: InstanceId, now: Moment) {
        if self.moves.settled(shard, owner, now) {
            self.write_targets(Vec::new(), vec![shard.clone()], now);
        }
    }

    /// Gives up moves that will not arrive, and starts the next.
    pub(super) fn carry_on_moves(&mut self, now: Moment) {
        if !self.is_planner() || !self.may_act(now) {
            return;
        }
        let members = &self.members;
        let is_target = |id| members.is_target(id, now);
        let may_arrive = |id| members.is_up(id) && members.life(id, now) != Life::Dead;
        let given_up = self.moves.give_up(may_arrive, now);
        let rows = &self.rows;
        let makes_sense = |movement: &Move| {
            let holding = rows.holding(&movement.shard);
            let owner = holding.and_then(settled_owner);
            owner == Some(movement.from)
                && is_target(movement.to)
                && members.life(movement.from, now) == Life::Alive
        };
        let started = self.moves.start(makes_sense, now);
        let set = started.into_iter().map(|m| (m.shard, m.to)).collect();
        self.write_targets(set, given_up, now);
    }

    /// Repeats writes that a poll does not show.
    pub(super) fn reconcile_targets(&mut self, look: Look, now: Moment) {
        if self.is_planner() && self.may_act(now) {
            let (set, clear) = self.moves.reconcile(&self.targets, look.issued);
            self.write_targets(set, clear, now);
        }
    }

    fn write_targets(
        &mut self,
        set: Vec<(ShardKey, InstanceId)>,
        clear: Vec<ShardKey>,
        now: Moment,
    ) {
        let Some(epoch) = self.planner.held() else {
            return;
        };
        if set.is_empty() && clear.is_empty() {
            return;
        }
        let started = set.clone();
        self.push(Output::WriteTargets { epoch, set, clear });
        for (shard, to) in started {
            self.follow_target(&shard, to, now);
            self.push(Output::Tell(Hint::Move { shard, to }));
        }
    }

    fn forget_the_dead(&mut self, now: Moment) {
        let owners = self.rows.owners();
        for (id, beat) in self.members.forgettable(now) {
            if !owners.contains(&id) {
                self.push(Output::Forget(id, beat));
            }
        }
    }

    fn report(&mut self, no_place: (Vec<ShardKey>, Vec<ShardKey>)) {
        if self.no_place == no_place {
            return;
        }
        self.no_place.clone_from(&no_place);
        let (left_over, pins_unmet) = no_place;
        self.push(Output::NoPlace { left_over, pins_unmet });
    }
}
