//! Which session of the ledger an entry belongs to.
//!
//! An id says so itself. A number means the session that most of its entries were sent on, by
//! number and hash; of several alike (two sessions that were only told the same given events) the
//! eldest.

use std::collections::BTreeMap;

use baton_model::{Seq, ShardNumber};

use super::{Entry, EntrySession};
use crate::{
    Ledger, SessionOrdinal,
    ledger::{FrameHash, SessionLedger},
};

/// What the sessions of a stream are called in the ledger.
pub(super) struct Attribution<'a>(BTreeMap<(ShardNumber, &'a EntrySession), SessionOrdinal>);

type Fingerprint = (ShardNumber, Seq, FrameHash);

impl<'a> Attribution<'a> {
    pub(super) fn of(ledger: &Ledger, entries: &'a [Entry]) -> Self {
        let by_fingerprint = fingerprints(ledger);
        let mut votes: BTreeMap<_, BTreeMap<SessionOrdinal, usize>> = BTreeMap::new();
        for entry in entries {
            let candidates = match &entry.session {
                EntrySession::Id(id) => with_id(ledger, id),
                EntrySession::Number(_) => by_fingerprint
                    .get(&(entry.shard, entry.seq, FrameHash::of(&entry.bytes)))
                    .cloned()
                    .unwrap_or_default(),
            };
            for candidate in candidates {
                *votes
                    .entry((entry.shard, &entry.session))
                    .or_default()
                    .entry(candidate)
                    .or_default() += 1;
            }
        }
        Self(votes.into_iter().filter_map(|(key, votes)| Some((key, elected(&votes)?))).collect())
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

fn elected(votes: &BTreeMap<SessionOrdinal, usize>) -> Option<SessionOrdinal> {
    let most = votes.values().max()?;
    votes.iter().find(|(_, count)| *count == most).map(|(session, _)| *session)
}
