//! What operators see of lanes, and remove of them.

use baton_model::{AppName, Lane, StoreMillis};
use baton_store::{DeadLetter, GroupAddress, LaneView, StreamId};

use super::{GroupName, LaneAddress, Order, StoreState, StreamName, streams::from_behind};

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
        let lane = LaneAddress { app: group.app.clone(), lane: group.lane };
        let name = bytes::Bytes::copy_from_slice(group.name.as_bytes());
        self.remove_group(&GroupName { stream: StreamName::Events(lane), group: name })
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
}

fn letters_of(group: GroupAddress<'_>) -> StreamName {
    StreamName::dead_letters(group.app, group.lane, group.name)
}
