//! A stream: items in the order of their ids, the oldest of which go when there are too many.

use std::{collections::VecDeque, fmt, time::Duration};

use baton_model::{AppName, Lane, StoreMillis, limits::DISPATCH_OVERHEAD_BYTES};
use baton_store::{Command, Conflict, Entry, EntryBody, Happening, StreamId, Trim};

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
/// has read what goes is not asked.
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

impl StreamItem for Command {
    fn bytes(&self) -> usize {
        self.frame.len() + self.reply_to.len() + DISPATCH_OVERHEAD_BYTES
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
    let behind = |last: StreamId| StreamId { number: last.number + 1, ..last };
    last.map_or(first_of_now, |last| first_of_now.max(behind(last)))
}

/// Was the item with this id added more than `age` ago?
pub(super) fn is_older(id: StreamId, now: StoreMillis, age: Duration) -> bool {
    StoreMillis(id.millis).after(age) < now
}

/// One lane's entries, or its commands.
///
/// Once something was added, it is never empty again: the last item says which ids were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream<T> {
    items: VecDeque<(StreamId, T)>,
    bytes: usize,
}

impl<T> Default for Stream<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0 }
    }
}

impl<T: StreamItem + Clone> Stream<T> {
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

    /// The id of the last item.
    #[must_use]
    pub fn last(&self) -> Option<StreamId> {
        self.items.back().map(|(id, _)| *id)
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

    /// The id of the first item.
    #[must_use]
    pub fn first(&self) -> Option<StreamId> {
        self.items.front().map(|(id, _)| *id)
    }

    /// How many items there are, and their bytes.
    #[must_use]
    pub fn size(&self) -> (u64, u64) {
        (self.items.len() as u64, self.bytes as u64)
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

    pub(super) fn push(&mut self, id: StreamId, item: T) {
        if self.last().is_some_and(|last| id <= last) {
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
}
