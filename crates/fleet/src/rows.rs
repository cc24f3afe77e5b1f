//! The lease rows, as the last sweep showed them and as news since then corrects them.
//!
//! A sweep is a picture of the past: what this instance did itself, or was told, after the sweep
//! was asked for is newer. News therefore lies over the picture until a later sweep replaces both.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use baton_model::{
    Epoch, Expected, Holding, InstanceId, LeaseRow, Moment, ShardKey,
    limits::{ACCEPT_DEADLINE, EVIDENCE_SPAN, OFFER_DEADLINE},
};

use crate::{asking::Look, orphans::Cause};

/// The instance that may append; none while the lease is free or on offer.
pub(crate) const fn settled_owner(holding: Holding) -> Option<InstanceId> {
    match holding {
        Holding::Owned { owner } => Some(owner),
        Holding::Free | Holding::Offered { .. } => None,
    }
}

/// What happened to a row after the sweep.
#[derive(Debug, Clone, Copy)]
struct News {
    holding: Holding,
    epoch: Epoch,
    at: Moment,
}

/// Since when a row has been in a state that somebody should have ended.
#[derive(Debug, Clone, Copy)]
struct Lingering {
    holding: Holding,
    epoch: Epoch,
    since: Moment,
}

#[derive(Debug)]
pub(crate) struct Rows {
    me: InstanceId,
    swept: BTreeMap<ShardKey, LeaseRow>,
    look: Option<Look>,
    news: BTreeMap<ShardKey, News>,
    lingering: BTreeMap<ShardKey, Lingering>,
    /// What this instance holds by its own account, and since when.
    held: BTreeMap<ShardKey, (Epoch, Moment)>,
}

impl Rows {
    pub(crate) const fn new(me: InstanceId) -> Self {
        Self {
            me,
            swept: BTreeMap::new(),
            look: None,
            news: BTreeMap::new(),
            lingering: BTreeMap::new(),
            held: BTreeMap::new(),
        }
    }

    /// Whether the last sweep showed that there are none.
    pub(crate) fn were_none(&self) -> bool {
        self.look.is_some() && self.swept.is_empty()
    }

    /// Whether a sweep shows an epoch older than the last one did.
    pub(crate) fn run_backwards(&self, rows: &BTreeMap<ShardKey, LeaseRow>) -> bool {
        self.swept.iter().any(|(shard, before)| {
            let row = rows.get(shard);
            row.is_some_and(|row| row.epoch < before.epoch)
        })
    }

    /// Whether a sweep shows an epoch older than one that was granted here before it was asked for.
    pub(crate) fn have_lost_own(&self, rows: &BTreeMap<ShardKey, LeaseRow>, look: Look) -> bool {
        self.held.iter().any(|(shard, (epoch, since))| {
            let row = rows.get(shard);
            *since < look.issued && row.is_none_or(|row| row.epoch < *epoch)
        })
    }

    /// Takes a sweep.
    pub(crate) fn sweep(&mut self, rows: BTreeMap<ShardKey, LeaseRow>, look: Look) {
        self.swept = rows;
        self.look = Some(look);
        self.news.retain(|_, news| news.at >= look.issued);
        let before = std::mem::take(&mut self.lingering);
        for (shard, row) in &self.swept {
            if self.should_have_ended(shard, row.holding) {
                let known = before.get(shard).copied();
                let known = known.filter(|l| (l.holding, l.epoch) == (row.holding, row.epoch));
                let new =
                    Lingering { holding: row.holding, epoch: row.epoch, since: look.answered };
                self.lingering.insert(shard.clone(), known.unwrap_or(new));
            }
        }
    }

    /// An offer is on its way; a lease in this instance's name that it does not know of is the
    /// trace of a claim whose answer was lost.
    fn should_have_ended(&self, shard: &ShardKey, holding: Holding) -> bool {
        match holding {
            Holding::Offered { .. } => true,
            Holding::Owned { owner } => owner == self.me && !self.held.contains_key(shard),
            Holding::Free => false,
        }
    }

    /// Forgets the picture: the store is another one. What is held here stays.
    pub(crate) fn forget(&mut self) {
        self.swept.clear();
        self.look = None;
        self.news.clear();
        self.lingering.clear();
    }

    pub(crate) fn take(&mut self, shard: ShardKey, epoch: Epoch, now: Moment) {
        self.learn(&shard, Holding::Owned { owner: self.me }, epoch, now);
        self.held.insert(shard, (epoch, now));
    }

    /// Notes that a shard is not held here any more, and whose it is if that is known.
    pub(crate) fn let_go(&mut self, shard: &ShardKey, holding: Option<Holding>, now: Moment) {
        let Some((epoch, _)) = self.held.remove(shard) else {
            return;
        };
        if let Some(holding) = holding {
            self.learn(shard, holding, epoch, now);
        }
    }

    /// Notes what a row is now, unless something newer is known.
    pub(crate) fn learn(&mut self, shard: &ShardKey, holding: Holding, epoch: Epoch, now: Moment) {
        if self.epoch(shard).is_some_and(|known| known > epoch) {
            return;
        }
        let news = News { holding, epoch, at: now };
        self.news.insert(shard.clone(), news);
    }

    fn epoch(&self, shard: &ShardKey) -> Option<Epoch> {
        let news = self.news.get(shard).map(|news| news.epoch);
        news.or_else(|| self.swept.get(shard).map(|row| row.epoch))
    }

    fn current<'a>(&'a self, shard: &ShardKey, row: &'a LeaseRow) -> (Holding, Epoch) {
        match self.news.get(shard) {
            Some(news) => (news.holding, news.epoch),
            None => (row.holding, row.epoch),
        }
    }

    /// Every row as it is known to be.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ShardKey, Holding, Epoch)> {
        self.swept.iter().map(|(shard, row)| {
            let (holding, epoch) = self.current(shard, row);
            (shard, holding, epoch)
        })
    }

    pub(crate) fn holding(&self, shard: &ShardKey) -> Option<Holding> {
        let row = self.swept.get(shard)?;
        Some(self.current(shard, row).0)
    }

    /// Everybody whom a row names.
    pub(crate) fn owners(&self) -> BTreeSet<InstanceId> {
        self.iter().filter_map(|(_, holding, _)| holding.owner()).collect()
    }

    pub(crate) fn holds(&self, shard: &ShardKey) -> bool {
        self.held.contains_key(shard)
    }

    pub(crate) fn held(&self) -> impl ExactSizeIterator<Item = &ShardKey> {
        self.held.keys()
    }

    /// Whether shards are run that have no session: somebody waits for an IDENTIFY.
    pub(crate) fn has_shards_without_session(&self) -> bool {
        self.swept.values().any(|row| row.session.is_none() && row.holding != Holding::Free)
    }

    /// Shards held here that a row gives to somebody else under a newer lease.
    pub(crate) fn superseded(&self) -> Vec<ShardKey> {
        let is_superseded = |(shard, (epoch, since)): &(&ShardKey, &(Epoch, Moment))| {
            let is_older = self.look.is_some_and(|look| *since < look.issued);
            let row = self.swept.get(*shard);
            is_older
                && row.is_some_and(|row| row.epoch > *epoch && row.holding.owner() != Some(self.me))
        };
        let held = self.held.iter().filter(is_superseded);
        held.map(|(shard, _)| shard.clone()).collect()
    }

    /// Whether some row waits for somebody to act, so that sweeps should not be far apart.
    pub(crate) fn has_lingering(&self) -> bool {
        !self.lingering.is_empty()
    }

    /// The rows that may be claimed and why, judged by who is dead and which shards are stalled.
    pub(crate) fn orphans(
        &self,
        is_dead: impl Fn(InstanceId) -> bool,
        is_stalled: impl Fn(&ShardKey, InstanceId) -> bool,
    ) -> BTreeMap<ShardKey, (Expected, Cause)> {
        let mut orphans = BTreeMap::new();
        for (shard, holding, epoch) in self.iter() {
            if self.held.contains_key(shard) {
                continue;
            }
            if let Some(cause) = self.cause(shard, holding, &is_dead, &is_stalled) {
                let expected = Expected { holder: holding.owner(), epoch };
                orphans.insert(shard.clone(), (expected, cause));
            }
        }
        orphans
    }

    fn cause(
        &self,
        shard: &ShardKey,
        holding: Holding,
        is_dead: impl Fn(InstanceId) -> bool,
        is_stalled: impl Fn(&ShardKey, InstanceId) -> bool,
    ) -> Option<Cause> {
        match holding {
            Holding::Free => Some(Cause::Free),
            // Accepting an offer ends in the own name before anybody here is told.
            Holding::Owned { owner } if owner == self.me => {
                (self.lingers_for(shard) >= ACCEPT_DEADLINE).then_some(Cause::ClaimedBefore)
            }
            Holding::Owned { owner } if is_dead(owner) => Some(Cause::HolderDead(owner)),
            Holding::Owned { owner } => is_stalled(shard, owner).then_some(Cause::Stalled(owner)),
            Holding::Offered { owner, to, .. } => {
                let lingers = self.lingers_for(shard);
                // A dead owner cannot take the offer back, but until the deadline its target may
                // accept. With both alive it takes as long as evidence of a death would.
                if is_dead(owner) && (is_dead(to) || lingers >= OFFER_DEADLINE) {
                    return Some(Cause::HolderDead(owner));
                }
                (lingers >= OFFER_DEADLINE + EVIDENCE_SPAN).then_some(Cause::OfferStands)
            }
        }
    }

    /// From the answer that first showed the state to the question that last did.
    fn lingers_for(&self, shard: &ShardKey) -> Duration {
        match (self.lingering.get(shard), self.look) {
            (Some(lingering), Some(look)) => look.issued.since(lingering.since),
            (None, _) | (_, None) => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_model::{Generation, ShardNumber};

    const ME: InstanceId = InstanceId::new(1);
    const OTHER: InstanceId = InstanceId::new(2);

    fn shard() -> ShardKey {
        ShardKey { app: "app".parse().unwrap(), generation: Generation(0), number: ShardNumber(0) }
    }

    fn row(owner: InstanceId, epoch: u64) -> BTreeMap<ShardKey, LeaseRow> {
        let row =
            LeaseRow { epoch: Epoch(epoch), holding: Holding::Owned { owner }, session: None };
        BTreeMap::from([(shard(), row)])
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_millis(seconds * 1_000)
    }

    fn look(issued: u64, answered: u64) -> Look {
        Look { issued: at(issued), answered: at(answered) }
    }

    #[test]
    fn there_are_none_only_where_a_sweep_has_shown_so() {
        let mut rows = Rows::new(ME);
        assert!(!rows.were_none(), "nobody has looked");
        rows.sweep(BTreeMap::new(), look(0, 1));
        assert!(rows.were_none());
        rows.sweep(row(OTHER, 1), look(2, 3));
        assert!(!rows.were_none());
        rows.forget();
        assert!(!rows.were_none(), "the store is another one");
    }

    fn held_since(seconds: u64) -> Rows {
        let mut rows = Rows::new(ME);
        rows.take(shard(), Epoch(8), at(seconds));
        rows
    }

    #[test]
    fn a_sweep_asked_for_before_the_grant_says_nothing_about_it() {
        let rows = held_since(10);
        assert!(!rows.have_lost_own(&row(OTHER, 7), look(9, 11)));
        assert!(rows.have_lost_own(&row(OTHER, 7), look(11, 12)));
        assert!(rows.have_lost_own(&BTreeMap::new(), look(11, 12)));
        let mut rows = held_since(10);
        rows.sweep(row(OTHER, 9), look(9, 11));
        assert_eq!(rows.superseded(), []);
        rows.sweep(row(OTHER, 9), look(11, 12));
        assert_eq!(rows.superseded(), [shard()]);
    }

    #[test]
    fn news_lies_over_a_sweep_until_one_that_was_asked_for_later() {
        let mut rows = Rows::new(ME);
        rows.sweep(row(OTHER, 7), look(1, 1));
        rows.learn(&shard(), Holding::Free, Epoch(8), at(10));
        rows.sweep(row(OTHER, 7), look(9, 11));
        assert_eq!(rows.holding(&shard()), Some(Holding::Free));
        rows.sweep(row(OTHER, 9), look(11, 12));
        assert_eq!(rows.holding(&shard()), Some(Holding::Owned { owner: OTHER }));
    }

    #[test]
    fn late_news_of_an_older_lease_is_dropped() {
        let mut rows = Rows::new(ME);
        rows.sweep(row(OTHER, 7), look(1, 1));
        rows.learn(&shard(), Holding::Owned { owner: ME }, Epoch(6), at(10));
        assert_eq!(rows.holding(&shard()), Some(Holding::Owned { owner: OTHER }));
    }

    #[test]
    fn what_is_held_here_is_no_orphan_whatever_the_sweep_says() {
        let mut rows = held_since(10);
        rows.sweep(row(OTHER, 7), look(9, 11));
        let orphans = rows.orphans(|_| true, |_, _| true);
        assert_eq!(orphans, BTreeMap::new());
    }
}
