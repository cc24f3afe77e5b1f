//! What the streams show of a stretch of time: when shards were back, and when appends paused.
//!
//! An entry says when its dispatch was received, and its place in the stream when the store took
//! it in. Both are clocks of this machine, so that they may be compared here.

use std::{collections::BTreeMap, time::Duration};

use baton_mock_discord::audit::Entry;
use baton_model::{ShardNumber, StreamId, UnixMicros};

use crate::{
    judgement::lanes_of,
    processes::{Fleet, app},
};

/// What the streams show since a moment.
#[derive(Debug, Default)]
pub struct Streams {
    /// How long after it each shard was resumed, or began a new session, for the last time.
    pub back: BTreeMap<ShardNumber, Duration>,
    /// The longest time in which nothing was appended to a lane.
    pub pause: Duration,
    /// Markers, by their names.
    pub markers: BTreeMap<String, usize>,
    written: Vec<(UnixMicros, UnixMicros)>,
}

impl Streams {
    /// Reads them.
    ///
    /// # Panics
    /// If the store cannot be read.
    pub async fn since(began: UnixMicros, fleet: &Fleet) -> Self {
        let mut streams = Self::default();
        for lane in lanes_of(&fleet.store, &app(), fleet.shape().lanes).await {
            streams.read(began, &lane);
        }
        streams
    }

    /// How long after the store had come back everything was written that was received before.
    #[must_use]
    pub fn caught_up(&self, store_is_back: UnixMicros) -> Duration {
        let waited = self.written.iter().filter(|(received, _)| *received <= store_is_back);
        let last = waited.map(|(_, written)| *written).max();
        last.map_or(Duration::ZERO, |last| between(store_is_back, last))
    }

    fn read(&mut self, began: UnixMicros, lane: &[(StreamId, Entry)]) {
        let mut before: Option<UnixMicros> = None;
        for (id, entry) in lane {
            let written = UnixMicros(id.millis * 1_000);
            let last = before.replace(written);
            if written < began {
                continue;
            }
            self.pause = self.pause.max(last.map_or(Duration::ZERO, |last| between(last, written)));
            self.written.push((entry.at, written));
            match entry.name.as_str() {
                "RESUMED" | "READY" if entry.at >= began => {
                    self.back.insert(entry.shard, between(began, entry.at));
                }
                marker if marker.starts_with(baton_model::Marker::PREFIX) => {
                    *self.markers.entry(marker.to_owned()).or_default() += 1;
                }
                _ => {}
            }
        }
    }
}

/// How much later the one is than the other.
pub(super) const fn between(earlier: UnixMicros, later: UnixMicros) -> Duration {
    Duration::from_micros(later.0.saturating_sub(earlier.0))
}

#[cfg(test)]
mod tests {
    use baton_mock_discord::audit::EntrySession;
    use baton_model::{EventName, Seq, SessionNumber};
    use bytes::Bytes;

    use super::*;

    /// An entry that was received and written in these milliseconds.
    fn entry(name: &'static str, received: u64, written: u64) -> (StreamId, Entry) {
        let entry = Entry {
            shard: ShardNumber(3),
            session: EntrySession::Number(SessionNumber(1)),
            seq: Seq(written),
            name: EventName::new(name),
            bytes: Bytes::new(),
            at: UnixMicros(received * 1_000),
        };
        (StreamId { millis: written, number: 0 }, entry)
    }

    #[test]
    fn a_store_that_was_away_shows_as_a_pause_and_as_what_was_written_late() {
        let lane = [
            entry("MESSAGE_CREATE", 90, 95),
            entry("MESSAGE_CREATE", 100, 105),
            entry("MESSAGE_CREATE", 110, 700),
            entry("MESSAGE_CREATE", 590, 710),
            entry("MESSAGE_CREATE", 720, 725),
        ];
        let mut streams = Streams::default();
        streams.read(UnixMicros(100_000), &lane);
        assert_eq!(streams.pause, Duration::from_millis(595));
        assert_eq!(streams.caught_up(UnixMicros(600_000)), Duration::from_millis(110));
        assert_eq!(streams.caught_up(UnixMicros(720_000)), Duration::from_millis(5));
    }

    #[test]
    fn a_shard_is_back_with_what_discord_says_last_about_its_session() {
        let lane = [
            entry("READY", 90, 105),
            entry("RESUMED", 110, 111),
            entry("BATON_SESSION_STARTED", 120, 120),
            entry("READY", 121, 122),
        ];
        let mut streams = Streams::default();
        streams.read(UnixMicros(100_000), &lane);
        assert_eq!(streams.back, [(ShardNumber(3), Duration::from_millis(21))].into());
        assert_eq!(streams.markers, [("BATON_SESSION_STARTED".to_owned(), 1)].into());
    }
}
