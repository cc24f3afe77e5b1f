//! What operators see of lanes.
//!
//! There are no consumer groups here, so nobody reads, and nobody gives anything up.

use baton_model::{AppName, Lane};
use baton_store::LaneView;

use super::{LaneAddress, StoreState};

impl StoreState {
    /// See [`Lanes::lane`](baton_store::Lanes::lane).
    #[must_use]
    pub fn lane(&self, app: &AppName, lane: Lane) -> LaneView {
        let address = LaneAddress { app: app.clone(), lane };
        let commands = self.commands.get(&address).map(|stream| stream.size());
        let commands_length = commands.map_or(0, |(length, _)| length);
        let Some(stream) = self.events.get(&address) else {
            return LaneView { commands_length, ..LaneView::default() };
        };
        let (length, bytes) = stream.size();
        let (first, last) = (stream.first(), stream.last());
        LaneView { length, bytes, first, last, commands_length, groups: Vec::new() }
    }
}
