//! What holds for any plan, whatever the fleet is like.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU16,
};

use baton_fleet::plan::{Balance, Candidate, MoveReason, Plan, Standing};
use baton_model::{Capacity, InstanceId, StoreMillis, Tier, Weight};
use proptest::prelude::*;

use crate::snapshot::{
    Pins, Shards, candidate, carried_out, count_of, counts, id, planned, shard, version,
};

#[derive(Debug, Clone)]
struct World {
    candidates: Vec<Candidate>,
    shards: Shards,
    pins: Pins,
}

fn any_candidate(number: u128) -> impl Strategy<Value = Candidate> {
    let standing = prop_oneof![
        6 => Just(Standing::Target),
        1 => Just(Standing::Leaving),
        1 => Just(Standing::Waiting),
    ];
    let zone = prop::sample::select(vec!["a", "b", "c"]);
    let numbers = (1_u16..5, 0_u32..40, 0_u32..2, 0_u64..3, 0_u8..3);
    (standing, zone, numbers, any::<bool>()).prop_map(
        move |(standing, zone, (weight, capacity, minor, joined_at, tier), settled)| Candidate {
            standing,
            tier: Tier(tier),
            zone: zone.parse().unwrap(),
            weight: Weight(NonZeroU16::new(weight).unwrap()),
            capacity: Capacity(capacity),
            version: version(minor),
            joined_at: StoreMillis(joined_at),
            settled,
            ..candidate(number)
        },
    )
}

fn any_world() -> impl Strategy<Value = World> {
    // Holders and pins may name instance 9, which is not among the candidates.
    let candidates: Vec<_> = (1..7).map(any_candidate).collect();
    let shards = prop::collection::vec((0_u128..10, 0_u128..40), 0..60);
    (candidates, shards).prop_map(|(candidates, drawn)| {
        let key = |at: usize| shard(u32::try_from(at).unwrap());
        let shards = drawn
            .iter()
            .enumerate()
            .map(|(at, (holder, _))| (key(at), (*holder > 0).then(|| id(*holder))));
        let pins = drawn.iter().enumerate();
        let pins = pins.filter(|(_, (_, pin))| (1..10).contains(pin));
        World {
            candidates,
            shards: shards.collect(),
            pins: pins.map(|(at, (_, pin))| (key(at), id(*pin))).collect(),
        }
    })
}

fn any_balance() -> impl Strategy<Value = Balance> {
    prop_oneof![Just(Balance::Now), Just(Balance::Waits)]
}

impl World {
    fn plan(&self, balance: Balance) -> Plan {
        planned(&self.candidates, &self.shards, &self.pins, balance)
    }

    fn get(&self, id: InstanceId) -> Option<&Candidate> {
        self.candidates.iter().find(|c| c.id == id)
    }

    fn is_target(&self, id: InstanceId) -> bool {
        self.get(id).is_some_and(|c| c.standing == Standing::Target)
    }

    fn targets(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter().filter(|c| c.standing == Standing::Target)
    }

    fn has_to_go_somewhere(&self, holder: Option<InstanceId>) -> bool {
        holder.is_none_or(|id| self.get(id).is_some_and(|c| c.standing == Standing::Leaving))
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2_048)
    })]

    #[test]
    fn only_targets_are_given_shards_and_never_above_their_capacity(
        world in any_world(), balance in any_balance(),
    ) {
        let plan = world.plan(balance);
        let given = plan.claims.values().chain(plan.moves.iter().map(|m| &m.to));
        let given: Vec<_> = given.collect();
        prop_assert!(given.iter().all(|id| world.is_target(**id)));
        let after = counts(&carried_out(&world.shards, &plan));
        for target in world.targets() {
            let before = count_of(&world.shards, target.id);
            let most = before.max(target.capacity.0 as usize);
            prop_assert!(after.get(&target.id).copied().unwrap_or(0) <= most);
        }
    }

    #[test]
    fn every_shard_is_moved_once_and_to_another_instance(
        world in any_world(), balance in any_balance(),
    ) {
        let plan = world.plan(balance);
        let moved: BTreeSet<_> = plan.moves.iter().map(|m| &m.shard).collect();
        prop_assert_eq!(moved.len(), plan.moves.len());
        prop_assert!(plan.moves.iter().all(|m| m.from != m.to));
        carried_out(&world.shards, &plan);
    }

    #[test]
    fn a_plan_carried_out_is_a_fixed_point(world in any_world(), balance in any_balance()) {
        let plan = world.plan(balance);
        let mut after = World { shards: carried_out(&world.shards, &plan), ..world };
        let mut again = after.plan(balance);
        // A pin to a full instance is met in a later round, when its surplus has left; each such
        // round meets at least one pin more.
        for _ in 0..plan.pins_unmet.len() {
            after.shards = carried_out(&after.shards, &again);
            again = after.plan(balance);
        }
        prop_assert_eq!(again.moves, vec![]);
        prop_assert_eq!(again.claims, BTreeMap::new());
    }

    #[test]
    fn the_order_of_candidates_does_not_matter(world in any_world(), balance in any_balance()) {
        let mut turned = world.clone();
        turned.candidates.reverse();
        prop_assert_eq!(world.plan(balance), turned.plan(balance));
    }

    #[test]
    fn what_has_to_go_somewhere_is_placed_or_reported(
        world in any_world(), balance in any_balance(),
    ) {
        let plan = world.plan(balance);
        for (shard, holder) in &world.shards {
            let is_placed = plan.claims.contains_key(shard)
                || plan.moves.iter().any(|m| m.shard == *shard);
            let is_left = plan.left_over.contains(shard);
            if world.has_to_go_somewhere(*holder) {
                prop_assert!(is_placed != is_left, "{:?}", shard);
            } else {
                prop_assert!(!is_left);
            }
        }
    }

    #[test]
    fn nothing_is_left_over_while_a_target_has_room(
        world in any_world(), balance in any_balance(),
    ) {
        let plan = world.plan(balance);
        if !plan.left_over.is_empty() {
            let after = counts(&carried_out(&world.shards, &plan));
            for target in world.targets() {
                let has = after.get(&target.id).copied().unwrap_or(0);
                prop_assert!(has >= target.capacity.0 as usize, "{:?}", target);
            }
        }
    }

    #[test]
    fn a_pin_is_honoured_or_reported(world in any_world(), balance in any_balance()) {
        let plan = world.plan(balance);
        let after = carried_out(&world.shards, &plan);
        for (shard, wanted) in &world.pins {
            let Some(holder) = world.shards.get(shard) else { continue };
            let untouchable = holder.is_some_and(|id| {
                world.get(id).is_none_or(|c| c.standing == Standing::Waiting)
            });
            let is_met = after[shard] == Some(*wanted);
            prop_assert!(is_met || untouchable || plan.pins_unmet.contains(shard));
            if world.is_target(*wanted) && plan.pins_unmet.contains(shard) {
                let pinned_in = world.pins.iter().filter(|(shard, to)| {
                    *to == wanted
                        && world.shards.get(*shard) != Some(&Some(*wanted))
                        && after.get(*shard) == Some(&Some(*wanted))
                });
                let occupied = count_of(&world.shards, *wanted) + pinned_in.count();
                let capacity = world.get(*wanted).unwrap().capacity.0 as usize;
                prop_assert!(occupied >= capacity, "refused although there was room");
            }
        }
    }

    #[test]
    fn what_may_not_be_touched_stays(world in any_world(), balance in any_balance()) {
        let plan = world.plan(balance);
        for movement in &plan.moves {
            let from = world.get(movement.from).map(|c| c.standing);
            prop_assert!(matches!(from, Some(Standing::Target | Standing::Leaving)));
        }
    }

    #[test]
    fn while_balance_waits_only_pins_and_leavers_move(world in any_world()) {
        let plan = world.plan(Balance::Waits);
        for movement in &plan.moves {
            let standing = world.get(movement.from).unwrap().standing;
            let is_forced = world.pins.contains_key(&movement.shard)
                || standing == Standing::Leaving;
            prop_assert!(is_forced, "{:?}", movement);
        }
    }

    #[test]
    fn shares_and_moves_agree(world in any_world()) {
        let plan = world.plan(Balance::Now);
        let after = counts(&carried_out(&world.shards, &plan));
        let fits = |c: &Candidate| {
            after.get(&c.id).copied().unwrap_or(0) <= c.capacity.0 as usize
        };
        if plan.left_over.is_empty() && world.targets().all(fits) {
            for (id, share) in &plan.shares {
                prop_assert_eq!(after.get(id).copied().unwrap_or(0), *share);
            }
            let pinned_or_leaving = plan.moves.iter().filter(|m| m.reason != MoveReason::Balance);
            let settled: Shards = {
                let mut shards = world.shards.clone();
                for m in pinned_or_leaving.clone().filter(|m| m.reason == MoveReason::Pinned) {
                    shards.insert(m.shard.clone(), Some(m.to));
                }
                for (shard, to) in plan.claims.iter().filter(|(s, _)| world.pins.contains_key(*s)) {
                    shards.insert(shard.clone(), Some(*to));
                }
                shards
            };
            let surplus: usize = plan.shares.iter()
                .map(|(id, share)| count_of(&settled, *id).saturating_sub(*share))
                .sum();
            prop_assert_eq!(plan.moves.len(), pinned_or_leaving.count() + surplus);
        }
    }

    #[test]
    fn a_worse_tier_gets_something_only_when_the_better_one_is_full(world in any_world()) {
        let all_settled: Vec<_> = world.candidates.iter().cloned()
            .map(|c| Candidate { settled: true, ..c })
            .collect();
        let plan = planned(&all_settled, &world.shards, &Pins::new(), Balance::Now);
        for better in world.targets() {
            let is_full = plan.shares[&better.id] == better.capacity.0 as usize;
            let worse_runs = world.targets()
                .any(|worse| worse.tier > better.tier && plan.shares[&worse.id] > 0);
            prop_assert!(is_full || !worse_runs, "{:?}", better);
        }
    }
}
