//! Trimming a lane's entries, which is besides what [`Retention`](super::Retention) takes away.
//!
//! There are no consumer groups here: nobody has acknowledged anything, nobody is behind, and
//! nothing counts as unread. Age and size decide alone.

use baton_model::{
    AppName, Lane, StoreMillis,
    limits::{ENTRIES_TRIMMED_MAX, RING_KEEP},
};
use baton_store::{StreamId, Trim, Trimmable, Trimmed};

use super::{Change, LaneAddress, StoreState, stream::is_older};

impl StoreState {
    /// See [`Events::trim`](baton_store::Events::trim).
    pub fn trim(&mut self, now: StoreMillis, app: &AppName, lane: Lane, trim: &Trim) -> Trimmed {
        let lane = LaneAddress { app: app.clone(), lane };
        let is_old = |id| is_older(id, now, trim.min_age());
        let mut removed = self.trim_oldest(&lane, ENTRIES_TRIMMED_MAX, is_old);
        let over = self.events.get(&lane).map_or(0, |stream| stream.over(trim));
        let may_be_lost = |id| is_older(id, now, RING_KEEP);
        removed += self.trim_oldest(&lane, over.min(ENTRIES_TRIMMED_MAX - removed), may_be_lost);
        let Some(stream) = self.events.get(&lane) else {
            return Trimmed::default();
        };
        let (length, bytes) = stream.size();
        Trimmed { removed, unread: 0, length, bytes, oldest: stream.first() }
    }

    /// See [`Events::trimmable`](baton_store::Events::trimmable).
    #[must_use]
    pub fn trimmable(&self, now: StoreMillis, app: &AppName, lane: Lane, trim: &Trim) -> Trimmable {
        let lane = LaneAddress { app: app.clone(), lane };
        let Some(stream) = self.events.get(&lane) else {
            return Trimmable::default();
        };
        let is_old = |id| is_older(id, now, trim.min_age());
        let may_be_lost = |id| is_older(id, now, RING_KEEP);
        let (old, _) = stream.oldest(ENTRIES_TRIMMED_MAX, is_old);
        let (over, _) = stream.oldest(stream.over(trim).min(ENTRIES_TRIMMED_MAX), may_be_lost);
        Trimmable { removed: old.max(over), unread: 0 }
    }

    fn trim_oldest(
        &mut self,
        lane: &LaneAddress,
        most: u64,
        goes: impl Fn(StreamId) -> bool,
    ) -> u64 {
        let Some(stream) = self.events.get(lane) else {
            return 0;
        };
        let (count, upto) = stream.oldest(most, goes);
        if let Some(upto) = upto {
            self.change(Change::EntriesTrimmed(lane.clone(), upto));
        }
        count
    }
}
