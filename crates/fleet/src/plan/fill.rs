//! Which shard goes where, once shares are fixed.
//!
//! Shards that have to go somewhere fill the room below the shares; only then, if balance may be
//! restored, the surplus of others follows. Nothing leaves an instance for another reason.

use std::{cmp::Reverse, collections::BTreeMap};

use baton_model::{InstanceId, ShardKey, Tier};

use super::{
    Candidate, Move, MoveReason, Plan, Situation, Standing,
    rendezvous::{InstanceHash, ShardHash},
    share::{Claimant, Preference},
};

/// A possible target and what it holds.
struct Site<'a> {
    candidate: &'a Candidate,
    /// Places taken: what it holds in the snapshot, and what pins add to that. A pin to a full
    /// instance is unmet rather than push out others that might find no room.
    occupied: u64,
    pinned: u64,
    movable: Vec<&'a ShardKey>,
}

/// The snapshot sorted by what may be done with each shard, and the plan as far as it has got.
pub(super) struct Board<'a> {
    sites: BTreeMap<InstanceId, Site<'a>>,
    orphans: Vec<&'a ShardKey>,
    leaving: Vec<(&'a ShardKey, InstanceId)>,
    plan: Plan,
}

impl<'a> Board<'a> {
    pub(super) fn new(situation: &Situation<'a>) -> Self {
        let mut board = Self {
            sites: sites(situation),
            orphans: Vec::new(),
            leaving: Vec::new(),
            plan: Plan::default(),
        };
        let standings: BTreeMap<_, _> =
            situation.candidates.iter().map(|c| (c.id, c.standing)).collect();
        for (shard, holder) in situation.shards {
            let standing = holder.and_then(|id| standings.get(&id).copied());
            let place = match (*holder, standing) {
                (None, _) => Place::Orphan,
                (Some(id), Some(Standing::Leaving)) => Place::Leaving(id),
                (Some(id), Some(Standing::Target)) => Place::At(id),
                // Its holder may still write and would not hand it over: let it be.
                (Some(_), Some(Standing::Waiting) | None) => continue,
            };
            board.put(shard, place, situation.pins.get(shard).copied());
        }
        board
    }

    fn put(&mut self, shard: &'a ShardKey, place: Place, pin: Option<InstanceId>) {
        match pin.map(|wanted| self.pin(shard, place, wanted)) {
            Some(Pinned::Met) => return,
            Some(Pinned::Unmet) => self.plan.pins_unmet.push(shard.clone()),
            None => {}
        }
        match place {
            Place::Orphan => self.orphans.push(shard),
            Place::Leaving(from) => self.leaving.push((shard, from)),
            Place::At(id) => self.site(id).movable.push(shard),
        }
    }

    fn pin(&mut self, shard: &ShardKey, place: Place, wanted: InstanceId) -> Pinned {
        let Some(site) = self.sites.get_mut(&wanted) else {
            return Pinned::Unmet;
        };
        let from = match place {
            Place::Orphan => None,
            Place::At(holder) | Place::Leaving(holder) => Some(holder),
        };
        if from != Some(wanted) {
            if site.occupied >= u64::from(site.candidate.capacity.0) {
                return Pinned::Unmet;
            }
            site.occupied += 1;
            match from {
                None => drop(self.plan.claims.insert(shard.clone(), wanted)),
                Some(from) => {
                    let movement = movement(shard, from, wanted, MoveReason::Pinned);
                    self.plan.moves.push(movement);
                }
            }
        }
        site.pinned += 1;
        Pinned::Met
    }

    fn site(&mut self, id: InstanceId) -> &mut Site<'a> {
        self.sites.get_mut(&id).unwrap_or_else(|| unreachable!("{id} stands as a target"))
    }

    /// How many shards have to be somewhere among the targets.
    pub(super) fn demand(&self) -> u64 {
        let held: u64 = self.sites.values().map(Site::holds).sum();
        held + length(self.orphans.len()) + length(self.leaving.len())
    }

    pub(super) fn claimants(&self) -> Vec<Claimant<'a>> {
        self.sites.values().map(Site::claimant).collect()
    }

    pub(super) fn fill_orphans(&mut self, shares: &BTreeMap<InstanceId, u64>) {
        let mut rooms = self.rooms(shares);
        for shard in std::mem::take(&mut self.orphans) {
            match rooms.take(shard) {
                Some(to) => {
                    self.site(to).movable.push(shard);
                    self.plan.claims.insert(shard.clone(), to);
                }
                None => self.plan.left_over.push(shard.clone()),
            }
        }
    }

    pub(super) fn fill_leaving(&mut self, shares: &BTreeMap<InstanceId, u64>) {
        let mut rooms = self.rooms(shares);
        for (shard, from) in std::mem::take(&mut self.leaving) {
            match rooms.take(shard) {
                Some(to) => {
                    self.site(to).movable.push(shard);
                    let movement = movement(shard, from, to, MoveReason::Leaving);
                    self.plan.moves.push(movement);
                }
                None => self.plan.left_over.push(shard.clone()),
            }
        }
    }

    pub(super) fn fill_surplus(&mut self, shares: &BTreeMap<InstanceId, u64>) {
        let mut rooms = self.rooms(shares);
        for (id, site) in &mut self.sites {
            for shard in site.surplus(shares[id]) {
                // Where capacity is short, somebody above it may keep what fits nowhere else.
                let Some(to) = rooms.take(shard) else {
                    break;
                };
                let movement = movement(shard, *id, to, MoveReason::Balance);
                self.plan.moves.push(movement);
            }
        }
    }

    fn rooms(&self, shares: &BTreeMap<InstanceId, u64>) -> Rooms {
        let mut rooms: BTreeMap<Rank, Vec<Room>> = BTreeMap::new();
        for (id, site) in &self.sites {
            let room = shares[id].saturating_sub(site.holds());
            if room > 0 {
                let claimant = site.claimant();
                let rank = (claimant.tier, claimant.preference);
                let room = Room { id: *id, hash: InstanceHash::of(*id), left: room };
                rooms.entry(rank).or_default().push(room);
            }
        }
        Rooms(rooms)
    }

    pub(super) fn into_plan(mut self, shares: &BTreeMap<InstanceId, u64>) -> Plan {
        self.plan.shares = shares
            .iter()
            .map(|(id, share)| (*id, usize::try_from(*share).unwrap_or(usize::MAX)))
            .collect();
        self.plan.moves.sort_by_key(|movement| movement.reason);
        self.plan
    }
}

/// Where a shard is, as far as the plan may touch it.
#[derive(Clone, Copy)]
enum Place {
    Orphan,
    Leaving(InstanceId),
    At(InstanceId),
}

enum Pinned {
    Met,
    Unmet,
}

fn sites<'a>(situation: &Situation<'a>) -> BTreeMap<InstanceId, Site<'a>> {
    let mut occupied: BTreeMap<InstanceId, u64> = BTreeMap::new();
    for holder in situation.shards.values().flatten() {
        *occupied.entry(*holder).or_default() += 1;
    }
    let candidates = situation.candidates.iter();
    let targets = candidates.filter(|c| c.standing == Standing::Target);
    let site = |candidate: &'a Candidate| Site {
        candidate,
        occupied: occupied.get(&candidate.id).copied().unwrap_or(0),
        pinned: 0,
        movable: Vec::new(),
    };
    targets.map(|c| (c.id, site(c))).collect()
}

impl<'a> Site<'a> {
    fn holds(&self) -> u64 {
        self.pinned + length(self.movable.len())
    }

    fn claimant(&self) -> Claimant<'a> {
        Claimant {
            id: self.candidate.id,
            tier: self.candidate.tier,
            zone: &self.candidate.zone,
            weight: u64::from(self.candidate.weight.0.get()),
            // What is pinned to it already stays, even above its capacity.
            capacity: u64::from(self.candidate.capacity.0).max(self.pinned),
            preference: (Reverse(self.candidate.version), Reverse(self.candidate.joined_at)),
            settled: self.candidate.settled,
            pinned: self.pinned,
            movable: length(self.movable.len()),
        }
    }

    /// What it holds above its share: those of its shards that belong to it least.
    fn surplus(&mut self, share: u64) -> &[&'a ShardKey] {
        let above = usize::try_from(self.holds().saturating_sub(share)).unwrap_or(usize::MAX);
        if above == 0 {
            return &[];
        }
        let own = InstanceHash::of(self.candidate.id);
        self.movable.sort_by_cached_key(|shard| ShardHash::of(shard).score(own));
        &self.movable[..above.min(self.movable.len())]
    }
}

/// In which order instances are filled: the better tier first, then by [`Preference`].
type Rank = (Tier, Preference);

/// What one instance may still take; never nothing.
struct Room {
    id: InstanceId,
    hash: InstanceHash,
    left: u64,
}

/// What all instances may still take, in the order in which they are filled.
struct Rooms(BTreeMap<Rank, Vec<Room>>);

impl Rooms {
    /// A place for a shard: of the instances to be filled next, the one it belongs to most.
    fn take(&mut self, shard: &ShardKey) -> Option<InstanceId> {
        let mut next = self.0.first_entry()?;
        let rooms = next.get_mut();
        let hash = ShardHash::of(shard);
        let best = (0..rooms.len()).max_by_key(|at| hash.score(rooms[*at].hash))?;
        let to = rooms[best].id;
        rooms[best].left -= 1;
        if rooms[best].left == 0 {
            rooms.swap_remove(best);
        }
        if rooms.is_empty() {
            next.remove();
        }
        Some(to)
    }
}

fn movement(shard: &ShardKey, from: InstanceId, to: InstanceId, reason: MoveReason) -> Move {
    Move { shard: shard.clone(), from, to, reason }
}

fn length(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
