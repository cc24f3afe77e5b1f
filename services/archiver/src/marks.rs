//! What of a lane is in the archive already.
//!
//! A dispatch is named by shard, session and seq, and one shard's stand in the stream in their
//! order. So one number for each session says of every dispatch whether it is there, however often
//! it is delivered, and also where the store has lost the stream and an instance has written its
//! end again under other ids. Markers are named by nothing but their place, and remembered one by
//! one.

use std::collections::{BTreeMap, VecDeque};

use baton_consumer::LaneEntry;
use baton_store::{Entry, EntryBody};
use serde::{Deserialize, Serialize};

/// Sessions of a shard that are remembered: a shard has one, and its predecessor's last entries may
/// come again.
const SESSIONS_MAX: usize = 4;

/// Markers that are remembered beyond those of one object. What a failover brings again is not
/// older than some seconds.
const MARKERS_MAX: usize = 256;

/// What of a lane is in the archive already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Shard → session → the last dispatch.
    shards: BTreeMap<u32, BTreeMap<u64, u64>>,
    /// Markers, oldest first.
    markers: VecDeque<String>,
}

impl Marks {
    /// Whether an entry is there.
    #[must_use]
    pub fn has(&self, at: &LaneEntry, entry: &Entry) -> bool {
        match &entry.body {
            EntryBody::Marker { .. } => self.markers.contains(&marker(at, entry)),
            EntryBody::Dispatch(dispatch) => {
                let sessions = self.shards.get(&entry.shard.0);
                let last = sessions.and_then(|sessions| sessions.get(&entry.session.0));
                last.is_some_and(|last| dispatch.seq.0 <= *last)
            }
        }
    }

    /// Notes an entry. Those of a shard are noted in their order.
    pub fn note(&mut self, at: &LaneEntry, entry: &Entry) {
        match &entry.body {
            EntryBody::Marker { .. } => self.markers.push_back(marker(at, entry)),
            EntryBody::Dispatch(dispatch) => {
                let sessions = self.shards.entry(entry.shard.0).or_default();
                let last = sessions.entry(entry.session.0).or_default();
                *last = dispatch.seq.0.max(*last);
            }
        }
    }

    /// Adds what an object holds.
    pub fn add(&mut self, added: &Self) {
        for (shard, sessions) in &added.shards {
            let ours = self.shards.entry(*shard).or_default();
            for (session, seq) in sessions {
                let last = ours.entry(*session).or_default();
                *last = (*last).max(*seq);
            }
            while ours.len() > SESSIONS_MAX {
                ours.pop_first();
            }
        }
        let room = MARKERS_MAX.max(added.markers.len());
        self.markers.extend(added.markers.iter().cloned());
        self.markers.drain(..self.markers.len().saturating_sub(room));
    }
}

fn marker(at: &LaneEntry, entry: &Entry) -> String {
    let seq = entry.body.seq();
    format!("{}/{}/{}/{}", at.id, entry.shard.0, entry.session.0, seq.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{dispatch, gap};

    #[test]
    fn a_dispatch_is_there_up_to_the_last_of_its_session_under_whatever_id() {
        let mut marks = Marks::default();
        let note = |marks: &mut Marks, (at, entry): (LaneEntry, Entry)| marks.note(&at, &entry);
        let has = |marks: &Marks, (at, entry): (LaneEntry, Entry)| marks.has(&at, &entry);
        note(&mut marks, dispatch(10, 0, 5, 3));
        assert!(has(&marks, dispatch(2, 0, 5, 3)) && has(&marks, dispatch(11, 0, 5, 1)));
        for other in [dispatch(10, 0, 5, 4), dispatch(10, 1, 5, 3), dispatch(10, 0, 6, 1)] {
            assert!(!has(&marks, other));
        }
    }

    #[test]
    fn a_marker_is_there_at_its_place_only() {
        let mut marks = Marks::default();
        let (at, entry) = gap(10, 0, 5, 3);
        marks.note(&at, &entry);
        assert!(marks.has(&at, &entry));
        let (later, same) = gap(11, 0, 5, 3);
        assert!(!marks.has(&later, &same), "hearing of it again is another entry");
        let (place, other) = dispatch(10, 0, 5, 3);
        assert!(!marks.has(&place, &other), "a marker says nothing of dispatches");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_an_object_s_own_markers_are_kept() {
        let mut marks = Marks::default();
        for session in 1..=20 {
            let mut added = Marks::default();
            let (at, entry) = dispatch(session, 0, session, 1);
            added.note(&at, &entry);
            marks.add(&added);
        }
        let (at, newest) = dispatch(1, 0, 20, 1);
        assert!(marks.has(&at, &newest) && marks.shards[&0].len() == SESSIONS_MAX);
        let mut many = Marks::default();
        for id in 1..=1_000 {
            let (at, entry) = gap(id, 0, 1, id);
            many.note(&at, &entry);
        }
        marks.add(&many);
        assert_eq!(marks.markers.len(), 1_000);
        marks.add(&Marks::default());
        assert_eq!(marks.markers.len(), MARKERS_MAX);
    }
}
