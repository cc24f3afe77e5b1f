//! Trimming a lane's entries: by what its living groups have acknowledged, by age and by size.

use std::time::Duration;

use baton_model::{
    AppName, Epoch, Lane, Marker, Seq, SessionNumber, ShardNumber, StoreMillis, UnixMicros,
    limits::{ENTRIES_TRIMMED_MAX, GROUP_ALIVE, RING_KEEP},
};
use baton_store::{Entry, EntryBody, StreamId, Trim, Trimmable, Trimmed};

use super::{
    Change, LaneAddress, StoreState,
    stream::{is_older, next_id},
};

impl StoreState {
    /// See [`Events::trim`](baton_store::Events::trim).
    pub fn trim(&mut self, now: StoreMillis, app: &AppName, lane: Lane, trim: &Trim) -> Trimmed {
        let lane = LaneAddress { app: app.clone(), lane };
        let (Trimmable { removed, unread }, upto) = self.plan_trim(now, &lane, trim);
        if let Some(upto) = upto {
            self.trim_entries(&lane, upto);
        }
        self.mark_trimmed(now, &lane, unread);
        let Some(stream) = self.events.get(&lane) else {
            return Trimmed::default();
        };
        let (length, bytes) = stream.size();
        Trimmed { removed, unread, length, bytes, oldest: stream.first() }
    }

    /// See [`Events::trimmable`](baton_store::Events::trimmable).
    #[must_use]
    pub fn trimmable(&self, now: StoreMillis, app: &AppName, lane: Lane, trim: &Trim) -> Trimmable {
        let lane = LaneAddress { app: app.clone(), lane };
        self.plan_trim(now, &lane, trim).0
    }

    /// What would go, and up to which entry: first what everybody has read and is old, then what is
    /// too much, read or not.
    fn plan_trim(
        &self,
        now: StoreMillis,
        lane: &LaneAddress,
        trim: &Trim,
    ) -> (Trimmable, Option<StreamId>) {
        let Some(stream) = self.events.get(lane) else {
            return (Trimmable::default(), None);
        };
        let below = self.read_below(lane, now, trim.live_within).unwrap_or(StreamId::END);
        let is_old = |id| is_older(id, now, trim.min_age());
        let may_be_lost = |id| is_older(id, now, RING_KEEP);
        let old = stream.oldest(ENTRIES_TRIMMED_MAX, |id| id < below && is_old(id));
        // What is old counts among those that are too many; nothing else goes if that is enough.
        let most = stream.over(trim).clamp(old.0, ENTRIES_TRIMMED_MAX);
        let read = stream.oldest(most, |id| id < below && may_be_lost(id));
        let all = stream.oldest(most, may_be_lost);
        let (removed, upto) = all.max(old);
        (Trimmable { removed, unread: removed - read.0.max(old.0) }, upto)
    }

    /// Trims what the retention of the store does not allow, read or not.
    pub(super) fn retain_entries(&mut self, now: StoreMillis, lane: &LaneAddress) {
        let Some(upto) = self.events.get(lane).and_then(|stream| stream.excess(self.retention))
        else {
            return;
        };
        let unread = self.unread_upto(lane, upto, now, GROUP_ALIVE);
        self.trim_entries(lane, upto);
        self.mark_trimmed(now, lane, unread);
    }

    /// How many entries up to this one a group that was heard of has not acknowledged.
    fn unread_upto(
        &self,
        lane: &LaneAddress,
        upto: StreamId,
        now: StoreMillis,
        within: Duration,
    ) -> u64 {
        let Some(below) = self.read_below(lane, now, within).filter(|below| *below <= upto) else {
            return 0;
        };
        self.events.get(lane).map_or(0, |stream| stream.range(below, upto).len() as u64)
    }

    /// Says at the end of the stream that entries went which somebody had not acknowledged.
    fn mark_trimmed(&mut self, now: StoreMillis, lane: &LaneAddress, entries: u64) {
        let Some(before) = self.events.get(lane).and_then(|stream| stream.first()) else { return };
        if entries == 0 {
            return;
        }
        let at = UnixMicros(now.0.saturating_mul(1_000));
        let marker = Marker::Trimmed { before, entries };
        let entry = Entry {
            shard: ShardNumber(0),
            session: SessionNumber(0),
            epoch: Epoch(0),
            body: EntryBody::Marker { seq: Seq(0), at, marker },
        };
        let id = next_id(Some(self.events[lane].last_given()), now);
        self.change(Change::Entry(lane.clone(), id, entry));
    }
}
