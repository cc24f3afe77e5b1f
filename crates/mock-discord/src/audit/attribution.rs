//! Which session of the ledger an entry belongs to.
//!
//! An id says so itself. A number means the session that most of its entries were sent on, by
//! number and hash; of several alike (two sessions that were only told the same given events) the
//! eldest. Where the ledger has forgotten something of the shard, a number may mean a session that
//! is gone, and be like another in a given event or two: there it takes more than half of what
//! would be known. Of a session that has begun there, and of which nothing else is there, its place
//! tells.

use std::collections::{BTreeMap, BTreeSet};

use baton_model::{Seq, ShardNumber};

use super::{Entry, EntrySession, silent};
use crate::{
    Ledger, SessionOrdinal,
    ledger::{FrameHash, SessionLedger},
};

/// What the sessions of a stream are called in the ledger.
pub(super) struct Attribution<'a>(BTreeMap<(ShardNumber, &'a EntrySession), SessionOrdinal>);

/// What speaks for which session.
#[derive(Default)]
struct Ballot {
    votes: BTreeMap<SessionOrdinal, usize>,
    /// The dispatches that were asked.
    seqs: Vec<Seq>,
}

type Fingerprint = (ShardNumber, Seq, FrameHash);

impl<'a> Attribution<'a> {
    pub(super) fn of(ledger: &Ledger, entries: &'a [Entry]) -> Self {
        let by_fingerprint = fingerprints(ledger);
        let mut ballots: BTreeMap<_, Ballot> = BTreeMap::new();
        for entry in entries {
            let candidates = match &entry.session {
                EntrySession::Id(id) => with_id(ledger, id),
                EntrySession::Number(_) => by_fingerprint
                    .get(&(entry.shard, entry.seq, FrameHash::of(&entry.bytes)))
                    .cloned()
                    .unwrap_or_default(),
            };
            ballots.entry((entry.shard, &entry.session)).or_default().cast(entry, candidates);
        }
        let elected = |((shard, named), ballot): (&(ShardNumber, _), &Ballot)| {
            let session = ballot.elected()?;
            let is_sure = ledger.is_complete_for(*shard) || ballot.is_convincing(ledger, session);
            is_sure.then_some(((*shard, *named), session))
        };
        let mut attribution = Self(ballots.iter().filter_map(elected).collect());
        let nameless = ballots.keys().filter(|key| !attribution.0.contains_key(key));
        let shards: BTreeSet<_> = nameless.map(|(shard, _)| *shard).collect();
        for shard in shards.into_iter().filter(|shard| ledger.is_complete_for(*shard)) {
            attribution.place(shard, ledger, entries, &ballots);
        }
        attribution
    }

    /// Numbers of which a shard's stream holds only markers.
    fn place(
        &mut self,
        shard: ShardNumber,
        ledger: &Ledger,
        entries: &'a [Entry],
        ballots: &BTreeMap<(ShardNumber, &'a EntrySession), Ballot>,
    ) {
        let mut numbers: Vec<silent::Heard<&EntrySession>> = Vec::new();
        for entry in entries.iter().filter(|entry| entry.shard == shard) {
            if numbers.iter().all(|(number, _)| *number != &entry.session) {
                numbers.push((&entry.session, self.session(shard, &entry.session)));
            }
        }
        let is_silent = |named| ballots.get(&(shard, named)).is_some_and(|it| it.seqs.is_empty());
        // What holds dispatches that nobody sent may be anything, and so may its neighbours.
        if numbers.iter().any(|(named, session)| session.is_none() && !is_silent(*named)) {
            return;
        }
        let of_shard = ledger.sessions.iter().filter(|(_, it)| it.slice.0 == shard);
        let sessions: Vec<_> = of_shard.map(|(session, _)| *session).collect();
        for (named, session) in silent::by_place(&numbers, &sessions) {
            self.0.insert((shard, named), session);
        }
    }

    pub(super) fn session(
        &self,
        shard: ShardNumber,
        named: &EntrySession,
    ) -> Option<SessionOrdinal> {
        self.0.get(&(shard, named)).copied()
    }
}

fn fingerprints(ledger: &Ledger) -> BTreeMap<Fingerprint, Vec<SessionOrdinal>> {
    let mut found: BTreeMap<Fingerprint, Vec<SessionOrdinal>> = BTreeMap::new();
    for (session, of_session) in &ledger.sessions {
        for sent in &of_session.sent {
            found.entry((of_session.slice.0, sent.seq, sent.hash)).or_default().push(*session);
        }
    }
    found
}

fn with_id(ledger: &Ledger, id: &str) -> Vec<SessionOrdinal> {
    let is_it = |(session, of_session): (&SessionOrdinal, &SessionLedger)| {
        (of_session.id == id).then_some(*session)
    };
    ledger.sessions.iter().filter_map(is_it).collect()
}

impl Ballot {
    fn cast(&mut self, entry: &Entry, candidates: Vec<SessionOrdinal>) {
        if !entry.is_marker() {
            self.seqs.push(entry.seq);
        }
        for candidate in candidates {
            *self.votes.entry(candidate).or_default() += 1;
        }
    }

    fn elected(&self) -> Option<SessionOrdinal> {
        let most = self.votes.values().max()?;
        self.votes.iter().find(|(_, count)| *count == most).map(|(session, _)| *session)
    }

    /// Whether more than half of what the ledger would know of this session is of it.
    fn is_convincing(&self, ledger: &Ledger, session: SessionOrdinal) -> bool {
        let Some(of_session) = ledger.sessions.get(&session) else { return false };
        let known = self.seqs.iter().filter(|seq| **seq >= of_session.complete_from).count();
        self.votes.get(&session).is_some_and(|votes| votes * 2 > known)
    }
}
