//! How many shards each instance should run.
//!
//! Three divisions, one inside the other: what a tier carries, what each of its zones carries, and
//! what each instance of a zone carries. Shares are the exact quotas rounded up or down, and of all
//! such roundings one that lets the fewest shards leave.

use std::{cmp::Reverse, collections::BTreeMap};

use baton_model::{InstanceId, StoreMillis, Tier, Version, Zone};

use super::apportion::{Part, Quota, quotas};

/// An instance that may be given shards, and what it holds.
#[derive(Debug, Clone)]
pub(super) struct Claimant<'a> {
    pub(super) id: InstanceId,
    pub(super) tier: Tier,
    pub(super) zone: &'a Zone,
    pub(super) weight: u64,
    pub(super) capacity: u64,
    pub(super) preference: Preference,
    pub(super) settled: bool,
    /// Shards that it holds, or will hold, because operators want it.
    pub(super) pinned: u64,
    /// The other shards that it holds.
    pub(super) movable: u64,
}

impl Claimant<'_> {
    const fn holds(&self) -> u64 {
        self.pinned + self.movable
    }
}

/// Who is filled first where there is a choice: the newest version, then the latest to join. In a
/// rolling deploy those are the ones that stay.
pub(super) type Preference = (Reverse<Version>, Reverse<StoreMillis>);

/// Shares by instance, with the moves that reaching them costs.
struct Division {
    shares: BTreeMap<InstanceId, u64>,
    leaving: u64,
}

/// Divides `demand` shards among the claimants. What exceeds all capacity is in nobody's share.
pub(super) fn shares(claimants: &[Claimant<'_>], demand: u64) -> BTreeMap<InstanceId, u64> {
    let mut tiers: BTreeMap<Tier, Vec<&Claimant<'_>>> = BTreeMap::new();
    for claimant in claimants {
        tiers.entry(claimant.tier).or_default().push(claimant);
    }
    let mut shares = BTreeMap::new();
    let mut rest = demand;
    while let Some((_, tier)) = tiers.pop_first() {
        let worse: Vec<_> = tiers.values().flatten().copied().collect();
        let load = tier_load(&tier, &worse, rest);
        rest -= load;
        shares.extend(divide_among_zones(&tier, load).shares);
    }
    shares
}

/// What a tier carries of `rest` shards, given the tiers behind it.
///
/// Everything that it has room for, except that shards which a worse tier took over come back
/// only to instances that have been well for a while: a flapping instance would otherwise pull
/// them to and fro.
fn tier_load(tier: &[&Claimant<'_>], worse: &[&Claimant<'_>], rest: u64) -> u64 {
    let capacity: u64 = tier.iter().map(|c| c.capacity).sum();
    let settled: u64 = tier.iter().filter(|c| c.settled).map(|c| c.capacity).sum();
    let pinned_here: u64 = tier.iter().map(|c| c.pinned).sum();
    let pinned_behind: u64 = worse.iter().map(|c| c.pinned).sum();
    let held_behind: u64 = worse.iter().map(|c| c.holds().min(c.capacity)).sum();
    let here = capacity.min(rest.saturating_sub(held_behind)).max(pinned_here);
    let may_return = rest - here - pinned_behind;
    here + may_return.min(settled.saturating_sub(here))
}

/// Divides a tier's load evenly among its zones, whatever their size, so that losing one costs no
/// more than its part; a zone without the capacity leaves the difference to the others.
fn divide_among_zones(tier: &[&Claimant<'_>], load: u64) -> Division {
    let mut zones: BTreeMap<&Zone, Vec<&Claimant<'_>>> = BTreeMap::new();
    for claimant in tier {
        zones.entry(claimant.zone).or_default().push(claimant);
    }
    let parts: Vec<_> = zones
        .values()
        .map(|zone| Part {
            weight: 1,
            min: zone.iter().map(|c| c.pinned).sum(),
            max: zone.iter().map(|c| c.capacity).sum(),
        })
        .collect();
    let members: Vec<_> = zones.into_values().collect();
    round(load, &parts, |i, share| divide_in_zone(&members[i], share))
}

fn divide_in_zone(zone: &[&Claimant<'_>], load: u64) -> Division {
    // The order of preference decides between roundings that are equally cheap.
    let mut zone = zone.to_vec();
    zone.sort_unstable_by_key(|c| (c.preference, c.id));
    let parts: Vec<_> =
        zone.iter().map(|c| Part { weight: c.weight, min: c.pinned, max: c.capacity }).collect();
    round(load, &parts, |i, share| Division {
        shares: BTreeMap::from([(zone[i].id, share)]),
        leaving: zone[i].holds().saturating_sub(share),
    })
}

/// Rounds quotas so that they add up to `total`, with the fewest shards leaving.
///
/// Each part's cost depends on its own rounding alone, so giving the units that rounding down left
/// over to the parts where one saves most is the best there is.
fn round(total: u64, parts: &[Part], divide: impl Fn(usize, u64) -> Division) -> Division {
    let quotas = quotas(total, parts);
    let mut divisions: Vec<_> = (0..parts.len()).map(|i| divide(i, quotas[i].floor)).collect();
    let left_over = total - quotas.iter().map(|q| q.floor).sum::<u64>();
    let mut rounded_up: Vec<_> = (0..parts.len())
        .filter(|i| quotas[*i].fraction > 0)
        .map(|i| (i, divide(i, quotas[i].floor + 1)))
        .collect();
    rounded_up.sort_by_key(|(i, up)| {
        // Kept in this order: what saves most, then the larger fraction, then who came first.
        let cost = i128::from(up.leaving) - i128::from(divisions[*i].leaving);
        (cost, Reverse(fraction_of(&quotas[*i])))
    });
    for (i, up) in rounded_up.into_iter().take(count(left_over)) {
        divisions[i] = up;
    }
    Division {
        leaving: divisions.iter().map(|d| d.leaving).sum(),
        shares: divisions.into_iter().flat_map(|d| d.shares).collect(),
    }
}

const fn fraction_of(quota: &Quota) -> u64 {
    quota.fraction
}

fn count(units: u64) -> usize {
    usize::try_from(units).unwrap_or(usize::MAX)
}
