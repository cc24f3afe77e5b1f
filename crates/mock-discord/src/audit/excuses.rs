//! What the markers of a stream name as missing, and nothing beyond it.

use std::{collections::BTreeMap, ops::RangeInclusive};

use baton_model::{Marker, Seq};

use super::{Entry, EntrySession, attribution::Attribution};
use crate::SessionOrdinal;

/// The numbers that may be missing, by session.
#[derive(Default)]
pub(super) struct Excuses(BTreeMap<SessionOrdinal, Vec<RangeInclusive<u64>>>);

impl Excuses {
    pub(super) fn of(entries: &[Entry], attribution: &Attribution<'_>) -> Self {
        let mut excuses = Self::default();
        for entry in entries {
            let Some((named, range)) = entry.marker().and_then(|marker| what(marker, entry)) else {
                continue;
            };
            if let Some(session) = attribution.session(entry.shard, &named) {
                excuses.0.entry(session).or_default().push(range);
            }
        }
        excuses
    }

    pub(super) fn name(&self, session: SessionOrdinal, seq: Seq) -> bool {
        self.0.get(&session).is_some_and(|ranges| ranges.iter().any(|range| range.contains(&seq.0)))
    }
}

/// The session that a marker speaks of, and the numbers in it.
fn what(marker: Marker, entry: &Entry) -> Option<(EntrySession, RangeInclusive<u64>)> {
    match marker {
        Marker::SessionStarted { start: _, previous } => {
            let (number, last) = previous?;
            Some((EntrySession::Number(number), after(last)))
        }
        Marker::Gap { after, before } => {
            let range = after.0.saturating_add(1)..=before.0.saturating_sub(1);
            Some((entry.session.clone(), range))
        }
        Marker::StreamLost { upto } => Some((entry.session.clone(), 0..=upto.0)),
        // Whoever compares a stream with the ledger has to read it before it is trimmed.
        Marker::Trimmed { .. } => None,
        // The old generation's session ends for this stream where the switch stands.
        Marker::GenerationSwitched { .. } => Some((entry.session.clone(), after(entry.seq))),
    }
}

const fn after(last: Seq) -> RangeInclusive<u64> {
    last.0.saturating_add(1)..=u64::MAX
}
