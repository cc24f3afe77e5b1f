//! What stands in the streams: S2, and what the audit reads at the end.

use std::collections::{BTreeMap, BTreeSet};

use baton_mock_discord::audit;
use baton_model::{Moment, Seq, ShardNumber};
use baton_store::{Entry, EntryBody, StreamId};
use baton_store_embedded::state::Change;
use bytes::Bytes;

use super::Laws;
use crate::{process::AppShape, store::Store};

/// What readers had read before the store forgot it.
#[derive(Debug, Default)]
pub(crate) struct Archive(Vec<Entry>);

impl Archive {
    pub(super) fn keep(&mut self, entries: Vec<Entry>) {
        let fresh = self.beyond(entries);
        self.0.extend(fresh);
    }

    /// All that readers have seen, each once: a store that was filled again from memory repeats
    /// what it had held, under the same key.
    pub(crate) fn with(&self, entries: Vec<Entry>) -> Vec<audit::Entry> {
        let fresh = self.beyond(entries);
        self.0.iter().chain(&fresh).map(judged).collect()
    }

    fn beyond(&self, entries: Vec<Entry>) -> Vec<Entry> {
        let known: BTreeSet<_> = self.0.iter().filter_map(key).collect();
        entries
            .into_iter()
            .filter(|entry| key(entry).is_none_or(|key| !known.contains(&key)))
            .collect()
    }
}

/// What makes a dispatch the same for a reader; none for markers.
fn key(entry: &Entry) -> Option<(ShardNumber, u64, Seq)> {
    match &entry.body {
        EntryBody::Dispatch(dispatch) => Some((entry.shard, entry.session.0, dispatch.seq)),
        EntryBody::Marker { .. } => None,
    }
}

/// All entries of all lanes.
pub(crate) fn entries(store: &Store, app: &AppShape) -> Vec<Entry> {
    let lanes = app.app.lanes.lanes();
    let of_lane = |lane| {
        let read = store.state().entries(&app.name, lane, StreamId::default(), usize::MAX);
        read.into_iter().map(|(_, entry)| entry)
    };
    lanes.flat_map(of_lane).collect()
}

pub(super) fn ends(entries: &[Entry]) -> BTreeMap<(ShardNumber, u64), Seq> {
    let mut ends = BTreeMap::new();
    for (shard, session, seq) in entries.iter().filter_map(key) {
        ends.insert((shard, session), seq);
    }
    ends
}

fn judged(entry: &Entry) -> audit::Entry {
    let (seq, name, bytes, at) = match &entry.body {
        EntryBody::Dispatch(dispatch) => {
            (dispatch.seq, dispatch.name.clone(), dispatch.frame.clone(), dispatch.at)
        }
        EntryBody::Marker { seq, at, marker } => {
            let body = serde_json::to_vec(marker)
                .unwrap_or_else(|error| unreachable!("a marker is JSON: {error}"));
            (*seq, marker.name(), Bytes::from(body), *at)
        }
    };
    let session = audit::EntrySession::Number(entry.session);
    audit::Entry { shard: entry.shard, session, seq, name, bytes, at }
}

impl Laws {
    pub(super) fn judge_changes(&mut self, changes: &[Change], now: Moment) {
        for change in changes {
            if let Change::Entry(_, _, entry) = change
                && let Some((shard, session, seq)) = key(entry)
            {
                let before = self.ends.insert((shard, session), seq);
                if before.is_some_and(|before| seq <= before) {
                    let what = format!("shard {shard}, session {session}: {seq} after {before:?}");
                    self.break_law(now, "S2", what);
                }
            }
            if let Change::Row(_, row) = change
                && let Some(session) = &row.lease.session
            {
                self.forgotten.remove(session.id.as_str());
                let numbers = self.numbers.entry(session.id.as_str().to_owned()).or_default();
                numbers.insert(session.number.0);
                let furthest = self.furthest.entry(session.id.as_str().to_owned()).or_default();
                *furthest = (*furthest).max(session.last_seq);
            }
        }
    }

    /// A store that fell back may have forgotten what it was reminded of after it was wiped.
    pub(super) fn forget_again(&mut self, store: &Store) {
        let rows = self.app.addresses().into_iter().filter_map(|address| store.row(&address));
        let known: BTreeSet<_> = rows
            .filter_map(|row| row.session)
            .map(|session| session.id.as_str().to_owned())
            .collect();
        self.forgotten = self.wiped.difference(&known).cloned().collect();
    }

    /// How much of a session readers can have, if its store was wiped and whoever held it could
    /// not write it back: nobody was left who could say what is missing. None for other sessions.
    pub(crate) fn end_of_forgotten(&self, session: &str, seen: &[audit::Entry]) -> Option<Seq> {
        if !self.forgotten.contains(session) {
            return None;
        }
        let numbers = self.numbers.get(session)?;
        let is_its = |entry: &&audit::Entry| match &entry.session {
            audit::EntrySession::Number(number) => numbers.contains(&number.0),
            audit::EntrySession::Id(_) => false,
        };
        seen.iter().filter(is_its).map(|entry| entry.seq).max().or(Some(Seq(0)))
    }

    /// Whether the store ever knew of this session of Discord's.
    pub(crate) fn knew(&self, session: &str) -> bool {
        self.furthest.contains_key(session)
    }
}
