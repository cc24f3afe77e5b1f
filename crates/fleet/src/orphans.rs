//! Claiming shards that nobody runs, without a planner.
//!
//! Every instance works out the same order of claimants for every orphan and waits its turn, so
//! that mostly one claims. The claim names the lease it expects to replace: where two instances
//! see different things, the store lets one of them win, and losing is normal.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_model::{
    Expected, InstanceId, Moment, ShardKey,
    limits::{CLAIM_STAGGER, CLAIMS_AT_ONCE_MAX, POLL_PERIOD},
};

use crate::{
    membership::{Life, Membership},
    plan::{Plan, rendezvous_order},
};

/// Why a shard may be claimed. Looked at again when the claim is due: the dead may have risen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nobody holds it.
    Free,
    /// Its holder is dead.
    HolderDead(InstanceId),
    /// Its holder lives, but lists it as stalled.
    Stalled(InstanceId),
    /// It has been on offer for so long that neither side can be expected to act.
    OfferStands,
    /// The row names this instance, which does not know of it: the answer to a claim was lost.
    ClaimedBefore,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    expected: Expected,
    cause: Cause,
    due: Moment,
}

/// Orphans that this instance may claim in its turn, and claims under way.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    waiting: BTreeMap<ShardKey, Waiting>,
    claiming: BTreeSet<ShardKey>,
}

impl Orphans {
    /// Takes the orphans of a new look at the rows. One already known keeps its turn.
    pub(crate) fn refresh(
        &mut self,
        found: &BTreeMap<ShardKey, (Expected, Cause)>,
        turn: impl Fn(&ShardKey) -> Option<usize>,
        now: Moment,
    ) {
        let before = std::mem::take(&mut self.waiting);
        for (shard, (expected, cause)) in found {
            let Some(turn) = turn(shard) else {
                continue;
            };
            let known = before.get(shard).filter(|known| known.expected == *expected);
            let pause = pause_between_turns(*expected) * u32::try_from(turn).unwrap_or(u32::MAX);
            let due = known.map_or_else(|| now + pause, |known| known.due);
            let waiting = Waiting { expected: *expected, cause: *cause, due };
            self.waiting.insert(shard.clone(), waiting);
        }
    }

    /// The claims that are due, as many as there is room for.
    pub(crate) fn claim(
        &mut self,
        room: usize,
        still_holds: impl Fn(&ShardKey, Cause) -> bool,
        now: Moment,
    ) -> Vec<(ShardKey, Expected)> {
        let room = room.saturating_sub(self.claiming.len());
        let at_once = CLAIMS_AT_ONCE_MAX.saturating_sub(self.claiming.len());
        let due = self.waiting.iter().filter(|(_, orphan)| orphan.due <= now);
        let due: Vec<_> = due
            .filter(|(shard, _)| !self.claiming.contains(*shard))
            .take(room.min(at_once))
            .map(|(shard, orphan)| (shard.clone(), *orphan))
            .collect();
        let mut claims = Vec::new();
        for (shard, orphan) in due {
            self.waiting.remove(&shard);
            if still_holds(&shard, orphan.cause) {
                self.claiming.insert(shard.clone());
                claims.push((shard, orphan.expected));
            }
        }
        claims
    }

    /// A claim was answered, one way or the other.
    pub(crate) fn answered(&mut self, shard: &ShardKey) {
        self.claiming.remove(shard);
    }

    /// Somebody else has it.
    pub(crate) fn taken(&mut self, shard: &ShardKey) {
        self.waiting.remove(shard);
    }

    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next claim is due; none while as many as may be are under way.
    pub(crate) fn due(&self) -> Option<Moment> {
        if self.claiming.len() >= CLAIMS_AT_ONCE_MAX {
            return None;
        }
        self.waiting.values().map(|orphan| orphan.due).min()
    }

    pub(crate) fn claiming(&self) -> usize {
        self.claiming.len()
    }

    pub(crate) fn is_claiming(&self, shard: &ShardKey) -> bool {
        self.claiming.contains(shard)
    }
}

/// How long each in the order waits for the one before it.
///
/// At a cold start instances notice each other up to a poll apart, and none can identify all at
/// once anyway: there it is better to wait than to take another's part.
fn pause_between_turns(expected: Expected) -> Duration {
    if expected == Expected::NEVER_LEASED { CLAIM_STAGGER + POLL_PERIOD } else { CLAIM_STAGGER }
}

/// The turn of an instance in claiming an orphan: first whom the plan would give it to, then the
/// others in rendezvous order; none if it is not among them.
pub(crate) fn turn_of(
    me: InstanceId,
    shard: &ShardKey,
    plan: &Plan,
    with_room: &[InstanceId],
) -> Option<usize> {
    let first = plan.claims.get(shard).copied();
    if first == Some(me) {
        return Some(0);
    }
    let others = with_room.iter().copied().filter(|id| Some(*id) != first);
    let order = rendezvous_order(shard, others);
    let turn = order.iter().position(|id| *id == me)?;
    Some(turn + usize::from(first.is_some()))
}

/// Whether a cause still holds when the claim is due.
pub(crate) fn still_holds(
    shard: &ShardKey,
    cause: Cause,
    members: &Membership,
    now: Moment,
) -> bool {
    match cause {
        Cause::Free | Cause::OfferStands | Cause::ClaimedBefore => true,
        Cause::HolderDead(holder) => members.life(holder, now) == Life::Dead,
        Cause::Stalled(holder) => members.is_free_of_its_owner(shard, holder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{Epoch, Generation, ShardNumber};

    fn shard(number: u32) -> ShardKey {
        ShardKey {
            app: "app".parse().unwrap(),
            generation: Generation(0),
            number: ShardNumber(number),
        }
    }

    const FREED: Expected = Expected { holder: None, epoch: Epoch(7) };

    fn found(count: u32) -> BTreeMap<ShardKey, (Expected, Cause)> {
        let orphan = |number| (shard(number), (FREED, Cause::Free));
        (0..count).map(orphan).collect()
    }

    fn claim(orphans: &mut Orphans, room: usize, millis: u64) -> usize {
        let now = Moment::from_millis(millis);
        orphans.claim(room, |_, _| true, now).len()
    }

    #[test]
    fn no_more_than_so_many_claims_are_under_way() {
        let mut orphans = Orphans::default();
        orphans.refresh(&found(300), |_| Some(0), Moment::ZERO);
        assert_eq!(claim(&mut orphans, 1_000, 0), CLAIMS_AT_ONCE_MAX);
        assert_eq!(orphans.due(), None, "answers wake the machine");
        orphans.answered(&shard(0));
        assert_eq!(claim(&mut orphans, 1_000, 0), 1);
    }

    #[test]
    fn claims_under_way_take_up_room() {
        let mut orphans = Orphans::default();
        orphans.refresh(&found(5), |_| Some(0), Moment::ZERO);
        assert_eq!(claim(&mut orphans, 2, 0), 2);
        assert_eq!(claim(&mut orphans, 2, 0), 0);
    }

    #[test]
    fn an_orphan_seen_again_keeps_its_turn() {
        let mut orphans = Orphans::default();
        orphans.refresh(&found(1), |_| Some(2), Moment::ZERO);
        orphans.refresh(&found(1), |_| Some(2), Moment::from_millis(300));
        assert_eq!(claim(&mut orphans, 1, 399), 0);
        assert_eq!(claim(&mut orphans, 1, 400), 1);
    }

    #[test]
    fn a_new_lease_starts_the_turns_anew() {
        let mut orphans = Orphans::default();
        orphans.refresh(&found(1), |_| Some(2), Moment::ZERO);
        let newer = Expected { epoch: Epoch(8), ..FREED };
        let again = BTreeMap::from([(shard(0), (newer, Cause::Free))]);
        orphans.refresh(&again, |_| Some(2), Moment::from_millis(300));
        assert_eq!(claim(&mut orphans, 1, 699), 0);
        assert_eq!(claim(&mut orphans, 1, 700), 1);
    }
}
