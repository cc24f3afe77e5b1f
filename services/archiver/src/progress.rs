//! How the archive gets on: what probes and metrics show.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use baton_model::Lane;
use baton_telemetry::{Page, catalogue::archiver, whole};

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

    /// What it has come to, for `/metrics`.
    pub(crate) fn show(&self) -> Page {
        let (troubled, lanes) = {
            let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            (lanes.values().filter(|why| why.is_some()).count(), lanes.len())
        };
        let count = |count: usize| whole(u64::try_from(count).unwrap_or(u64::MAX));
        let total = |counter: &AtomicU64| whole(counter.load(Ordering::Relaxed));
        let mut page = Page::default();
        page.one(&archiver::ENTRIES, total(&self.entries));
        page.one(&archiver::OBJECTS, total(&self.objects));
        page.one(&archiver::LINES_BYTES, total(&self.lines_bytes));
        page.one(&archiver::OBJECT_BYTES, total(&self.bytes));
        page.one(&archiver::REPEATED, total(&self.repeated));
        page.one(&archiver::DEAD_LETTERS, total(&self.given_up));
        page.one(&archiver::SUPERSEDED, total(&self.superseded));
        page.one(&archiver::HELD_BYTES, count(self.held_bytes()));
        page.one(&archiver::LANES, count(lanes));
        page.one(&archiver::LANES_IN_TROUBLE, count(troubled));
        page
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
    use baton_telemetry::catalogue::{ShownBy, all};

    use super::*;

    #[test]
    fn what_the_catalogue_has_of_the_archiver_is_shown_and_nothing_else() {
        let page = Progress::default().show().into_text();
        let shown: Vec<_> = page.lines().filter(|line| line.starts_with("# TYPE ")).collect();
        let expected = all().filter(|metric| metric.shown_by == ShownBy::Archiver);
        let head = |metric: &baton_telemetry::catalogue::Metric| {
            format!("# TYPE {} {}", metric.name, metric.kind.as_str())
        };
        assert_eq!(shown, expected.map(head).collect::<Vec<_>>());
    }

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
