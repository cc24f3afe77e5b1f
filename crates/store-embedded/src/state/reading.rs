//! Reading with a group: what its consumers are given.

use std::sync::Arc;

use baton_model::StoreMillis;
use baton_store::StreamId;
use bytes::Bytes;

use super::{
    Change, GroupChange, GroupName, GroupPlace, Heard, Order, Pending, Record, StoreState,
    StreamView, group::behind, streams::Extent,
};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// As a member of this group.
    pub group: GroupName,
    /// Under this name.
    pub consumer: Bytes,
}

/// What becomes of an entry that is given to a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handing {
    /// It is pending until somebody acknowledges it.
    UntilAcknowledged,
    /// It is done with.
    ForGood,
}

impl StoreState {
    /// Hears of a consumer, whom it gets to know if it does not: says whether it did not.
    pub fn hear_of(&mut self, now: StoreMillis, reader: &Reader) -> bool {
        let known = self.heard(reader);
        let heard = Heard { seen: now, active: known.and_then(|heard| heard.active) };
        if known != Some(heard) {
            let change = GroupChange::Consumer(reader.consumer.clone(), heard);
            self.change_group(&reader.group, change);
        }
        known.is_none()
    }

    pub(super) fn hear_of_active(&mut self, now: StoreMillis, reader: &Reader) {
        let heard = Heard { seen: now, active: Some(now) };
        if self.heard(reader) != Some(heard) {
            let change = GroupChange::Consumer(reader.consumer.clone(), heard);
            self.change_group(&reader.group, change);
        }
    }

    fn heard(&self, reader: &Reader) -> Option<Heard> {
        let group = self.groups.get(&reader.group)?;
        group.consumers.get(&reader.consumer).map(|consumer| consumer.heard)
    }

    /// Gives a consumer of a group that exists what no consumer of it was given, at most `count`.
    pub fn read_new(
        &mut self,
        now: StoreMillis,
        reader: &Reader,
        count: usize,
        handing: Handing,
    ) -> Vec<(StreamId, Record)> {
        let (Some(group), Some(stream)) =
            (self.groups.get(&reader.group), self.stream(&reader.group.stream))
        else {
            return Vec::new();
        };
        let after = group.place.last_delivered;
        if after == StreamId::END {
            return Vec::new();
        }
        let given = stream.range((behind(after), StreamId::END), count, Order::Forwards);
        if given.is_empty() {
            return given;
        }
        let extent = stream.extent();
        let place = given.iter().fold(group.place, |place, (id, _)| place.moved_to(*id, extent));
        self.change_group(&reader.group, GroupChange::Place(place));
        if handing == Handing::UntilAcknowledged {
            self.hear_of_active(now, reader);
            let consumer = reader.consumer.clone();
            let pending = Pending { consumer, at: now, deliveries: 1 };
            let each = given.iter().map(|(id, _)| (*id, pending.clone()));
            self.change_group(&reader.group, GroupChange::Pending(each.collect()));
        }
        given
    }

    /// Gives a consumer once more what it was given behind `after` and has not acknowledged, at
    /// most `count`. What is gone from the stream is named all the same.
    pub fn read_again(
        &mut self,
        now: StoreMillis,
        reader: &Reader,
        after: StreamId,
        count: usize,
    ) -> Vec<(StreamId, Option<Record>)> {
        let (Some(group), Some(stream)) =
            (self.groups.get(&reader.group), self.stream(&reader.group.stream))
        else {
            return Vec::new();
        };
        let Some(consumer) = group.consumers.get(&reader.consumer) else {
            return Vec::new();
        };
        let mut given = Vec::new();
        let mut delivered = Vec::new();
        let ids = consumer.pending.iter().filter(|id| **id > after).take(count);
        for id in ids {
            let record = stream.get(*id);
            if record.is_some() {
                let before = &group.pending[id];
                let deliveries = before.deliveries.saturating_add(1);
                delivered.push((*id, Pending { at: now, deliveries, ..before.clone() }));
            }
            given.push((*id, record));
        }
        if !delivered.is_empty() {
            self.change_group(&reader.group, GroupChange::Pending(delivered));
        }
        given
    }

    pub(super) fn change_group(&mut self, group: &GroupName, change: GroupChange) {
        self.change(Change::Group(group.clone(), change));
    }

    /// Makes it so.
    pub(super) fn apply_to_group(&mut self, name: &GroupName, change: &GroupChange) {
        match change {
            GroupChange::Place(place) => {
                let new = || Arc::new(place.empty_group());
                let group = self.groups.entry(name.clone()).or_insert_with(new);
                Arc::make_mut(group).apply(change);
            }
            GroupChange::Gone => {
                self.groups.remove(name);
            }
            GroupChange::Consumer(..)
            | GroupChange::ConsumerGone(_)
            | GroupChange::Pending(_)
            | GroupChange::Settled(_) => {
                if let Some(group) = self.groups.get_mut(name) {
                    Arc::make_mut(group).apply(change);
                }
            }
        }
    }
}

impl GroupPlace {
    /// This place, once the entry with this id was delivered.
    fn moved_to(self, id: StreamId, extent: Extent) -> Self {
        let is_counted = self.last_delivered >= extent.first.unwrap_or_default()
            && !has_deleted_behind(self.last_delivered, extent);
        let entries_read = match self.entries_read {
            Some(read) if is_counted => Some(read + 1),
            Some(_) | None => entries_upto(id, extent),
        };
        Self { last_delivered: id, entries_read }
    }

    /// How many entries were not delivered yet; none where that cannot be known. Below zero if the
    /// group was told to have read more than there was.
    #[must_use]
    pub fn lag(self, stream: StreamView<'_>) -> Option<i64> {
        let extent = stream.extent();
        if extent.added == 0 {
            return Some(0);
        }
        let read = match self.entries_read {
            Some(read) if !has_deleted_behind(self.last_delivered, extent) => Some(read),
            Some(_) | None => entries_upto(self.last_delivered, extent),
        };
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        read.map(|read| signed(extent.added) - signed(read))
    }
}

/// Was any entry from this place on deleted from among others, so that counting goes wrong?
fn has_deleted_behind(id: StreamId, extent: Extent) -> bool {
    extent.length > 0 && extent.max_deleted != StreamId::START && id <= extent.max_deleted
}

/// How many entries were ever added up to this one, where that can be known from the stream.
fn entries_upto(id: StreamId, extent: Extent) -> Option<u64> {
    let Extent { length, added, first, last_given, max_deleted, .. } = extent;
    if added == 0 {
        return Some(0);
    }
    if length == 0 && id <= last_given {
        return Some(added);
    }
    if id != StreamId::START && id < max_deleted {
        return None;
    }
    if id >= last_given {
        return (id == last_given).then_some(added);
    }
    let first = first.unwrap_or_default();
    if max_deleted != StreamId::START && max_deleted >= first {
        return None;
    }
    match id.cmp(&first) {
        std::cmp::Ordering::Less => Some(added - length),
        std::cmp::Ordering::Equal => Some(added - length + 1),
        std::cmp::Ordering::Greater => None,
    }
}
