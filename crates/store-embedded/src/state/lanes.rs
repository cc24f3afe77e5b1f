//! What operators see of lanes, and remove of them.

use std::time::Duration;

use baton_model::{AppName, Lane, StoreMillis, whole_millis};
use baton_store::{
    DeadLetter, GroupAddress, LaneView, REDELIVERED_UNTOUCHED, REDELIVERER, Redelivery, StreamId,
};
use bytes::Bytes;

use super::{
    Claim, GroupName, LaneAddress, Order, Reader, Record, StoreState, StreamName,
    streams::from_behind,
};

impl StoreState {
    /// See [`Lanes::lane`](baton_store::Lanes::lane).
    #[must_use]
    pub fn lane(&self, now: StoreMillis, app: &AppName, lane: Lane) -> LaneView {
        let address = LaneAddress { app: app.clone(), lane };
        let commands = self.stream(&StreamName::Commands(address.clone()));
        let commands_length = commands.map_or(0, |stream| stream.extent().length);
        let Some(stream) = self.events.get(&address) else {
            return LaneView { commands_length, ..LaneView::default() };
        };
        let (length, bytes) = stream.size();
        let (first, last) = (stream.first(), stream.last());
        let groups = self.group_views(now, &address);
        LaneView { length, bytes, first, last, commands_length, groups }
    }

    /// See [`Lanes::remove_group`](baton_store::Lanes::remove_group).
    pub fn remove_group_of_lane(&mut self, group: GroupAddress<'_>) -> bool {
        self.remove_group(&name_of(group))
    }

    /// See [`Lanes::dead_letters`](baton_store::Lanes::dead_letters).
    #[must_use]
    pub fn dead_letters(
        &self,
        group: GroupAddress<'_>,
        after: StreamId,
        count: usize,
    ) -> Vec<DeadLetter> {
        let stream = self.stream(&letters_of(group));
        let (Some(stream), Some(first)) = (stream, from_behind(after)) else {
            return Vec::new();
        };
        let letters = stream.range((first, StreamId::END), count, Order::Forwards).into_iter();
        letters.map(|(id, record)| DeadLetter { id, fields: record.into_fields() }).collect()
    }

    /// See [`Lanes::drop_dead_letters`](baton_store::Lanes::drop_dead_letters).
    pub fn drop_dead_letters(&mut self, group: GroupAddress<'_>, ids: &[StreamId]) -> u64 {
        self.delete_records(&letters_of(group), ids)
    }

    /// See [`Lanes::redeliver`](baton_store::Lanes::redeliver).
    pub fn redeliver(
        &mut self,
        now: StoreMillis,
        group: GroupAddress<'_>,
        letter: StreamId,
    ) -> Redelivery {
        let (name, letters) = (name_of(group), letters_of(group));
        let Some(found) = self.stream(&letters).and_then(|stream| stream.get(letter)) else {
            return Redelivery::NoLetter;
        };
        let Some(entry) = named_entry(&found) else {
            return Redelivery::NamesNoEntry;
        };
        if !self.stream(&name.stream).is_some_and(|stream| stream.holds(entry)) {
            return Redelivery::EntryGone(entry);
        }
        if self.group(&name).is_none() {
            return Redelivery::NoGroup;
        }
        self.make_pending(now, name, entry);
        self.delete_records(&letters, &[letter]);
        Redelivery::Pending
    }

    /// Makes an entry pending that no consumer has, so that the next one who looks for what others
    /// have left takes it over.
    fn make_pending(&mut self, now: StoreMillis, group: GroupName, entry: StreamId) {
        let reader = Reader { group, consumer: Bytes::from_static(REDELIVERER.as_bytes()) };
        let at = StoreMillis(now.0.saturating_sub(whole_millis(REDELIVERED_UNTOUCHED)));
        let idle = Duration::ZERO;
        let claim = Claim { idle, at, deliveries: Some(0), counts: false, force: true };
        self.hear_of(now, &reader);
        self.claim_pending(now, &reader, &[entry], claim);
    }
}

fn name_of(group: GroupAddress<'_>) -> GroupName {
    let lane = LaneAddress { app: group.app.clone(), lane: group.lane };
    let name = Bytes::copy_from_slice(group.name.as_bytes());
    GroupName { stream: StreamName::Events(lane), group: name }
}

fn letters_of(group: GroupAddress<'_>) -> StreamName {
    StreamName::dead_letters(group.app, group.lane, group.name)
}

/// Consumers write letters, so one may name anything, or nothing.
fn named_entry(letter: &Record) -> Option<StreamId> {
    let ids = letter.fields().filter(|(name, _)| name == "id");
    ids.filter_map(|(_, id)| std::str::from_utf8(id).ok()?.parse().ok()).next()
}
