//! What stands in the streams: S2, and what the audit reads at the end.

use std::collections::{BTreeMap, BTreeSet};

use baton_mock_discord::audit;
use baton_model::{Moment, Seq, ShardNumber};
use baton_store::{Entry, EntryBody, StreamId};
use baton_store_embedded::state::Change;
use bytes::Bytes;

use super::Laws;
use crate::{process::AppShape, store::Store};

/// Which of Discord's sessions a shard's number means.
#[derive(Debug, Default)]
pub(crate) struct Numbers(BTreeMap<(ShardNumber, u64), String>);

impl Numbers {
    fn id(&self, shard: ShardNumber, number: u64) -> Option<&str> {
        self.0.get(&(shard, number)).map(String::as_str)
    }

    fn id_of<'a>(&'a self, entry: &'a audit::Entry) -> Option<&'a str> {
        match &entry.session {
            audit::EntrySession::Number(number) => self.id(entry.shard, number.0),
            audit::EntrySession::Id(id) => Some(id),
        }
    }
}

/// What readers had read before the store forgot it.
#[derive(Debug, Default)]
pub(crate) struct Archive(Vec<Entry>);

impl Archive {
    pub(super) fn keep(&mut self, entries: Vec<Entry>, numbers: &Numbers) {
        let fresh = self.beyond(entries, numbers);
        self.0.extend(fresh);
    }

    /// All that readers have seen, each once: a store that was filled again from memory repeats
    /// what it had held.
    pub(crate) fn with(&self, entries: Vec<Entry>, numbers: &Numbers) -> Vec<audit::Entry> {
        let fresh = self.beyond(entries, numbers);
        self.0.iter().chain(&fresh).map(judged).collect()
    }

    fn beyond(&self, entries: Vec<Entry>, numbers: &Numbers) -> Vec<Entry> {
        let same = |entry: &Entry| {
            let (shard, number, seq) = key(entry)?;
            Some((shard, numbers.id(shard, number)?.to_owned(), seq))
        };
        let known: BTreeSet<_> = self.0.iter().filter_map(same).collect();
        entries
            .into_iter()
            .filter(|entry| same(entry).is_none_or(|key| !known.contains(&key)))
            .collect()
    }
}

/// Where a dispatch stands; none for markers.
fn key(entry: &Entry) -> Option<(ShardNumber, u64, Seq)> {
    match &entry.body {
        EntryBody::Dispatch(dispatch) => Some((entry.shard, entry.session.0, dispatch.seq)),
        EntryBody::Marker { .. } => None,
    }
}

/// All entries of all lanes.
pub(crate) fn entries(store: &Store, app: &AppShape) -> Vec<Entry> {
    let lanes = app.app.shape.lanes.lanes();
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
                && let EntryBody::Dispatch(dispatch) = &entry.body
                && self.app.left_out.contains(&dispatch.name)
            {
                let what = format!("shard {}: {}, which is left out", entry.shard, dispatch.name);
                self.break_law(now, "S9", what);
            }
            if let Change::Entry(_, _, entry) = change
                && let Some((shard, session, seq)) = key(entry)
            {
                let before = self.ends.insert((shard, session), seq);
                if before.is_some_and(|before| seq <= before) {
                    let what = format!("shard {shard}, session {session}: {seq} after {before:?}");
                    self.break_law(now, "S2", what);
                }
            }
            if let Change::Row(address, row) = change
                && let Some(session) = &row.lease.session
            {
                let place = (address.shard.number, session.number.0);
                self.numbers.0.insert(place, session.id.as_str().to_owned());
                self.forgotten.remove(session.id.as_str());
                let furthest = self.furthest.entry(session.id.as_str().to_owned()).or_default();
                *furthest = (*furthest).max(session.last_seq);
            }
        }
    }

    /// A store that fell back may have forgotten that a session ever began.
    pub(super) fn forget(&mut self, store: &Store) {
        let rows = self.app.addresses().into_iter().filter_map(|address| store.row(&address));
        let in_rows = rows.filter_map(|row| row.session).map(|it| it.id.as_str().to_owned());
        let entries = entries(store, &self.app);
        let in_streams = entries
            .iter()
            .filter_map(|entry| self.numbers.id(entry.shard, entry.session.0).map(str::to_owned));
        let known: BTreeSet<_> = in_rows.chain(in_streams).collect();
        let all = self.furthest.keys();
        self.forgotten = all.filter(|id| !known.contains(*id)).cloned().collect();
    }

    /// How much of a session readers can have, if the store forgot that it ever began and nobody
    /// was left who could say so. None for other sessions.
    pub(crate) fn end_of_forgotten(&self, session: &str, seen: &[audit::Entry]) -> Option<Seq> {
        if !self.forgotten.contains(session) {
            return None;
        }
        Some(self.end_of(session, seen))
    }

    /// How far readers have got in a session.
    pub(crate) fn end_of(&self, session: &str, seen: &[audit::Entry]) -> Seq {
        let its = seen.iter().filter(|entry| self.numbers.id_of(entry) == Some(session));
        its.map(|entry| entry.seq).max().unwrap_or(Seq(0))
    }

    /// Whether the store ever knew of this session of Discord's.
    pub(crate) fn knew(&self, session: &str) -> bool {
        self.furthest.contains_key(session)
    }
}
