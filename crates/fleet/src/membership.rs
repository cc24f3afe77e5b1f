//! Who is alive.
//!
//! Brings together what polls showed of every instance. Conclusions are drawn only while the last
//! successful poll is fresh: an observer that was itself away for a while knows nothing, however
//! complete its evidence was before.

mod uses;

use std::collections::BTreeMap;

use baton_model::{
    Beat, InstanceId, InstanceRecord, Member, Moment, Phase, ShardKey,
    limits::{DOUBT_STILL, EVIDENCE_POLL_GAP_MAX, FORGOTTEN_AFTER},
};

use crate::{
    asking::Look,
    evidence::Evidence,
    presence::{PresenceWatch, Surroundings},
    stalled::StalledWatch,
};

/// What is known about an instance's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Alive,
    /// Nothing new is entrusted to it, and nothing is taken from it.
    InDoubt,
    Dead,
}

#[derive(Debug)]
struct Known {
    /// None if only lease rows name it.
    record: Option<InstanceRecord>,
    evidence: Evidence,
    presence: PresenceWatch,
    stalled: StalledWatch,
    /// Since when it has been up and beyond doubt.
    well_since: Option<Moment>,
}

/// Who may come to the same store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Company {
    /// Anybody, at any time.
    #[default]
    Anybody,
    /// Nobody but so many instances that start together: no other process can open the store.
    Together(usize),
}

/// All instances, as this one sees them.
#[derive(Debug)]
pub(crate) struct Membership {
    me: InstanceId,
    company: Company,
    known: BTreeMap<InstanceId, Known>,
    last_look: Option<Look>,
    connected_since: Option<Moment>,
    /// When who may be a target last changed.
    changed_at: Moment,
}

impl Membership {
    pub(crate) const fn new(me: InstanceId, company: Company, now: Moment) -> Self {
        Self {
            me,
            company,
            known: BTreeMap::new(),
            last_look: None,
            connected_since: None,
            changed_at: now,
        }
    }

    pub(crate) const fn connected(&mut self, now: Moment) {
        self.connected_since = Some(now);
    }

    pub(crate) const fn disconnected(&mut self) {
        self.connected_since = None;
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether a list shows a beat that is older than one seen before, or has lost the own line.
    pub(crate) fn runs_backwards(&self, members: &[Member]) -> bool {
        let own = self.known.get(&self.me);
        let was_listed = own.is_some_and(|known| known.evidence.beat().is_some());
        let is_listed = members.iter().any(|member| member.id == self.me);
        let has_older_beat = members.iter().any(|member| {
            let known = self.known.get(&member.id);
            known.is_some_and(|known| known.evidence.is_ahead_of(member.beat))
        });
        has_older_beat || (was_listed && !is_listed)
    }

    /// Forgets all evidence: the store is another one. What instances said about themselves
    /// stays until they say it again.
    pub(crate) fn start_over(&mut self) {
        let Some(look) = self.last_look.take() else {
            return;
        };
        for known in self.known.values_mut() {
            known.evidence = Evidence::starting(None, look);
            known.presence = PresenceWatch::Unknown;
            known.stalled = StalledWatch::default();
            known.well_since = None;
        }
    }

    /// Takes a successful poll.
    pub(crate) fn observe(&mut self, members: Vec<Member>, look: Look) {
        let before = self.usable();
        let mut unlisted: Vec<_> = self.known.keys().copied().collect();
        unlisted.retain(|id| members.iter().all(|member| member.id != *id));
        for id in unlisted {
            if let Some(known) = self.known.get_mut(&id) {
                known.record = None;
                known.evidence.observe(None, look);
            }
        }
        for member in members {
            self.observe_member(member, look);
        }
        self.last_look = Some(look);
        self.note_the_well(look.answered);
        if before != self.usable() {
            self.changed_at = look.answered;
        }
    }

    fn observe_member(&mut self, member: Member, look: Look) {
        let beat = Some(member.beat);
        let known = self
            .known
            .entry(member.id)
            .and_modify(|known| known.evidence.observe(beat, look))
            .or_insert_with(|| Known::starting(beat, look));
        known.presence.observe(member.presence, look);
        known.stalled.observe(&member.record.stalled, look);
        known.record = Some(member.record);
    }

    fn note_the_well(&mut self, now: Moment) {
        let well: Vec<_> = self
            .known
            .iter()
            .filter(|(_, known)| known.phase() == Some(Phase::Up))
            .filter(|(id, _)| self.life(**id, now) == Life::Alive)
            .map(|(id, _)| *id)
            .collect();
        for (id, known) in &mut self.known {
            let is_well = well.contains(id);
            known.well_since = is_well.then(|| known.well_since.unwrap_or(now));
        }
    }

    fn usable(&self) -> BTreeMap<InstanceId, Option<Phase>> {
        let of = |(id, known): (&InstanceId, &Known)| {
            (*id, known.phase().filter(|_| known.well_since.is_some()))
        };
        self.known.iter().map(of).collect()
    }

    /// Makes sure that evidence is collected about instances that lease rows name.
    pub(crate) fn mention(&mut self, owners: impl Iterator<Item = InstanceId>) {
        let Some(look) = self.last_look else {
            return;
        };
        for owner in owners {
            self.known.entry(owner).or_insert_with(|| Known::starting(None, look));
        }
    }

    /// What an instance's last record says, corrected at once for the own one.
    pub(crate) fn set_own_record(&mut self, record: &InstanceRecord) {
        if let Some(known) = self.known.get_mut(&self.me) {
            known.record = Some(record.clone());
        }
    }

    pub(crate) fn life(&self, id: InstanceId, now: Moment) -> Life {
        if id == self.me {
            return Life::Alive;
        }
        let (Some(known), true) = (self.known.get(&id), self.is_fresh(now)) else {
            return Life::InDoubt;
        };
        let is_down = known.phase() == Some(Phase::Down);
        if is_down || known.evidence.is_complete() || self.has_crashed(id, known, now) {
            return Life::Dead;
        }
        let is_still = known.evidence.still() >= DOUBT_STILL;
        if known.record.is_none() || is_still || known.presence.is_gone() {
            return Life::InDoubt;
        }
        Life::Alive
    }

    fn is_fresh(&self, now: Moment) -> bool {
        self.last_look.is_some_and(|look| now.since(look.issued) <= EVIDENCE_POLL_GAP_MAX)
    }

    fn has_crashed(&self, id: InstanceId, known: &Known, now: Moment) -> bool {
        let others = || {
            let others = self.known.iter().filter(|(other, _)| **other != id);
            others.filter(|(_, other)| other.is_listed_alive())
        };
        let subscribed = others().filter(|(_, other)| !other.presence.is_gone());
        known.presence.shows_a_crash(Surroundings {
            beat_still: known.evidence.still(),
            own_connection: self.connected_since.map(|since| now.since(since)),
            others: others().count(),
            others_subscribed: subscribed.count(),
        })
    }

    /// Those whose presence is gone, although nothing is concluded from it yet: look more often.
    pub(crate) fn suspects(&self, now: Moment) -> Vec<InstanceId> {
        let ids = self.known.keys().copied();
        ids.filter(|id| self.is_suspect(*id, now)).collect()
    }

    pub(crate) fn is_suspect(&self, id: InstanceId, now: Moment) -> bool {
        let known = self.known.get(&id);
        known.is_some_and(|known| known.presence.is_gone() && known.is_listed_alive())
            && self.life(id, now) == Life::InDoubt
    }

    pub(crate) fn dead(&self, now: Moment) -> impl Iterator<Item = InstanceId> {
        let ids = self.known.keys().copied();
        ids.filter(move |id| self.life(*id, now) == Life::Dead)
    }

    pub(crate) fn is_free_of_its_owner(&self, shard: &ShardKey, owner: InstanceId) -> bool {
        let known = self.known.get(&owner);
        known.is_some_and(|known| known.stalled.is_free(shard))
    }

    /// The shards that living instances list as stalled for so long that others may claim them.
    pub(crate) fn has_free_stalled(&self) -> bool {
        let others = self.known.iter().filter(|(id, _)| **id != self.me);
        others.flat_map(|(_, known)| known.stalled.free()).next().is_some()
    }

    /// Dead instances that can be struck off the list, with the last beat seen.
    pub(crate) fn forgettable(&self, now: Moment) -> Vec<(InstanceId, Beat)> {
        let dead = self.known.iter().filter(|(id, known)| {
            let has_been_still = known.evidence.still() >= FORGOTTEN_AFTER;
            has_been_still && self.life(**id, now) == Life::Dead
        });
        dead.filter_map(|(id, known)| Some((*id, known.evidence.beat()?))).collect()
    }

    /// Drops what is neither listed nor named by a lease row.
    pub(crate) fn prune(&mut self, is_named: impl Fn(InstanceId) -> bool) {
        self.known.retain(|id, known| known.evidence.beat().is_some() || is_named(*id));
    }
}

impl Known {
    fn starting(beat: Option<Beat>, look: Look) -> Self {
        Self {
            record: None,
            evidence: Evidence::starting(beat, look),
            presence: PresenceWatch::Unknown,
            stalled: StalledWatch::default(),
            well_since: None,
        }
    }

    fn phase(&self) -> Option<Phase> {
        self.record.as_ref().map(|record| record.phase)
    }

    /// Listed, not down by its own word, and not proved dead by its beat.
    fn is_listed_alive(&self) -> bool {
        let is_gone = matches!(self.phase(), None | Some(Phase::Down));
        !is_gone && !self.evidence.is_complete()
    }
}

#[cfg(test)]
mod tests {
    use baton_model::Presence;

    use super::*;
    use baton_model::{Capacity, StoreMillis, Tier, Version, Weight};
    use std::{collections::BTreeSet, num::NonZeroU16};

    const ME: InstanceId = InstanceId::new(1);
    const OTHER: InstanceId = InstanceId::new(2);

    fn member(id: InstanceId, beat: u64, presence: Presence) -> Member {
        let record = InstanceRecord {
            phase: Phase::Up,
            tier: Tier(0),
            zone: "a".parse().unwrap(),
            weight: Weight(NonZeroU16::MIN),
            capacity: Capacity(1),
            version: Version::default(),
            joined_at: StoreMillis(0),
            stalled: BTreeSet::new(),
        };
        Member { id, beat: Beat(beat), record, presence }
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1_000)
    }

    fn poll(members: &mut Membership, seconds: u64, other: Member) {
        let look = Look { issued: at(seconds), answered: at(seconds) };
        let own = member(ME, seconds, Presence::Subscribed);
        members.observe(vec![own, other], look);
    }

    fn connected() -> Membership {
        let mut members = Membership::new(ME, Company::Anybody, Moment::ZERO);
        members.connected(Moment::ZERO);
        members
    }

    #[test]
    fn evidence_by_beats_starts_over_with_the_store() {
        let mut members = connected();
        let still = || member(OTHER, 5, Presence::Subscribed);
        for second in 10..=16 {
            poll(&mut members, second, still());
        }
        assert_eq!(members.life(OTHER, at(16)), Life::Dead);
        members.start_over();
        assert_eq!(members.life(OTHER, at(16)), Life::InDoubt, "nothing is known");
        for second in 17..=22 {
            poll(&mut members, second, still());
            assert_ne!(members.life(OTHER, at(second)), Life::Dead, "at {second}");
        }
        poll(&mut members, 23, still());
        assert_eq!(members.life(OTHER, at(23)), Life::Dead);
    }

    #[test]
    fn a_presence_must_be_seen_at_the_new_store_before_it_can_be_missed() {
        let mut members = connected();
        poll(&mut members, 10, member(OTHER, 5, Presence::Subscribed));
        members.start_over();
        for second in 11..=14 {
            poll(&mut members, second, member(OTHER, 5, Presence::Absent));
            assert_ne!(members.life(OTHER, at(second)), Life::Dead, "at {second}");
        }
    }

    #[test]
    fn whose_presence_is_gone_or_whose_beat_stands_still_is_in_doubt() {
        let mut members = connected();
        poll(&mut members, 10, member(OTHER, 5, Presence::Subscribed));
        assert_eq!(members.life(OTHER, at(10)), Life::Alive);
        poll(&mut members, 11, member(OTHER, 6, Presence::Absent));
        assert_eq!(members.life(OTHER, at(11)), Life::InDoubt);
        for second in 12..=14 {
            poll(&mut members, second, member(OTHER, 7, Presence::Subscribed));
            assert_eq!(members.life(OTHER, at(second)), Life::Alive);
        }
        poll(&mut members, 15, member(OTHER, 7, Presence::Subscribed));
        assert_eq!(members.life(OTHER, at(15)), Life::InDoubt);
    }

    #[test]
    fn who_is_in_doubt_is_no_target() {
        let mut members = connected();
        for second in 10..=12 {
            poll(&mut members, second, member(OTHER, second, Presence::Subscribed));
        }
        assert!(members.is_target(OTHER, at(12)));
        poll(&mut members, 13, member(OTHER, 13, Presence::Absent));
        assert!(!members.is_target(OTHER, at(13)));
    }
}
