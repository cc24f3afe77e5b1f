//! No plan needs fewer moves: every allowed distribution is tried.

use std::{collections::BTreeSet, num::NonZeroU16};

use baton_fleet::plan::{Balance, Candidate};
use baton_model::{Capacity, Weight};
use proptest::prelude::*;

use crate::snapshot::{Pins, candidate, carried_out, counts, held, id, planned};

/// All ways to write `total` as `parts` numbers, each within its limit.
fn compositions(total: u32, limits: &[u32]) -> Vec<Vec<u32>> {
    let Some((limit, rest)) = limits.split_first() else {
        return if total == 0 { vec![vec![]] } else { vec![] };
    };
    (0..=total.min(*limit))
        .flat_map(|first| {
            compositions(total - first, rest).into_iter().map(move |mut tail| {
                tail.insert(0, first);
                tail
            })
        })
        .collect()
}

/// No shard could pass from one instance to another that has at least two fewer and room.
fn is_even(shares: &[u32], limits: &[u32]) -> bool {
    let pairs = || shares.iter().zip(limits);
    shares.iter().all(|from| pairs().all(|(to, limit)| to == limit || *from < to + 2))
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
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(512)
    })]

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
            let zones_are_even = used.iter().all(|z| is_even(&members(shares, *z), &unlimited));
            zones_are_even && is_even(&sums, &unlimited)
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
