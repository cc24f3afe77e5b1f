//! The groups of a stream: made, moved, looked at and removed.

use std::time::Duration;

use baton_model::StoreMillis;
use baton_store::{ConsumerView, GroupView, StreamId};
use bytes::Bytes;

use super::{Group, GroupChange, GroupName, GroupPlace, LaneAddress, StoreState, StreamName};

impl StoreState {
    /// A group, if it exists.
    #[must_use]
    pub fn group(&self, name: &GroupName) -> Option<&Group> {
        self.groups.get(name).map(AsRef::as_ref)
    }

    /// The groups of a stream, ordered by name.
    pub fn groups_of<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> impl Iterator<Item = (&'a Bytes, &'a Group)> {
        let first = GroupName { stream: stream.clone(), group: Bytes::new() };
        let from_first = self.groups.range(first..);
        let of_stream = from_first.take_while(move |(name, _)| name.stream == *stream);
        of_stream.map(|(name, group)| (&name.group, group.as_ref()))
    }

    /// Has a group stand at this place; it is made if it does not exist.
    pub fn place_group(&mut self, name: &GroupName, place: GroupPlace) {
        if self.group(name).map(|group| group.place) != Some(place) {
            self.change_group(name, GroupChange::Place(place));
        }
    }

    /// Removes a group, and says whether it was there.
    pub fn remove_group(&mut self, name: &GroupName) -> bool {
        let is_there = self.groups.contains_key(name);
        if is_there {
            self.change_group(name, GroupChange::Gone);
        }
        is_there
    }

    /// The id below which every group of a lane that was heard of within this time has acknowledged
    /// all there is; none if there is no such group. Deliveries of what is gone already hold
    /// nothing back.
    pub(super) fn read_below(
        &self,
        lane: &LaneAddress,
        now: StoreMillis,
        within: Duration,
    ) -> Option<StreamId> {
        let first = self.events.get(lane).and_then(|stream| stream.first()).unwrap_or_default();
        let since = StoreMillis(now.0.saturating_sub(baton_model::whole_millis(within)));
        let stream = StreamName::Events(lane.clone());
        let groups = self.groups_of(&stream).map(|(_, group)| group);
        let living = groups.filter(|group| group.is_heard_since(since));
        living.map(|group| group.needs(first)).min()
    }

    /// What operators see of a lane's groups.
    pub(super) fn group_views(&self, now: StoreMillis, lane: &LaneAddress) -> Vec<GroupView> {
        let stream = StreamName::Events(lane.clone());
        let groups = self.groups_of(&stream);
        groups.map(|(name, group)| self.group_view(now, lane, (name, group))).collect()
    }

    fn group_view(
        &self,
        now: StoreMillis,
        lane: &LaneAddress,
        (name, group): (&Bytes, &Group),
    ) -> GroupView {
        let name = text(name);
        let letters = StreamName::dead_letters(&lane.app, lane.lane, &name);
        let letters = self.stream(&letters).map_or(0, |stream| stream.extent().length);
        let stream = self.stream(&StreamName::Events(lane.clone()));
        let lag = stream.and_then(|stream| group.place.lag(stream));
        let consumers = group.consumers.iter().map(|(name, consumer)| ConsumerView {
            name: text(name),
            pending: consumer.pending.len() as u64,
            idle: consumer.heard.seen.until(now),
        });
        GroupView {
            consumers: consumers.collect(),
            pending: group.pending.len() as u64,
            lag: lag.map(|lag| u64::try_from(lag).unwrap_or_default()),
            last_delivered: group.place.last_delivered,
            oldest_pending: group.pending.keys().next().copied(),
            dead_letters: letters,
            name,
        }
    }
}

/// A name that consumers have chosen, for people: it may be any bytes.
fn text(name: &Bytes) -> String {
    String::from_utf8_lossy(name).into_owned()
}
