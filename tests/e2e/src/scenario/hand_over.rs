//! How long a shard was without events when it changed hands, as the stream's readers saw it.
//!
//! From the last dispatch that the old owner has written to the first that the new one has, by the
//! store's clock: a pause of Discord's own before the next event is part of it.

use std::{collections::BTreeMap, time::Duration};

use baton_model::{Epoch, ShardNumber, StreamId};
use baton_store::{Entry, EntryBody, Events};

use super::table::{Table, percentile};
use crate::processes::{Fleet, app};

/// Entries read in one go.
const READ_AT_ONCE: usize = 4_096;

/// Who has written last of each shard, and when.
#[derive(Debug, Default)]
struct Reader {
    last: BTreeMap<ShardNumber, (Epoch, StreamId)>,
    gaps: Vec<Duration>,
}

impl Reader {
    fn read(&mut self, id: StreamId, entry: &Entry) {
        let EntryBody::Dispatch(_) = &entry.body else {
            return;
        };
        let before = self.last.insert(entry.shard, (entry.epoch, id));
        if let Some((_, last)) = before.filter(|(epoch, _)| *epoch < entry.epoch) {
            self.gaps.push(Duration::from_millis(id.millis.saturating_sub(last.millis)));
        }
    }
}

/// The gap of every change of hands that the streams tell of.
///
/// # Panics
/// If the store cannot be read.
pub async fn gaps(fleet: &Fleet) -> Vec<Duration> {
    let mut reader = Reader::default();
    for lane in fleet.shape().lanes.lanes() {
        let mut after = StreamId::default();
        loop {
            let read = fleet.store.entries(&app(), lane, after, READ_AT_ONCE).await;
            let read = read.expect("readable");
            let Some((last, _)) = read.last() else {
                break;
            };
            after = *last;
            for (id, entry) in &read {
                reader.read(*id, entry.as_ref().expect("it reads"));
            }
        }
    }
    reader.gaps
}

/// Leaves the lines of so many changes of hands.
///
/// # Panics
/// If there were none, or a line cannot be written.
pub fn leave_lines(name: &str, gaps: &[Duration], most: Duration) {
    let [p50, p99, worst] =
        [50, 99, 100].map(|percent| percentile(gaps, percent).expect("there were some"));
    let millis = |time: Duration| format!("{} ms", time.as_millis());
    let cells = [gaps.len().to_string(), millis(p50), millis(p99), millis(worst)];
    Table::HandOvers.leave(name, &cells);
    Table::Measures.goal(&format!("{name}: gap p99"), p99, most);
}

#[cfg(test)]
mod tests {
    use baton_model::{Dispatch, EventName, Seq, SessionNumber, UnixMicros};
    use bytes::Bytes;

    use super::*;

    fn entry(shard: u32, epoch: u64) -> Entry {
        let dispatch = Dispatch {
            seq: Seq(1),
            name: EventName::new("MESSAGE_CREATE"),
            guild: None,
            at: UnixMicros(1),
            trace: None,
            frame: Bytes::new(),
        };
        Entry {
            shard: ShardNumber(shard),
            session: SessionNumber(1),
            epoch: Epoch(epoch),
            body: EntryBody::Dispatch(dispatch),
        }
    }

    #[test]
    fn a_gap_lies_between_two_owners_of_one_shard() {
        let mut reader = Reader::default();
        for (millis, shard, epoch) in [(100, 1, 7), (110, 2, 7), (150, 1, 7), (190, 1, 8)] {
            reader.read(StreamId { millis, number: 0 }, &entry(shard, epoch));
        }
        assert_eq!(reader.gaps, [Duration::from_millis(40)]);
    }
}
