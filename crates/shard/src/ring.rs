//! What has been received and may still be needed: entries that are not in the stream yet, and
//! those that went in a moment ago, which a failover of the store could still lose.
//!
//! The ring knows what it covers by its *floor*: everything it was ever given with a seq above
//! the floor is still in it. Counting would not do, since Discord's numbers may skip.

use std::collections::VecDeque;

use baton_model::{
    Marker, Moment, Seq,
    limits::{DISPATCH_OVERHEAD_BYTES, RING_EXPIRY_PERIOD, RING_KEEP},
};

use crate::Entry;

pub(crate) struct Ring {
    /// In order of their seqs.
    slots: VecDeque<Slot>,
    bytes: usize,
    floor: Seq,
}

struct Slot {
    entry: Entry,
    /// When the stream confirmed it. Only that starts its last days here.
    appended_at: Option<Moment>,
}

impl Ring {
    /// An empty ring that covers what comes after `floor`.
    pub(crate) const fn above(floor: Seq) -> Self {
        Self { slots: VecDeque::new(), bytes: 0, floor }
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Everything after this is still here.
    pub(crate) const fn floor(&self) -> Seq {
        self.floor
    }

    /// Whether every entry after `seq` is still here.
    pub(crate) fn covers(&self, seq: Seq) -> bool {
        seq >= self.floor
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.bytes += cost(&entry);
        self.slots.push_back(Slot { entry, appended_at: None });
    }

    /// Whether there is anything after `mark`.
    pub(crate) fn has_after(&self, mark: Seq) -> bool {
        self.slots.back().is_some_and(|slot| slot.entry.seq() > mark)
    }

    /// The entries after `mark`, oldest first.
    pub(crate) fn after(&self, mark: Seq) -> impl Iterator<Item = &Entry> {
        let start = self.index_after(mark);
        self.slots.range(start..).map(|slot| &slot.entry)
    }

    /// The stream holds what lies after `from`, up to and with `to`.
    pub(crate) fn on_appended(&mut self, from: Seq, to: Seq, now: Moment) {
        let slots = self.index_after(from)..self.index_after(to);
        for slot in self.slots.range_mut(slots) {
            slot.appended_at = Some(now);
        }
    }

    /// When to let go of what will have been kept for long enough by then.
    pub(crate) fn next_expiry(&self, mark: Seq) -> Option<Moment> {
        Some(self.kept_until(mark)? + RING_EXPIRY_PERIOD)
    }

    /// Lets go of what has been in the stream for long enough.
    pub(crate) fn expire(&mut self, mark: Seq, now: Moment) {
        while self.kept_until(mark).is_some_and(|until| until <= now) {
            self.evict_oldest();
        }
        if self.slots.is_empty() {
            // A burst must not cost an idle shard its room for ever.
            self.slots.shrink_to_fit();
        }
    }

    /// Until when the oldest entry must be kept; none if it is not in the stream.
    fn kept_until(&self, mark: Seq) -> Option<Moment> {
        let oldest = self.slots.front().filter(|slot| slot.entry.seq() <= mark)?;
        Some(oldest.appended_at? + RING_KEEP)
    }

    /// Lets go of entries at or below `mark`, oldest first, until no more than `bytes` are left.
    pub(crate) fn shrink_to(&mut self, bytes: usize, mark: Seq) {
        let is_appended = |slot: &Slot| slot.entry.seq() <= mark;
        while self.bytes > bytes && self.slots.front().is_some_and(is_appended) {
            self.evict_oldest();
        }
    }

    /// Puts a marker in front that says what is missing between `after` and the oldest entry. The
    /// ring then covers everything after `after`, if only by saying so. An empty ring cannot.
    pub(crate) fn bridge_from(&mut self, after: Seq) -> bool {
        let Some(oldest) = self.slots.front() else {
            return false;
        };
        let marker = Marker::Gap { after, before: oldest.entry.seq() };
        let entry = Entry::Marker { seq: self.floor, marker };
        self.bytes += cost(&entry);
        self.slots.push_front(Slot { entry, appended_at: None });
        self.floor = after;
        true
    }

    fn evict_oldest(&mut self) {
        if let Some(slot) = self.slots.pop_front() {
            self.bytes -= cost(&slot.entry);
            self.floor = slot.entry.seq();
        }
    }

    fn index_after(&self, seq: Seq) -> usize {
        self.slots.partition_point(|slot| slot.entry.seq() <= seq)
    }
}

fn cost(entry: &Entry) -> usize {
    entry.frame_bytes() + DISPATCH_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use baton_model::{Dispatch, EventName, UnixMicros};

    use super::*;

    #[test]
    fn an_idle_ring_holds_no_memory() {
        let mut ring = Ring::above(Seq(0));
        for seq in 1..=1_000 {
            ring.push(Entry::Dispatch(Dispatch {
                seq: Seq(seq),
                name: EventName::new("MESSAGE_CREATE"),
                guild: None,
                at: UnixMicros(0),
                trace: None,
                frame: bytes::Bytes::from_static(b"frame"),
            }));
        }
        let last = Seq(1_000);
        ring.on_appended(Seq(0), last, Moment::ZERO);
        let expiry = ring.next_expiry(last).unwrap();
        ring.expire(last, expiry);
        assert_eq!((ring.bytes(), ring.slots.capacity()), (0, 0));
        assert!(ring.covers(last) && !ring.covers(Seq(999)));
    }
}
