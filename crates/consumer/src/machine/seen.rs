//! What has been handled, as far back as is remembered.
//!
//! A dispatch may be delivered twice: its consumer was taken for dead, or it stands in the stream
//! twice. Only what was handled is remembered: what was given up on may be sent again.

use std::collections::{BTreeSet, VecDeque};

use baton_model::{Seq, SessionNumber, ShardNumber};
use baton_store::{Entry, EntryBody};

/// What names a dispatch within an app.
pub(crate) type Key = (ShardNumber, SessionNumber, Seq);

/// The last dispatches that were handled, so many at most.
#[derive(Debug)]
pub(crate) struct Seen {
    keys: BTreeSet<Key>,
    order: VecDeque<Key>,
    most: usize,
}

impl Seen {
    pub(crate) const fn new(most: usize) -> Self {
        Self { keys: BTreeSet::new(), order: VecDeque::new(), most }
    }

    /// Remembers a dispatch, for the oldest one.
    pub(crate) fn remember(&mut self, entry: &Entry) {
        let Some(key) = key_of(entry) else {
            return;
        };
        if !self.keys.insert(key) {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }

    pub(crate) fn has(&self, entry: &Entry) -> bool {
        key_of(entry).is_some_and(|key| self.keys.contains(&key))
    }
}

/// Hearing a marker twice does no harm, and two may share a number.
fn key_of(entry: &Entry) -> Option<Key> {
    match &entry.body {
        EntryBody::Dispatch(dispatch) => Some((entry.shard, entry.session, dispatch.seq)),
        EntryBody::Marker { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use baton_model::{Epoch, Marker, UnixMicros};

    use super::*;
    use crate::machine::examples;

    #[test]
    fn the_oldest_is_forgotten_for_the_newest() {
        let mut seen = Seen::new(2);
        let [one, two, three] = [1, 2, 3].map(|seq| examples::entry(0, seq, Some(1)));
        for entry in [&one, &two, &two, &three] {
            seen.remember(entry);
        }
        assert_eq!([seen.has(&one), seen.has(&two), seen.has(&three)], [false, true, true]);
    }

    #[test]
    fn a_marker_is_never_one_that_was_seen() {
        let body = EntryBody::Marker {
            seq: Seq(1),
            at: UnixMicros(0),
            marker: Marker::StreamLost { upto: Seq(1) },
        };
        let marker =
            Entry { shard: ShardNumber(0), session: SessionNumber(1), epoch: Epoch(1), body };
        let mut seen = Seen::new(2);
        seen.remember(&marker);
        assert!(!seen.has(&marker));
        assert!(!seen.has(&examples::entry(0, 1, None)), "a dispatch may have its number");
    }
}
