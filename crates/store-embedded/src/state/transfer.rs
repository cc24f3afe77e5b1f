//! Transfer: a fleet that was written down elsewhere.

use std::collections::BTreeMap;

use baton_model::{AppName, AppShape};
use baton_store::{RestoreError, RestoredLane, StreamId};
use bytes::Bytes;

use super::{Change, GroupName, GroupPlace, LaneAddress, Row, StoreState, StreamName};

impl StoreState {
    /// See [`Transfer::restore_lane`](baton_store::Transfer::restore_lane).
    ///
    /// # Errors
    /// [`RestoreError::EntriesThere`] or [`RestoreError::RowThere`], and nothing has changed.
    pub fn restore_lane(&mut self, lane: &RestoredLane) -> Result<(), RestoreError> {
        let address = LaneAddress { app: lane.app.clone(), lane: lane.lane };
        if self.events.get(&address).is_some_and(|stream| stream.size().0 > 0) {
            return Err(RestoreError::EntriesThere { app: lane.app.clone(), lane: lane.lane });
        }
        let mut missing = Vec::new();
        for (shard, lease) in lane.addressed() {
            let row = Row { lease, last_offer: None, commands_done: StreamId::START };
            match self.rows.get(&shard) {
                None => missing.push(Change::Row(shard, row)),
                Some(stored) if *stored == row => {}
                Some(_) => return Err(RestoreError::RowThere(shard.shard)),
            }
        }
        missing.into_iter().for_each(|change| self.change(change));
        self.restore_groups(&StreamName::Events(address), &lane.groups);
        Ok(())
    }

    /// Those that are there stay where they are.
    fn restore_groups(&mut self, stream: &StreamName, names: &[String]) {
        let place = GroupPlace { last_delivered: StreamId::START, entries_read: None };
        for name in names {
            let group = Bytes::copy_from_slice(name.as_bytes());
            let group = GroupName { stream: stream.clone(), group };
            let made = self.ensure_stream(stream);
            assert_eq!(made, Ok(()), "there is no limit for the streams of lanes");
            if self.group(&group).is_none() {
                self.place_group(&group, place);
            }
        }
    }

    /// See [`Transfer::restore_apps`](baton_store::Transfer::restore_apps).
    ///
    /// # Errors
    /// [`RestoreError::AppsThere`], and nothing has changed.
    pub fn restore_apps(&mut self, apps: &[(AppName, AppShape)]) -> Result<(), RestoreError> {
        if self.apps.is_empty() {
            let changes = apps.iter().map(|(app, shape)| Change::App(app.clone(), *shape));
            changes.for_each(|change| self.change(change));
            return Ok(());
        }
        let these: BTreeMap<_, _> = apps.iter().cloned().collect();
        if self.apps == these { Ok(()) } else { Err(RestoreError::AppsThere) }
    }
}
