//! Leases that are taken from somebody: S8 and S12.

use std::{collections::BTreeMap, time::Duration};

use baton_fleet::StoreSafety;
use baton_model::{
    Holding, InstanceId, Moment, Phase,
    limits::{
        EVIDENCE_SPAN, LEASE_CONFIRMED, OFFER_DEADLINE, PRESENCE_BEAT_STILL, STORE_CHANGE_GRACE,
    },
};

use baton_shard::Answer;

use super::{Changed, Deed, Laws};
use crate::{
    process::Process,
    store::Store,
    world::{Host, Pid, Sent},
};

/// How far a claim may lie behind the poll that it goes by.
const STALE: Duration = Duration::from_millis(3_000);

/// By how much the fastest clock is fast.
fn by_the_fastest_clock(length: Duration) -> Duration {
    length * 10 / 11
}

/// A lease that is taken from an instance.
struct Taking {
    claim: String,
    victim: InstanceId,
    sent_at: Moment,
    /// Whether the store sees the instance's presence.
    is_present: bool,
}

/// When the store heard of an instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beats {
    last: Moment,
    /// When it last beat after a silence that others may take for death.
    returned: Option<Moment>,
    phase: Phase,
    /// When the latest that was taken had left.
    left: Moment,
}

impl Laws {
    pub(super) fn on_beat(&mut self, sent: &Sent, phase: Phase, now: Moment) {
        let silence = by_the_fastest_clock(PRESENCE_BEAT_STILL);
        let first = Beats { last: now, returned: None, phase, left: sent.at };
        let beats = self.beats.entry(sent.by).or_insert(first);
        if now.since(beats.last) >= silence {
            beats.returned = Some(now);
        }
        beats.last = now;
        beats.phase = phase;
        beats.left = beats.left.max(sent.at);
    }

    /// Whoever is sure of its leases has a beat at the store that left a short while ago, by its
    /// own clock: everybody else counts from when it arrived.
    pub(crate) fn judge_sureness(&mut self, pid: Pid, process: &Process, now: Moment) {
        if !process.is_sure(now) {
            return;
        }
        let left = self.beats.get(&process.me).map(|beats| process.clock.local(beats.left));
        let age = left.map(|left| process.clock.local(now).since(left));
        if age.is_none_or(|age| age >= LEASE_CONFIRMED) {
            let what = format!("{pid} is sure of its leases by a beat that left {age:?} ago");
            self.break_law(now, "S12", what);
        }
    }

    /// A process is told what the store says of itself.
    pub(crate) fn on_safety(&mut self, pid: Pid, safety: StoreSafety, now: Moment) {
        match safety {
            StoreSafety::Safe => self.unsafe_since.remove(&pid),
            StoreSafety::Unsafe => Some(*self.unsafe_since.entry(pid).or_insert(now)),
        };
    }

    /// A claim was granted: might it be made?
    pub(super) fn judge_claim(
        &mut self,
        deed: &Deed<'_>,
        store: &Store,
        hosts: &BTreeMap<Pid, Host>,
        now: Moment,
    ) {
        let Some((address, before)) = deed.before.first().cloned() else {
            return;
        };
        let claim = format!("{} claims {}, {before:?}", deed.sent.pid, address.shard);
        let holding = before.map(|row| row.holding);
        if holding.and_then(|it| it.owner()) == Some(deed.sent.by) {
            return; // Its own, under another epoch: a task was started afresh.
        }
        let unsafe_since = self.unsafe_since.get(&deed.sent.pid);
        if unsafe_since.is_some_and(|since| deed.sent.at > *since) {
            return self.break_law(now, "S13", format!("{claim} from a store that is not safe"));
        }
        self.judge_grace(&claim, deed, hosts, now);
        let Some(holding) = holding else {
            return;
        };
        let Some(victim) = holding.owner() else {
            return;
        };
        if let Holding::Offered { .. } = holding {
            let since = self.offered_at.get(&address).copied().unwrap_or_default();
            if now.since(since) >= by_the_fastest_clock(OFFER_DEADLINE) {
                return;
            }
        }
        let is_present = store.present.contains(&victim);
        let taking = Taking { claim, victim, sent_at: deed.sent.at, is_present };
        self.judge_taking(&taking, hosts, now);
    }

    /// An offer is over: its source, if nothing kept it, must not have let it stand for long.
    pub(super) fn judge_offer(
        &mut self,
        deed: &Deed<'_>,
        answer: &Answer,
        hosts: &BTreeMap<Pid, Host>,
        now: Moment,
    ) {
        let Some((address, Some(before))) = deed.before.first() else {
            return;
        };
        let Holding::Offered { owner, .. } = before.holding else {
            return;
        };
        if deed.changes.is_empty() || matches!(answer, Answer::Offered { .. }) {
            return;
        }
        let since = self.offered_at.get(address).copied().unwrap_or_default();
        let source = hosts.values().find(|host| host.process.me == owner);
        let is_well = source.is_some_and(|source| source.hindered_until < since);
        let stood = now.since(since);
        if is_well && self.store_troubled_until < since && stood > OFFER_DEADLINE * 2 {
            let what = format!("{} stood on offer for {stood:?}", address.shard);
            self.break_law(now, "L2", what);
        }
    }

    /// Nobody claims anything while the store is new.
    fn judge_grace(
        &mut self,
        claim: &str,
        deed: &Deed<'_>,
        hosts: &BTreeMap<Pid, Host>,
        now: Moment,
    ) {
        let Some(Changed { at, back_at }) = self.store_changed else {
            return;
        };
        let Some(claimant) = hosts.get(&deed.sent.pid) else {
            return;
        };
        // Who never saw the old store, or could not look at the new one, does not know.
        let first_poll = self.first_polls.get(&deed.sent.by);
        let knows = first_poll.is_some_and(|first| *first + STALE < at)
            && claimant.hindered_until < back_at;
        let sent_at = deed.sent.at;
        let is_in_grace = sent_at > back_at + STALE
            && sent_at < back_at + by_the_fastest_clock(STORE_CHANGE_GRACE);
        if knows && is_in_grace {
            self.break_law(now, "S8", format!("{claim} while the store is new, since {back_at}"));
        }
    }

    fn judge_taking(&mut self, taking: &Taking, hosts: &BTreeMap<Pid, Host>, now: Moment) {
        let Taking { claim, victim, sent_at, is_present } = taking;
        let beats = self.beats.get(victim).copied();
        if beats.is_some_and(|beats| beats.phase == Phase::Down) {
            return;
        }
        let returned = beats.and_then(|beats| beats.returned);
        let is_just_back = returned.is_some_and(|at| at + STALE >= *sent_at);
        let last = beats.map_or(Moment::ZERO, |beats| beats.last);
        let is_gone = !is_present && now.since(last) >= by_the_fastest_clock(PRESENCE_BEAT_STILL);
        let is_silent = sent_at.since(last) >= by_the_fastest_clock(EVIDENCE_SPAN);
        if !is_gone && !is_silent && !is_just_back {
            let what = format!("{claim}, whose last beat came at {last}");
            return self.break_law(now, "S8", what);
        }
        let Some(host) = hosts.values().find(|host| host.process.me == *victim) else {
            return;
        };
        if host.hindered_until + STALE < *sent_at {
            let what = format!("{claim}, which was well since {}", host.hindered_until);
            return self.break_law(now, "S8", what);
        }
        if !is_gone && !is_just_back && host.process.is_sure(now) {
            self.break_law(now, "S12", format!("{claim}, which is sure of its leases"));
        }
    }
}
