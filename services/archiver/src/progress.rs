//! How the archive gets on: what probes and metrics show.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use baton_model::Lane;

use crate::batch::Sealed;

/// How the archive gets on.
#[derive(Debug, Default)]
pub struct Progress {
    entries: AtomicU64,
    objects: AtomicU64,
    lines_bytes: AtomicU64,
    bytes: AtomicU64,
    repeated: AtomicU64,
    given_up: AtomicU64,
    superseded: AtomicU64,
    held: AtomicUsize,
    /// What stands in the way at present, lane by lane; and the lanes that are read.
    lanes: Mutex<BTreeMap<Lane, Option<String>>>,
}

/// What one batch takes up of the memory for all.
#[derive(Debug)]
pub(crate) struct Share<'p> {
    progress: &'p Progress,
    bytes: usize,
}

impl Progress {
    /// Notes an object that is in the archive.
    pub(crate) fn put(&self, batch: &Sealed) {
        self.entries.fetch_add(batch.entries, Ordering::Relaxed);
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.lines_bytes.fetch_add(batch.lines_bytes, Ordering::Relaxed);
        let bytes = u64::try_from(batch.bytes.len()).unwrap_or(u64::MAX);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes an entry that was in the archive already.
    pub(crate) fn repeated(&self) {
        self.repeated.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a dead letter.
    pub(crate) fn gave_up(&self) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that somebody else has written to a lane.
    pub(crate) fn superseded(&self) {
        self.superseded.fetch_add(1, Ordering::Relaxed);
    }

    /// A lane is read, and goes well.
    pub(crate) fn goes_well(&self, lane: Lane) {
        self.set(lane, None);
    }

    /// Something stands in a lane's way.
    pub(crate) fn stands_still(&self, lane: Lane, why: String) {
        self.set(lane, Some(why));
    }

    /// A lane is not read here any more.
    pub(crate) fn ended(&self, lane: Lane) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).remove(&lane);
    }

    fn set(&self, lane: Lane, state: Option<String>) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).insert(lane, state);
    }

    /// Memory for a batch.
    pub(crate) fn share(&self) -> Share<'_> {
        Share { progress: self, bytes: 0 }
    }

    /// Bytes that all batches take up together.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// What stands in the way, a line for each lane.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |(lane, why): (&Lane, &Option<String>)| {
            Some(format!("lane {}: {}", lane.0, why.as_ref()?))
        };
        lanes.iter().filter_map(line).collect()
    }

    /// Name, kind, meaning and value of each number.
    #[must_use]
    pub fn numbers(&self) -> [(&'static str, &'static str, &'static str, u64); 10] {
        let (troubled, lanes) = {
            let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            (lanes.values().filter(|why| why.is_some()).count(), lanes.len())
        };
        let whole = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let total = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("entries_total", "counter", "Entries put into the archive.", total(&self.entries)),
            ("objects_total", "counter", "Objects put into the archive.", total(&self.objects)),
            ("lines_bytes_total", "counter", "Bytes of their lines.", total(&self.lines_bytes)),
            ("object_bytes_total", "counter", "Bytes of them.", total(&self.bytes)),
            (
                "repeated_total",
                "counter",
                "Entries that came and were in the archive already.",
                total(&self.repeated),
            ),
            ("dead_letters_total", "counter", "Entries given up on.", total(&self.given_up)),
            (
                "superseded_total",
                "counter",
                "Times that somebody else had written to a lane.",
                total(&self.superseded),
            ),
            ("held_bytes", "gauge", "Bytes of what is not put yet.", whole(self.held_bytes())),
            ("lanes", "gauge", "Lanes that are read here.", whole(lanes)),
            ("lanes_in_trouble", "gauge", "Those that do not get on.", whole(troubled)),
        ]
    }
}

impl Share<'_> {
    /// It takes up so much.
    pub(crate) fn set(&mut self, bytes: usize) {
        if bytes >= self.bytes {
            self.progress.held.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            self.progress.held.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_while_it_is_held() {
        let progress = Progress::default();
        let (mut one, mut other) = (progress.share(), progress.share());
        one.set(10);
        other.set(5);
        one.set(3);
        assert_eq!(progress.held_bytes(), 8);
        drop(one);
        assert_eq!(progress.held_bytes(), 5);
    }

    #[test]
    fn what_stands_in_the_way_is_told_until_it_does_not() {
        let progress = Progress::default();
        progress.stands_still(Lane(3), "it is away".to_owned());
        progress.goes_well(Lane(1));
        assert_eq!(progress.troubles(), ["lane 3: it is away"]);
        progress.goes_well(Lane(3));
        assert!(progress.troubles().is_empty());
    }
}
