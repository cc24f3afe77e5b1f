//! A consumer group: how far it has read, who reads with it, and what nobody has acknowledged yet.

use std::collections::{BTreeMap, BTreeSet};

use baton_model::{StoreMillis, limits::DISPATCH_OVERHEAD_BYTES};
use baton_store::StreamId;
use bytes::Bytes;

use super::StreamName;

/// Which group of which stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupName {
    /// What it reads.
    pub stream: StreamName,
    /// Its name, which may be any bytes.
    pub group: Bytes,
}

/// How far a group has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupPlace {
    /// The last entry that was delivered.
    pub last_delivered: StreamId,
    /// How many entries of the stream, those included that are gone, lie up to that one; none
    /// where that cannot be known.
    pub entries_read: Option<u64>,
}

/// When a consumer was heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// When it last asked for anything.
    pub seen: StoreMillis,
    /// When it was last given something.
    pub active: Option<StoreMillis>,
}

/// A delivery that nobody has acknowledged yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Who was given it last.
    pub consumer: Bytes,
    /// When.
    pub at: StoreMillis,
    /// How often it was given to anybody.
    pub deliveries: u64,
}

/// A consumer of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// When it was heard of.
    pub heard: Heard,
    /// What it has not acknowledged.
    pub pending: BTreeSet<StreamId>,
}

/// A group of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// How far it has read.
    pub place: GroupPlace,
    /// Who reads with it.
    pub consumers: BTreeMap<Bytes, Consumer>,
    /// What nobody has acknowledged yet.
    pub pending: BTreeMap<StreamId, Pending>,
}

/// What stands in one place of a group from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupChange {
    /// It exists and has read so far.
    Place(GroupPlace),
    /// It does not exist.
    Gone,
    /// It has this consumer, who was last heard of then.
    Consumer(Bytes, Heard),
    /// It does not have this consumer, who had nothing pending.
    ConsumerGone(Bytes),
    /// These deliveries were not acknowledged.
    Pending(Vec<(StreamId, Pending)>),
    /// Nothing is pending at these places.
    Settled(Vec<StreamId>),
}

impl GroupPlace {
    pub(super) fn empty_group(self) -> Group {
        Group { place: self, consumers: BTreeMap::new(), pending: BTreeMap::new() }
    }
}

impl Group {
    /// Was any of its consumers heard of since then?
    pub(super) fn is_heard_since(&self, since: StoreMillis) -> bool {
        self.consumers.values().any(|consumer| consumer.heard.seen >= since)
    }

    /// What it has to be given before an item may go: its oldest delivery from `first` on that is
    /// pending, else the item behind the last one that was delivered.
    pub(super) fn needs(&self, first: StreamId) -> StreamId {
        let pending = self.pending.range(first..).next().map(|(id, _)| *id);
        pending.unwrap_or_else(|| behind(self.place.last_delivered))
    }

    /// Makes it so. That a group exists or does not is said of it by others.
    pub(super) fn apply(&mut self, change: &GroupChange) {
        match change {
            GroupChange::Place(place) => self.place = *place,
            GroupChange::Gone => {}
            GroupChange::Consumer(name, heard) => {
                let none = || Consumer { heard: *heard, pending: BTreeSet::new() };
                self.consumers.entry(name.clone()).or_insert_with(none).heard = *heard;
            }
            GroupChange::ConsumerGone(name) => {
                self.consumers.remove(name);
            }
            GroupChange::Pending(deliveries) => {
                for (id, pending) in deliveries {
                    self.put(*id, pending.clone());
                }
            }
            GroupChange::Settled(ids) => {
                for id in ids {
                    self.settle(*id);
                }
            }
        }
    }

    fn put(&mut self, id: StreamId, pending: Pending) {
        self.settle(id);
        if let Some(consumer) = self.consumers.get_mut(&pending.consumer) {
            consumer.pending.insert(id);
        }
        self.pending.insert(id, pending);
    }

    fn settle(&mut self, id: StreamId) {
        if let Some(pending) = self.pending.remove(&id)
            && let Some(consumer) = self.consumers.get_mut(&pending.consumer)
        {
            consumer.pending.remove(&id);
        }
    }
}

impl GroupChange {
    /// Does it give those who wait something to read, or end what they wait for?
    pub(crate) const fn is_news(&self) -> bool {
        match self {
            Self::Place(_) | Self::Gone => true,
            Self::Consumer(..) | Self::ConsumerGone(_) | Self::Pending(_) | Self::Settled(_) => {
                false
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Pending(deliveries) => deliveries.len().max(1) * DISPATCH_OVERHEAD_BYTES,
            Self::Settled(ids) => ids.len().max(1) * DISPATCH_OVERHEAD_BYTES,
            Self::Place(_) | Self::Gone | Self::Consumer(..) | Self::ConsumerGone(_) => {
                DISPATCH_OVERHEAD_BYTES
            }
        }
    }
}

/// The first place behind this one; the last place of all has none behind it.
pub(crate) fn behind(id: StreamId) -> StreamId {
    match id.number.checked_add(1) {
        Some(number) => StreamId { number, ..id },
        None => {
            id.millis.checked_add(1).map_or(StreamId::END, |millis| StreamId { millis, number: 0 })
        }
    }
}

/// The last place ahead of this one; the first place of all has none ahead of it.
pub(crate) fn ahead(id: StreamId) -> StreamId {
    match id.number.checked_sub(1) {
        Some(number) => StreamId { number, ..id },
        None => id
            .millis
            .checked_sub(1)
            .map_or(StreamId::START, |millis| StreamId { millis, number: u64::MAX }),
    }
}
