//! What each instance may be used for: a target, a claimant, an heir.
//!
//! Life alone does not make a target. A newcomer waits for those who come with it, and whoever is
//! in doubt keeps what it has and gets nothing.

use std::time::Duration;

use baton_model::{
    InstanceId, Moment, Phase, Version,
    limits::{JOIN_DEBOUNCE, TIER_SETTLED},
};

use super::{Company, Known, Life, Membership};
use crate::plan::{Candidate, Standing};
use crate::presence::PresenceWatch;

impl Membership {
    /// Everybody who is not dead, for the plan.
    pub(crate) fn candidates(&self, now: Moment) -> Vec<Candidate> {
        self.known
            .iter()
            .filter(|(id, _)| self.life(**id, now) != Life::Dead)
            .filter_map(|(id, known)| {
                let record = known.record.as_ref()?;
                let well = known.well_since.map(|since| now.since(since));
                let is_settled = well.is_some_and(|well| well >= TIER_SETTLED);
                let standing = self.standing(*id, record.phase, now);
                Some(Candidate::new(*id, record, standing, is_settled))
            })
            .collect()
    }

    fn standing(&self, id: InstanceId, phase: Phase, now: Moment) -> Standing {
        let well_since = self.known.get(&id).and_then(|known| known.well_since);
        match (phase, self.life(id, now)) {
            (Phase::Draining, _) => Standing::Leaving,
            (Phase::Up, Life::Alive)
                if well_since.is_some_and(|since| now.since(since) >= self.join_pause()) =>
            {
                Standing::Target
            }
            (Phase::Up | Phase::Joining | Phase::Down, _) => Standing::Waiting,
        }
    }

    /// How long a newcomer waits for those who come with it. Where it is known who that is, nobody
    /// is waited for who is there already.
    fn join_pause(&self) -> Duration {
        // One that was never seen present is of a run before this one.
        let is_here = |known: &&Known| {
            known.well_since.is_some() && known.presence == PresenceWatch::Subscribed
        };
        let here = || self.known.values().filter(is_here).count();
        match self.company {
            Company::Together(all) if here() >= all => Duration::ZERO,
            Company::Together(_) | Company::Anybody => JOIN_DEBOUNCE,
        }
    }

    /// Whether this instance has only just become a target and others are about to: they come in
    /// groups, and whoever claims first would otherwise claim everything.
    pub(crate) fn expects_company(&self, now: Moment) -> bool {
        let own = self.known.get(&self.me).and_then(|known| known.well_since);
        let is_new = own.is_none_or(|since| now.since(since) < self.join_pause() * 2);
        is_new
            && self.known.iter().any(|(id, known)| {
                let is_coming = matches!(known.phase(), Some(Phase::Joining | Phase::Up));
                is_coming && self.life(*id, now) == Life::Alive && !self.is_target(*id, now)
            })
    }

    /// When the next newcomer will have been here for long enough to be a target.
    pub(crate) fn next_join(&self, now: Moment) -> Option<Moment> {
        let well = self.known.values().filter_map(|known| known.well_since);
        let pause = self.join_pause();
        well.map(|since| since + pause).filter(|at| *at > now).min()
    }

    /// Who may be given shards.
    pub(crate) fn targets(&self, now: Moment) -> impl Iterator<Item = InstanceId> {
        let candidates = self.candidates(now).into_iter();
        candidates
            .filter(|candidate| candidate.standing == Standing::Target)
            .map(|candidate| candidate.id)
    }

    pub(crate) fn is_target(&self, id: InstanceId, now: Moment) -> bool {
        let known = self.known.get(&id).and_then(|known| known.phase());
        known.is_some_and(|phase| self.standing(id, phase, now) == Standing::Target)
    }

    /// Whether an instance says that it is up.
    pub(crate) fn is_up(&self, id: InstanceId) -> bool {
        let known = self.known.get(&id);
        known.is_some_and(|known| known.phase() == Some(Phase::Up))
    }

    /// Whether anybody but this instance is there, or about to be, to take shards.
    pub(crate) fn has_heirs(&self, now: Moment) -> bool {
        self.known.iter().any(|(id, known)| {
            let may_take = matches!(known.phase(), Some(Phase::Joining | Phase::Up));
            *id != self.me && may_take && self.life(*id, now) != Life::Dead
        })
    }

    /// Whether a deploy is under way: somebody comes or goes, or versions differ. Those set aside
    /// do not count.
    pub(crate) fn is_in_transition(
        &self,
        is_set_aside: impl Fn(InstanceId) -> bool,
        now: Moment,
    ) -> bool {
        let alive = self.known.iter().filter(|(id, _)| self.life(**id, now) != Life::Dead);
        let alive = alive.filter(|(id, _)| !is_set_aside(**id));
        let mut versions: Vec<Version> = Vec::new();
        for record in alive.filter_map(|(_, known)| known.record.as_ref()) {
            match record.phase {
                Phase::Joining | Phase::Draining => return true,
                Phase::Up => versions.push(record.version),
                Phase::Down => {}
            }
        }
        versions.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// How long nobody has come, gone or fallen into doubt.
    pub(crate) fn calm(&self, now: Moment) -> Duration {
        now.since(self.changed_at)
    }

    /// Whether an instance that is not new is among the living, going by its beats.
    pub(crate) fn has_elders(&self, beats_min: u64, now: Moment) -> bool {
        self.known.iter().any(|(id, known)| {
            let beats = known.evidence.beat().unwrap_or_default();
            *id != self.me && beats.0 >= beats_min && self.life(*id, now) == Life::Alive
        })
    }
}
