//! The rules of the plan, checked against brute force where that is possible.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU16,
};

use baton_fleet::plan::{
    Balance, Candidate, MoveReason, Plan, Situation, Standing, plan, rendezvous_order,
};
use baton_model::{
    Capacity, Generation, InstanceId, ShardKey, ShardNumber, StoreMillis, Tier, Version, Weight,
};
use proptest::prelude::*;

type Shards = BTreeMap<ShardKey, Option<InstanceId>>;
type Pins = BTreeMap<ShardKey, InstanceId>;

const CAPACITY_MAX: u32 = 100_000;

fn id(number: u128) -> InstanceId {
    InstanceId::new(number)
}

fn shard(number: u32) -> ShardKey {
    ShardKey {
        app: "app".parse().unwrap(),
        generation: Generation(0),
        number: ShardNumber(number),
    }
}

fn candidate(number: u128) -> Candidate {
    Candidate {
        id: id(number),
        standing: Standing::Target,
        tier: Tier(0),
        zone: "a".parse().unwrap(),
        weight: Weight(NonZeroU16::MIN),
        capacity: Capacity(CAPACITY_MAX),
        version: Version::default(),
        joined_at: StoreMillis(0),
        settled: true,
    }
}

fn version(minor: u32) -> Version {
    Version {
        minor,
        ..Version::default()
    }
}

/// Shards numbered on from 0: `held[i]` of them with instance `i + 1`, then the orphans.
fn held(held: &[u32], orphans: u32) -> Shards {
    let holders = held
        .iter()
        .zip(1..)
        .flat_map(|(count, number)| (0..*count).map(move |_| Some(id(number))));
    holders
        .chain((0..orphans).map(|_| None))
        .zip(0..)
        .map(|(holder, number)| (shard(number), holder))
        .collect()
}

fn planned(candidates: &[Candidate], shards: &Shards, pins: &Pins, balance: Balance) -> Plan {
    plan(&Situation {
        candidates,
        shards,
        pins,
        balance,
    })
}

fn carried_out(shards: &Shards, plan: &Plan) -> Shards {
    let mut after = shards.clone();
    for (shard, to) in &plan.claims {
        assert_eq!(after.insert(shard.clone(), Some(*to)), Some(None));
    }
    for movement in &plan.moves {
        let before = after.insert(movement.shard.clone(), Some(movement.to));
        assert_eq!(before, Some(Some(movement.from)), "{movement:?}");
    }
    after
}

fn counts(shards: &Shards) -> BTreeMap<InstanceId, usize> {
    let mut counts = BTreeMap::new();
    for holder in shards.values().flatten() {
        *counts.entry(*holder).or_insert(0) += 1;
    }
    counts
}

fn count_of(shards: &Shards, id: InstanceId) -> usize {
    counts(shards).get(&id).copied().unwrap_or(0)
}

// ---------------------------------------------------------------------------------------------
// The fewest moves
// ---------------------------------------------------------------------------------------------

/// All ways to write `total` as `parts` numbers, each within its limit.
fn compositions(total: u32, limits: &[u32]) -> Vec<Vec<u32>> {
    let Some((limit, rest)) = limits.split_first() else {
        return if total == 0 { vec![vec![]] } else { vec![] };
    };
    (0..=total.min(*limit))
        .flat_map(|first| {
            compositions(total - first, rest)
                .into_iter()
                .map(move |mut tail| {
                    tail.insert(0, first);
                    tail
                })
        })
        .collect()
}

/// No shard could pass from one instance to another that has at least two fewer and room.
fn is_even(shares: &[u32], limits: &[u32]) -> bool {
    let pairs = || shares.iter().zip(limits);
    shares
        .iter()
        .all(|from| pairs().all(|(to, limit)| to == limit || *from < to + 2))
}

/// Every share is its exact quota, rounded up or down.
fn follows_weights(shares: &[u32], weights: &[u32]) -> bool {
    let total: u32 = shares.iter().sum();
    let weight: u32 = weights.iter().sum();
    shares.iter().zip(weights).all(|(share, own)| {
        let quota = total * own;
        *share == quota / weight || *share == quota.div_ceil(weight)
    })
}

fn leaving(held: &[u32], shares: &[u32]) -> u32 {
    let above = |(held, share): (&u32, &u32)| held.saturating_sub(*share);
    held.iter().zip(shares).map(above).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn at_equal_weights_no_even_distribution_needs_fewer_moves(
        sites in prop::collection::vec((0_u32..7, 7_u32..10), 1..5),
        orphans in 0_u32..4,
    ) {
        let (now, limits): (Vec<_>, Vec<_>) = sites.iter().copied().unzip();
        let total = now.iter().sum::<u32>() + orphans;
        prop_assume!(total <= limits.iter().sum());
        let candidates: Vec<_> = limits.iter().zip(1..).map(|(limit, number)| Candidate {
            capacity: Capacity(*limit),
            ..candidate(number)
        }).collect();
        let least = compositions(total, &limits)
            .iter()
            .filter(|shares| is_even(shares, &limits))
            .map(|shares| leaving(&now, shares))
            .min()
            .unwrap();

        let shards = held(&now, orphans);
        let plan = planned(&candidates, &shards, &Pins::new(), Balance::Now);
        prop_assert_eq!(plan.moves.len(), least as usize);
        let after = counts(&carried_out(&shards, &plan));
        let shares: Vec<_> = (1..=now.len() as u128)
            .map(|n| u32::try_from(after.get(&id(n)).copied().unwrap_or(0)).unwrap())
            .collect();
        prop_assert!(is_even(&shares, &limits), "{:?}", shares);
    }

    #[test]
    fn at_any_weights_no_rounding_of_the_quotas_needs_fewer_moves(
        sites in prop::collection::vec((0_u32..7, 1_u32..5), 1..5),
        orphans in 0_u32..4,
    ) {
        let (now, weights): (Vec<_>, Vec<_>) = sites.iter().copied().unzip();
        let total = now.iter().sum::<u32>() + orphans;
        let candidates: Vec<_> = weights.iter().zip(1..).map(|(weight, number)| Candidate {
            weight: Weight(NonZeroU16::new(u16::try_from(*weight).unwrap()).unwrap()),
            ..candidate(number)
        }).collect();
        let least = compositions(total, &vec![total; now.len()])
            .iter()
            .filter(|shares| follows_weights(shares, &weights))
            .map(|shares| leaving(&now, shares))
            .min()
            .unwrap();

        let plan = planned(&candidates, &held(&now, orphans), &Pins::new(), Balance::Now);
        prop_assert_eq!(plan.moves.len(), least as usize);
    }

    #[test]
    fn over_zones_no_even_distribution_of_zones_and_instances_needs_fewer_moves(
        sites in prop::collection::vec((0_u32..6, 0_usize..3), 1..6),
    ) {
        let now: Vec<_> = sites.iter().map(|(held, _)| *held).collect();
        let zones: Vec<_> = sites.iter().map(|(_, zone)| *zone).collect();
        let candidates: Vec<_> = zones.iter().zip(1..).map(|(zone, number)| Candidate {
            zone: ["a", "b", "c"][*zone].parse().unwrap(),
            ..candidate(number)
        }).collect();
        let total = now.iter().sum::<u32>();
        let used: BTreeSet<_> = zones.iter().copied().collect();
        let members = |shares: &[u32], zone: usize| -> Vec<u32> {
            let of_zone = shares.iter().zip(&zones).filter(|(_, z)| **z == zone);
            of_zone.map(|(share, _)| *share).collect()
        };
        let is_fair = |shares: &Vec<u32>| {
            let sums: Vec<u32> = used.iter().map(|z| members(shares, *z).iter().sum()).collect();
            let unlimited = vec![u32::MAX; shares.len()];
            is_even(&sums, &unlimited) && used.iter().all(|z| is_even(&members(shares, *z), &unlimited))
        };
        let least = compositions(total, &vec![total; now.len()])
            .iter()
            .filter(|shares| is_fair(shares))
            .map(|shares| leaving(&now, shares))
            .min()
            .unwrap();

        let shards = held(&now, 0);
        let plan = planned(&candidates, &shards, &Pins::new(), Balance::Now);
        prop_assert_eq!(plan.moves.len(), least as usize);
        let after = counts(&carried_out(&shards, &plan));
        let share_max = total.div_ceil(u32::try_from(used.len()).unwrap());
        for zone in used {
            let of_zone = candidates.iter().zip(&zones).filter(|(_, z)| **z == zone);
            let sum: usize = of_zone.map(|(c, _)| after.get(&c.id).copied().unwrap_or(0)).sum();
            prop_assert!(sum <= share_max as usize);
        }
    }
}

// ---------------------------------------------------------------------------------------------
// Anything goes
// ---------------------------------------------------------------------------------------------

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
        self.candidates
            .iter()
            .filter(|c| c.standing == Standing::Target)
    }

    fn has_to_go_somewhere(&self, holder: Option<InstanceId>) -> bool {
        holder.is_none_or(|id| {
            self.get(id)
                .is_some_and(|c| c.standing == Standing::Leaving)
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_048) })]

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
                !world.get(id).is_some_and(|c| c.standing != Standing::Waiting)
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
            let after = counts(&carried_out(&world.shards, &plan));
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

// ---------------------------------------------------------------------------------------------
// Large, and by example
// ---------------------------------------------------------------------------------------------

#[test]
fn a_large_fleet_is_level_after_exactly_the_moves_of_the_formula() {
    let candidates: Vec<_> = (1..=100).map(candidate).collect();
    let uneven: Vec<u32> = (0..100).map(|i| 100 + (i * 37) % 127).collect();
    let shards = held(&uneven, 16_384 - uneven.iter().sum::<u32>());
    let plan = planned(&candidates, &shards, &Pins::new(), Balance::Now);

    // 16,384 = 100 × 163 + 84: at best 84 of those above 163 are allowed one more.
    let above: u32 = uneven.iter().map(|held| held.saturating_sub(163)).sum();
    let may_keep_one = u32::try_from(uneven.iter().filter(|held| **held > 163).count()).unwrap();
    assert_eq!(plan.moves.len(), (above - may_keep_one.min(84)) as usize);
    let after = counts(&carried_out(&shards, &plan));
    let (least, most) = (after.values().min().unwrap(), after.values().max().unwrap());
    assert_eq!((least, most), (&163, &164));
}

#[test]
fn the_newest_version_and_then_the_latest_to_join_is_filled_first() {
    let newcomer = |number, minor, joined_at| Candidate {
        version: version(minor),
        joined_at: StoreMillis(joined_at),
        ..candidate(number)
    };
    let leaver = Candidate {
        standing: Standing::Leaving,
        ..candidate(1)
    };
    let candidates = [
        leaver,
        newcomer(2, 1, 50),
        newcomer(3, 2, 10),
        newcomer(4, 2, 20),
    ];
    // Shares are 4 each. Instance 2 is old and full; 4 joined last.
    let shards = held(&[5, 4, 1, 2], 0);
    let plan = planned(&candidates, &shards, &Pins::new(), Balance::Waits);
    let to = |n| plan.moves.iter().filter(|m| m.to == id(n)).count();
    assert_eq!((to(2), to(3), to(4)), (0, 3, 2));

    let shards = held(&[3, 5, 1, 2], 0);
    let plan = planned(&candidates, &shards, &Pins::new(), Balance::Waits);
    let to = |n| plan.moves.iter().filter(|m| m.to == id(n)).count();
    assert_eq!((to(2), to(3), to(4)), (0, 1, 2), "4 is filled before 3");
}

#[test]
fn an_odd_shard_stays_where_it_is_rather_than_go_to_a_newer_version() {
    let newer = Candidate {
        version: version(1),
        ..candidate(2)
    };
    let plan = planned(
        &[candidate(1), newer],
        &held(&[2, 1], 0),
        &Pins::new(),
        Balance::Now,
    );
    assert_eq!(plan.moves, vec![]);
}

#[test]
fn a_standby_gives_back_only_to_instances_that_are_settled() {
    let standby = Candidate {
        tier: Tier(1),
        ..candidate(2)
    };
    let returned = |settled| Candidate {
        settled,
        ..candidate(1)
    };
    let shards = held(&[0, 4], 2);
    let plan_with = |settled| {
        let candidates = [returned(settled), standby.clone()];
        planned(&candidates, &shards, &Pins::new(), Balance::Now)
    };
    let early = plan_with(false);
    assert_eq!(early.moves, vec![], "nothing goes back yet");
    assert!(early.claims.values().all(|to| *to == id(1)), "orphans do");
    assert_eq!(plan_with(true).moves.len(), 4);
}

#[test]
fn surplus_leaves_by_rendezvous_so_that_others_come_to_the_same_plan() {
    let shards = held(&[6, 0], 0);
    let plan = planned(
        &[candidate(1), candidate(2)],
        &shards,
        &Pins::new(),
        Balance::Now,
    );
    let shuffled: Vec<_> = plan.moves.iter().map(|m| m.shard.number.0).collect();
    assert_eq!(shuffled.len(), 3);
    assert_ne!(shuffled, [0, 1, 2], "not simply the first ones");
    let order = rendezvous_order(&plan.moves[0].shard, [id(1), id(2)]);
    assert_eq!(order.len(), 2);
}

// ---------------------------------------------------------------------------------------------
// A rolling deploy, one instance at a time
// ---------------------------------------------------------------------------------------------

/// The fleet during a deploy: every step carries the plan out and counts its moves.
struct Deploy {
    candidates: Vec<Candidate>,
    shards: Shards,
    moves: usize,
}

impl Deploy {
    fn of(instances: u128, shards: u32) -> Self {
        let candidates: Vec<_> = (1..=instances).map(candidate).collect();
        let orphans = held(&[], shards);
        let plan = planned(&candidates, &orphans, &Pins::new(), Balance::Now);
        Self {
            candidates,
            shards: carried_out(&orphans, &plan),
            moves: 0,
        }
    }

    fn join_new(&mut self, number: u128) {
        self.candidates.push(Candidate {
            version: version(1),
            joined_at: StoreMillis(u64::try_from(number).unwrap()),
            ..candidate(number)
        });
        self.step();
    }

    fn drain(&mut self, number: u128) {
        let leaver = self.candidates.iter_mut().find(|c| c.id == id(number));
        leaver.unwrap().standing = Standing::Leaving;
        self.step();
        assert_eq!(count_of(&self.shards, id(number)), 0, "drained");
        self.candidates.retain(|c| c.id != id(number));
    }

    fn step(&mut self) {
        let versions: BTreeSet<_> = self.candidates.iter().map(|c| c.version).collect();
        let balance = match versions.len() {
            1 => Balance::Now,
            _ => Balance::Waits,
        };
        let plan = planned(&self.candidates, &self.shards, &Pins::new(), balance);
        self.moves += plan.moves.len();
        self.shards = carried_out(&self.shards, &plan);
    }

    fn moves_per_shard(&self) -> f64 {
        self.moves as f64 / self.shards.len() as f64
    }

    fn is_level(&self) -> bool {
        let counts = counts(&self.shards);
        let all = self
            .candidates
            .iter()
            .map(|c| counts.get(&c.id).copied().unwrap_or(0));
        all.clone().max().unwrap() - all.min().unwrap() <= 1
    }
}

#[test]
fn with_a_surge_instance_a_rolling_deploy_moves_every_shard_once() {
    for instances in [2, 3, 10] {
        let mut deploy = Deploy::of(instances, 16_384);
        for old in 1..=instances {
            deploy.join_new(100 + old);
            deploy.drain(old);
        }
        let moves = deploy.moves_per_shard();
        assert!((1.0..=1.05).contains(&moves), "{instances}: {moves}");
        assert!(deploy.is_level());
    }
}

#[test]
fn without_one_only_the_first_and_the_last_instances_shards_move_twice() {
    for instances in [2_u32, 3, 10] {
        let mut deploy = Deploy::of(u128::from(instances), 16_384);
        for old in 1..=u128::from(instances) {
            deploy.drain(old);
            deploy.join_new(100 + old);
        }
        let moves = deploy.moves_per_shard();
        let bound = 1.0 + 2.0 / f64::from(instances) + 0.01;
        assert!((1.0..=bound).contains(&moves), "{instances}: {moves}");
        assert!(deploy.is_level());
    }
}

#[test]
fn preference_orders_versions_by_number() {
    // The order that the deploy rests on, spelled out once.
    let mut versions = [version(9), version(10), version(2)];
    versions.sort_by_key(|v| Reverse(*v));
    assert_eq!(versions, [version(10), version(9), version(2)]);
}
