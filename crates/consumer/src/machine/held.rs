//! What is held: everything that has come and is not done yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use baton_model::{Moment, StreamId};
use baton_store::Entry;

use super::{
    input::{Arrival, Burial},
    turns::Line,
};
use crate::settings::{HELD_BYTES_MAX, HELD_MAX, READ_MAX, READ_MIN, SUSPECT_DELIVERIES};

/// A delivery.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) arrival: Arrival,
    /// What it says, and whose turn it waits for; nothing if it cannot be read.
    pub(crate) said: Option<(Arc<Entry>, Line)>,
    /// How often it has been tried, by anybody.
    pub(crate) attempts: u32,
    pub(crate) state: State,
    /// Since when it has been held.
    pub(crate) since: Moment,
    /// When the store last heard that it is ours.
    pub(crate) kept_at: Moment,
}

/// What becomes of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It waits for its turn.
    Waiting,
    /// It is being handled.
    Running,
    /// It failed, and is tried again then.
    Resting(Moment),
    /// It is given up on.
    Buried(Arc<Burial>),
}

/// All that is held, and how much that is.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    by_id: BTreeMap<StreamId, Held>,
    resting: BTreeSet<(Moment, StreamId)>,
    bytes: usize,
    suspects: usize,
    /// What an entry takes up on the average, going by what came lately.
    usual_bytes: usize,
}

impl Holdings {
    pub(crate) fn get(&self, id: StreamId) -> Option<&Held> {
        self.by_id.get(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (StreamId, &Held)> {
        self.by_id.iter().map(|(id, held)| (*id, held))
    }

    pub(crate) fn insert(&mut self, held: Held) {
        let bytes = size(&held.arrival);
        self.bytes += bytes;
        self.usual_bytes = (self.usual_bytes * 15 + bytes * 17) / 32;
        self.suspects += usize::from(is_suspect(&held.arrival));
        self.by_id.insert(held.arrival.id, held);
    }

    pub(crate) fn remove(&mut self, id: StreamId) -> Option<Held> {
        let held = self.by_id.remove(&id)?;
        self.bytes -= size(&held.arrival);
        self.suspects -= usize::from(is_suspect(&held.arrival));
        if let State::Resting(until) = held.state {
            self.resting.remove(&(until, id));
        }
        Some(held)
    }

    /// Changes what becomes of a delivery.
    pub(crate) fn set_state(&mut self, id: StreamId, state: State) {
        let Some(held) = self.by_id.get_mut(&id) else {
            return;
        };
        if let State::Resting(until) = held.state {
            self.resting.remove(&(until, id));
        }
        if let State::Resting(until) = state {
            self.resting.insert((until, id));
        }
        held.state = state;
    }

    pub(crate) fn count_attempt(&mut self, id: StreamId) {
        if let Some(held) = self.by_id.get_mut(&id) {
            held.attempts += 1;
        }
    }

    pub(crate) fn mark_kept(&mut self, id: StreamId, at: Moment) {
        if let Some(held) = self.by_id.get_mut(&id) {
            held.kept_at = at;
        }
    }

    /// When the next one that rests is to be tried again.
    pub(crate) fn next_rested(&self) -> Option<(Moment, StreamId)> {
        self.resting.first().copied()
    }

    /// Since when the one that was written first has been held.
    pub(crate) fn oldest(&self) -> Option<Moment> {
        self.by_id.first_key_value().map(|(_, held)| held.since)
    }

    /// Whether one of them may take down whoever handles it.
    pub(crate) const fn has_suspect(&self) -> bool {
        self.suspects > 0
    }

    /// How many more may come; none while reading them would not be worth it.
    pub(crate) fn room(&self) -> usize {
        let places = HELD_MAX.saturating_sub(self.by_id.len());
        let bytes = HELD_BYTES_MAX.saturating_sub(self.bytes);
        let room = places.min(READ_MAX).min(bytes / self.usual_bytes.max(1));
        match room {
            0..READ_MIN if !self.by_id.is_empty() => 0,
            room => room.max(1),
        }
    }
}

fn is_suspect(arrival: &Arrival) -> bool {
    arrival.deliveries >= SUSPECT_DELIVERIES
}

fn size(arrival: &Arrival) -> usize {
    arrival.fields.iter().map(|(name, value)| name.len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::machine::examples::{arrival, entry};

    fn held(number: u64, bytes: usize) -> Held {
        let mut arrival = arrival(number, &entry(0, number, None));
        arrival.fields[9].1 = Bytes::from(vec![b'x'; bytes]);
        let (since, kept_at) = (Moment::ZERO, Moment::ZERO);
        Held { arrival, said: None, attempts: 0, state: State::Waiting, since, kept_at }
    }

    #[test]
    fn there_is_room_until_there_are_too_many() {
        let mut holdings = Holdings::default();
        assert_eq!(holdings.room(), READ_MAX);
        for number in 0..HELD_MAX as u64 {
            holdings.insert(held(number, 10));
        }
        assert_eq!(holdings.room(), 0);
        for number in 0..READ_MIN as u64 - 1 {
            holdings.remove(StreamId { millis: 1, number });
        }
        assert_eq!(holdings.room(), 0, "a small read is not worth it");
        holdings.remove(StreamId { millis: 1, number: READ_MIN as u64 });
        assert_eq!(holdings.room(), READ_MIN);
    }

    #[test]
    fn large_entries_leave_room_for_fewer() {
        let mut holdings = Holdings::default();
        for number in 0..20 {
            holdings.insert(held(number, 1024 * 1024));
        }
        assert_eq!(holdings.room(), 0, "44 of them, which is not worth it");
        let last = (0..20).map(|number| holdings.remove(StreamId { millis: 1, number })).last();
        assert!(last.is_some() && (1..80).contains(&holdings.room()), "{}", holdings.room());
    }
}
