//! Streams as consumers see them: by their names, and as records.
//!
//! Whether a consumer may do to a stream what it wants to is not asked here.

use std::sync::Arc;

use baton_model::{
    StoreMillis,
    limits::{CONSUMER_STREAMS_MAX, DISPATCH_OVERHEAD_BYTES},
};
use baton_store::{Entry, StreamId};
use thiserror::Error;

use super::{
    Change, LaneAddress, Record, StoreState, Stream, StreamItem, StreamMark, StreamName,
    group::behind, stream::next_id,
};

/// What stands in one place of a stream from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamChange {
    /// A record stands at this place, which is the last.
    Record(StreamId, Record),
    /// Records up to and including this one are gone.
    Trimmed(StreamId),
    /// The record at this place is gone.
    Deleted(StreamId),
    /// It exists, and knows this of what is gone.
    Mark(StreamMark),
    /// It does not exist.
    Gone,
}

/// A stream, to be looked at.
#[derive(Debug, Clone, Copy)]
pub enum StreamView<'a> {
    /// A lane's entries.
    Entries(&'a Stream<Entry>),
    /// What consumers have written.
    Records(&'a Stream<Record>),
}

/// A stream in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How many records there are.
    pub length: u64,
    /// Their bytes, roughly.
    pub bytes: u64,
    /// How many were ever added.
    pub added: u64,
    /// The first of them.
    pub first: Option<StreamId>,
    /// The last id that was given.
    pub last_given: StreamId,
    /// The last that was deleted from among others.
    pub max_deleted: StreamId,
}

/// Which end of a stream is read first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    Forwards,
    /// The newest first.
    Backwards,
}

/// The id that a new record is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewId {
    /// The store's time, and a number.
    Now,
    /// These milliseconds, and a number.
    At(u64),
    /// This very one.
    Exactly(StreamId),
}

/// Which of the oldest records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Those above this number of records.
    Above(u64),
    /// Those before this id.
    Before(StreamId),
}

/// How a stream is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutShort {
    /// Which records go.
    pub cut: Cut,
    /// How many at the most.
    pub most: u64,
}

/// Why a record was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddError {
    /// Ids grow, and this one does not.
    #[error("the id is equal to or smaller than the stream's last one")]
    NotLater,
    /// There is no id behind the last one.
    #[error("the stream has exhausted the last possible id")]
    Exhausted,
    /// There are as many streams as there may be.
    #[error("there are {CONSUMER_STREAMS_MAX} streams of consumers already; delete one")]
    TooManyStreams,
}

impl StreamView<'_> {
    /// The stream in numbers.
    #[must_use]
    pub fn extent(self) -> Extent {
        match self {
            Self::Entries(stream) => extent(stream),
            Self::Records(stream) => extent(stream),
        }
    }

    /// The record at this place.
    #[must_use]
    pub fn get(self, id: StreamId) -> Option<Record> {
        match self {
            Self::Entries(stream) => stream.get(id).map(Record::from),
            Self::Records(stream) => stream.get(id).cloned(),
        }
    }

    /// Is there a record at this place?
    #[must_use]
    pub fn holds(self, id: StreamId) -> bool {
        match self {
            Self::Entries(stream) => stream.get(id).is_some(),
            Self::Records(stream) => stream.get(id).is_some(),
        }
    }

    /// The records from `first` to `last`, at most `count`.
    #[must_use]
    pub fn range(
        self,
        (first, last): (StreamId, StreamId),
        count: usize,
        order: Order,
    ) -> Vec<(StreamId, Record)> {
        match self {
            Self::Entries(stream) => records(stream.range(first, last), count, order),
            Self::Records(stream) => records(stream.range(first, last), count, order),
        }
    }
}

fn extent<T: StreamItem>(stream: &Stream<T>) -> Extent {
    let (length, bytes) = stream.size();
    Extent {
        length,
        bytes,
        added: stream.added(),
        first: stream.first(),
        last_given: stream.last_given(),
        max_deleted: stream.mark().max_deleted,
    }
}

fn records<'a, T: 'a>(
    items: impl DoubleEndedIterator<Item = &'a (StreamId, T)>,
    count: usize,
    order: Order,
) -> Vec<(StreamId, Record)>
where
    Record: From<&'a T>,
{
    let record = |(id, item): &'a (StreamId, T)| (*id, Record::from(item));
    match order {
        Order::Forwards => items.take(count).map(record).collect(),
        Order::Backwards => items.rev().take(count).map(record).collect(),
    }
}

impl StoreState {
    /// The stream of this name, if it exists.
    #[must_use]
    pub fn stream(&self, name: &StreamName) -> Option<StreamView<'_>> {
        match name {
            StreamName::Events(lane) => {
                self.events.get(lane).map(|stream| StreamView::Entries(stream))
            }
            StreamName::Commands(_) | StreamName::Other(_) => {
                self.streams.get(name).map(|stream| StreamView::Records(stream))
            }
        }
    }

    /// How many streams there are, and their bytes, roughly.
    #[must_use]
    pub fn streams_in_numbers(&self) -> (usize, u64) {
        let entries = self.events.values().map(|stream| stream.size().1);
        let records = self.streams.values().map(|stream| stream.size().1);
        (self.events.len() + self.streams.len(), entries.chain(records).sum())
    }

    /// Makes a stream that holds nothing, unless it exists.
    ///
    /// # Errors
    /// [`AddError::TooManyStreams`].
    pub fn ensure_stream(&mut self, name: &StreamName) -> Result<(), AddError> {
        if self.stream(name).is_some() {
            return Ok(());
        }
        self.ensure_room_for(name)?;
        self.change_stream(name, StreamChange::Mark(StreamMark::default()));
        Ok(())
    }

    /// Adds a record to a stream of records, which is made if it does not exist.
    ///
    /// # Errors
    /// [`AddError`]; nothing has happened then.
    pub fn add_record(
        &mut self,
        now: StoreMillis,
        name: &StreamName,
        id: NewId,
        record: Record,
    ) -> Result<StreamId, AddError> {
        let last = self.streams.get(name).map(|stream| stream.last_given()).unwrap_or_default();
        if last == StreamId::END {
            return Err(AddError::Exhausted);
        }
        let id = match id {
            NewId::Now => next_id(Some(last), now),
            NewId::At(millis) if millis == last.millis => {
                let number = last.number.checked_add(1).ok_or(AddError::NotLater)?;
                StreamId { millis, number }
            }
            NewId::At(millis) => StreamId { millis, number: 0 },
            NewId::Exactly(id) => id,
        };
        if id <= last {
            return Err(AddError::NotLater);
        }
        self.ensure_room_for(name)?;
        self.change_stream(name, StreamChange::Record(id, record));
        if let Some(upto) = self.streams[name].excess(self.retention) {
            self.trim_records(name, upto);
        }
        Ok(id)
    }

    fn ensure_room_for(&self, name: &StreamName) -> Result<(), AddError> {
        let is_new = matches!(name, StreamName::Other(_)) && !self.streams.contains_key(name);
        if is_new && self.streams.len() >= CONSUMER_STREAMS_MAX {
            return Err(AddError::TooManyStreams);
        }
        Ok(())
    }

    /// Removes the oldest records of a stream of records, and says how many.
    pub fn cut_short(&mut self, name: &StreamName, short: CutShort) -> u64 {
        let Some(stream) = self.streams.get(name) else {
            return 0;
        };
        let going = match short.cut {
            Cut::Above(length) => stream.size().0.saturating_sub(length),
            Cut::Before(id) => {
                stream.range(StreamId::START, id).filter(|(at, _)| *at < id).count() as u64
            }
        };
        let going = going.min(short.most);
        let ids = stream.range(StreamId::START, StreamId::END).map(|(id, _)| *id);
        if let Some((_, upto)) = (0..going).zip(ids).last() {
            self.trim_records(name, upto);
        }
        going
    }

    /// Deletes these of a stream of records, and says how many of them were there.
    pub fn delete_records(&mut self, name: &StreamName, ids: &[StreamId]) -> u64 {
        let mut deleted = 0;
        for id in ids {
            let Some(stream) = self.streams.get(name).filter(|stream| stream.get(*id).is_some())
            else {
                continue;
            };
            let before = stream.mark();
            let mark = StreamMark {
                gone: before.gone + 1,
                given: stream.last_given(),
                max_deleted: before.max_deleted.max(*id),
            };
            self.change_stream(name, StreamChange::Deleted(*id));
            self.change_stream(name, StreamChange::Mark(mark));
            deleted += 1;
        }
        deleted
    }

    /// Deletes a stream of records with its groups, and says whether it was there.
    pub fn delete_stream(&mut self, name: &StreamName) -> bool {
        let is_there = self.streams.contains_key(name);
        if is_there {
            self.change_stream(name, StreamChange::Gone);
        }
        is_there
    }

    /// Says what a stream of records knows of what is gone.
    pub fn set_mark(&mut self, name: &StreamName, mark: StreamMark) {
        self.change_stream(name, StreamChange::Mark(mark));
    }

    pub(super) fn trim_records(&mut self, name: &StreamName, upto: StreamId) {
        let Some(stream) = self.streams.get(name) else { return };
        let mark = stream.mark_without(upto);
        self.change_stream(name, StreamChange::Trimmed(upto));
        self.change_stream(name, StreamChange::Mark(mark));
    }

    pub(super) fn trim_entries(&mut self, lane: &LaneAddress, upto: StreamId) {
        let Some(stream) = self.events.get(lane) else { return };
        let mark = stream.mark_without(upto);
        self.change(Change::EntriesTrimmed(lane.clone(), upto));
        self.change_stream(&StreamName::Events(lane.clone()), StreamChange::Mark(mark));
    }

    fn change_stream(&mut self, name: &StreamName, change: StreamChange) {
        self.change(Change::Stream(name.clone(), change));
    }

    /// Makes it so.
    pub(super) fn apply_to_stream(&mut self, name: &StreamName, change: &StreamChange) {
        match (name, change) {
            (StreamName::Events(lane), StreamChange::Mark(mark)) => {
                Arc::make_mut(self.events.entry(lane.clone()).or_default()).set_mark(*mark);
            }
            (StreamName::Events(lane), _) => {
                unreachable!("the entries of {lane} are no records: {change:?}")
            }
            (StreamName::Commands(_) | StreamName::Other(_), StreamChange::Gone) => {
                self.streams.remove(name);
                self.groups.retain(|group, _| group.stream != *name);
            }
            (StreamName::Commands(_) | StreamName::Other(_), change) => {
                let stream = self.streams.entry(name.clone()).or_default();
                change.apply_to(Arc::make_mut(stream));
            }
        }
    }
}

impl StreamChange {
    fn apply_to(&self, stream: &mut Stream<Record>) {
        match self {
            Self::Record(id, record) => stream.push(*id, record.clone()),
            Self::Trimmed(upto) => stream.trim(*upto),
            Self::Deleted(id) => stream.delete(*id),
            Self::Mark(mark) => stream.set_mark(*mark),
            Self::Gone => *stream = Stream::default(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Record(_, record) => record.bytes(),
            Self::Trimmed(_) | Self::Deleted(_) | Self::Mark(_) | Self::Gone => {
                DISPATCH_OVERHEAD_BYTES
            }
        }
    }
}

/// Where reading goes on behind what was read last.
#[must_use]
pub fn from_behind(last: StreamId) -> Option<StreamId> {
    (last != StreamId::END).then(|| behind(last))
}
