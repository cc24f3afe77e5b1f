//! A stream: items in the order of their ids, the oldest of which go when there are too many.

use std::{collections::VecDeque, fmt, time::Duration};

use baton_model::{AppName, Lane, StoreMillis, limits::DISPATCH_OVERHEAD_BYTES};
use baton_store::{Conflict, Entry, EntryBody, Happening, StreamId, Trim};

use super::group::behind;

/// Which lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneAddress {
    /// The app it belongs to.
    pub app: AppName,
    /// Its number.
    pub lane: Lane,
}

impl fmt::Display for LaneAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.lane)
    }
}

/// How much of each stream is kept.
///
/// All of it is in memory and all of it is read at start, so this bounds both. Whether a consumer
/// has read what goes is not asked; a lane says so when one had not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Items of one stream.
    pub items_max: usize,
    /// Bytes of one stream, by [`StreamItem::bytes`].
    pub bytes_max: usize,
}

impl Default for Retention {
    /// Half an hour of a lane with 36 events a second, in at most 32 MiB.
    fn default() -> Self {
        Self { items_max: 65_536, bytes_max: 32 * 1024 * 1024 }
    }
}

/// What can stand in a stream.
pub trait StreamItem {
    /// How much of the stream's limit it takes up.
    fn bytes(&self) -> usize;
}

impl StreamItem for Entry {
    fn bytes(&self) -> usize {
        let frame = match &self.body {
            EntryBody::Dispatch(dispatch) => dispatch.frame.len(),
            EntryBody::Marker { .. } => 0,
        };
        frame + DISPATCH_OVERHEAD_BYTES
    }
}

impl StreamItem for Conflict {
    fn bytes(&self) -> usize {
        self.resolution.len() + DISPATCH_OVERHEAD_BYTES
    }
}

/// As it is written down, about so much.
impl StreamItem for Happening {
    fn bytes(&self) -> usize {
        2 * DISPATCH_OVERHEAD_BYTES
    }
}

/// The id for an item that is added behind `last`. It grows even where the clock does not.
pub(super) fn next_id(last: Option<StreamId>, now: StoreMillis) -> StreamId {
    let first_of_now = StreamId { millis: now.0, number: u64::from(now.0 == 0) };
    last.map_or(first_of_now, |last| first_of_now.max(behind(last)))
}

/// Was the item with this id added more than `age` ago?
pub(super) fn is_older(id: StreamId, now: StoreMillis, age: Duration) -> bool {
    StoreMillis(id.millis).after(age) < now
}

/// What a stream knows of items that it does not hold any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamMark {
    /// How many items were added, those not counted that are still there.
    pub gone: u64,
    /// Every id up to this one was given; items that are there may have later ones.
    pub given: StreamId,
    /// The last item that was deleted from among others.
    pub max_deleted: StreamId,
}

/// One lane's entries, or its commands, or a stream of consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream<T> {
    items: VecDeque<(StreamId, T)>,
    bytes: usize,
    mark: StreamMark,
}

impl<T> Default for Stream<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0, mark: StreamMark::default() }
    }
}

impl<T: StreamItem> Stream<T> {
    /// The id of the first item.
    #[must_use]
    pub fn first(&self) -> Option<StreamId> {
        self.items.front().map(|(id, _)| *id)
    }

    /// The id of the last item.
    #[must_use]
    pub fn last(&self) -> Option<StreamId> {
        self.items.back().map(|(id, _)| *id)
    }

    /// The last id that was given to an item, whether that is still there or not.
    #[must_use]
    pub fn last_given(&self) -> StreamId {
        self.last().map_or(self.mark.given, |last| last.max(self.mark.given))
    }

    /// How many items there are, and their bytes.
    #[must_use]
    pub fn size(&self) -> (u64, u64) {
        (self.items.len() as u64, self.bytes as u64)
    }

    /// How many items were ever added.
    #[must_use]
    pub fn added(&self) -> u64 {
        self.mark.gone.saturating_add(self.items.len() as u64)
    }

    /// What it knows of items that are gone.
    #[must_use]
    pub const fn mark(&self) -> StreamMark {
        self.mark
    }

    /// The items from `first` to `last`, both included.
    #[must_use]
    pub fn range(
        &self,
        first: StreamId,
        last: StreamId,
    ) -> impl DoubleEndedIterator<Item = &(StreamId, T)> + ExactSizeIterator {
        let start = self.items.partition_point(|(id, _)| *id < first);
        let end = self.items.partition_point(|(id, _)| *id <= last);
        self.items.range(start..end.max(start))
    }

    /// The item at this place.
    #[must_use]
    pub fn get(&self, id: StreamId) -> Option<&T> {
        let found = self.items.binary_search_by_key(&id, |(id, _)| *id);
        found.ok().map(|at| &self.items[at].1)
    }

    /// Up to where the oldest must go, if the stream is above its limits.
    ///
    /// An eighth goes at a time, because to remove items one by one costs the disk as much as to
    /// add them. The last one stays, however large it is.
    #[must_use]
    pub fn excess(&self, retention: Retention) -> Option<StreamId> {
        let Retention { items_max, bytes_max } = retention;
        let (mut items, mut bytes) = (self.items.len(), self.bytes);
        if items <= items_max && bytes <= bytes_max {
            return None;
        }
        let (items_kept, bytes_kept) = (items_max - items_max / 8, bytes_max - bytes_max / 8);
        let mut upto = None;
        for (id, item) in &self.items {
            if (items <= items_kept && bytes <= bytes_kept) || items == 1 {
                break;
            }
            items -= 1;
            bytes -= item.bytes();
            upto = Some(*id);
        }
        upto
    }

    /// How many of the oldest would have to go for the rest to be within these limits.
    pub(super) fn over(&self, trim: &Trim) -> u64 {
        let (mut length, mut bytes) = self.size();
        let mut over = 0;
        for (_, item) in &self.items {
            if length <= trim.entries_max && bytes <= trim.bytes_max {
                break;
            }
            length -= 1;
            bytes -= item.bytes() as u64;
            over += 1;
        }
        over
    }

    /// How many of the oldest go, and up to which id: those that may, at most `most`, and never
    /// the last.
    pub(super) fn oldest(
        &self,
        most: u64,
        goes: impl Fn(StreamId) -> bool,
    ) -> (u64, Option<StreamId>) {
        let may_go = self.items.len().saturating_sub(1);
        let ids = self.items.iter().take(may_go).map(|(id, _)| *id);
        let gone = (1..=most).zip(ids.take_while(|id| goes(*id)));
        gone.last().map_or((0, None), |(count, id)| (count, Some(id)))
    }

    /// The mark behind the removal of everything up to and including `upto`.
    pub(super) fn mark_without(&self, upto: StreamId) -> StreamMark {
        let going = self.items.partition_point(|(id, _)| *id <= upto) as u64;
        StreamMark { gone: self.mark.gone + going, given: self.last_given(), ..self.mark }
    }

    pub(super) fn push(&mut self, id: StreamId, item: T) {
        if id <= self.last_given() {
            return; // It stands here already: a change may be applied twice.
        }
        self.bytes += item.bytes();
        self.items.push_back((id, item));
    }

    pub(super) fn trim(&mut self, upto: StreamId) {
        let gone = self.items.partition_point(|(id, _)| *id <= upto);
        for (_, item) in self.items.drain(..gone) {
            self.bytes -= item.bytes();
        }
    }

    pub(super) fn delete(&mut self, id: StreamId) {
        if let Ok(at) = self.items.binary_search_by_key(&id, |(id, _)| *id)
            && let Some((_, item)) = self.items.remove(at)
        {
            self.bytes -= item.bytes();
        }
    }

    pub(super) const fn set_mark(&mut self, mark: StreamMark) {
        self.mark = mark;
    }
}

impl<T: Clone> Stream<T> {
    /// Items behind `after`, oldest first, at most `count`.
    #[must_use]
    pub fn behind(&self, after: StreamId, count: usize) -> Vec<(StreamId, T)> {
        let first = self.items.partition_point(|(id, _)| *id <= after);
        self.items.range(first..).take(count).cloned().collect()
    }

    /// Items ahead of `before`, newest first, at most `count`.
    #[must_use]
    pub fn ahead(&self, before: StreamId, count: usize) -> Vec<(StreamId, T)> {
        let end = self.items.partition_point(|(id, _)| *id < before);
        self.items.range(..end).rev().take(count).cloned().collect()
    }
}
