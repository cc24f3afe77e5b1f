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
                let furthest = self.furthest.entry(session.id.as_str().to_owned()).or_default();
                *furthest = (*furthest).max(session.last_seq);
            }
        }
    }

    /// How much of a session readers can have, if its store was wiped and whoever held it could
    /// not write it back. Nobody was left who could say what is missing.
    pub(crate) fn forgotten_after(&self, session: &str) -> Option<Seq> {
        self.forgotten.contains(session).then(|| self.furthest[session])
    }

    /// Whether the store ever knew of this session of Discord's.
    pub(crate) fn knew(&self, session: &str) -> bool {
        self.furthest.contains_key(session)
    }
}
