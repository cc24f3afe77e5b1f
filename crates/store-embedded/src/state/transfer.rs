//! Transfer: a fleet that was written down elsewhere.
//!
//! There are no consumer groups here, so none are made.

use std::collections::BTreeMap;

use baton_model::{AppName, AppShape};
use baton_store::{RestoreError, RestoredLane, StreamId};

use super::{Change, LaneAddress, Row, StoreState};

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
        Ok(())
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
