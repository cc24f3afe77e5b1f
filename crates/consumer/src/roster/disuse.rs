//! Rows whose owner lives and does not know of them: the store has lost that they were given back.

use std::collections::BTreeMap;

use baton_model::Moment;

use super::record::{Record, Row};
use crate::settings::{EVIDENCE_GAP_MAX, EVIDENCE_POLLS_MIN, EVIDENCE_SPAN};

/// What was seen of rows that somebody is said to own who does not say so.
#[derive(Debug, Default)]
pub(crate) struct Disuse {
    sights: BTreeMap<u16, Sight>,
}

#[derive(Debug)]
struct Sight {
    row: Row,
    since: Moment,
    last: Moment,
    /// Its owner's beat when it was first seen.
    first_beat: u64,
}

impl Disuse {
    /// A row was looked at. Answers whether its owner has by now said for long enough what it
    /// holds, and not named this lane: whoever is granted one names it with its next beat.
    pub(crate) fn looked(
        &mut self,
        lane: u16,
        row: &Row,
        owner: Option<&Record>,
        now: Moment,
    ) -> bool {
        let Some(record) = owner.filter(|record| !record.lanes.contains(&lane)) else {
            self.sights.remove(&lane);
            return false;
        };
        let is_same =
            |sight: &&mut Sight| sight.row == *row && now.since(sight.last) <= EVIDENCE_GAP_MAX;
        let Some(sight) = self.sights.get_mut(&lane).filter(is_same) else {
            let (row, first_beat) = (row.clone(), record.beat);
            self.sights.insert(lane, Sight { row, since: now, last: now, first_beat });
            return false;
        };
        sight.last = now;
        let beats = record.beat.saturating_sub(sight.first_beat);
        beats >= u64::from(EVIDENCE_POLLS_MIN) && now.since(sight.since) >= EVIDENCE_SPAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::record::Condition;

    /// Looks every 250 ms, seven times, at a row whose owner's record is as it says.
    fn looks(record: impl Fn(u64) -> Record) -> Vec<bool> {
        let mut disuse = Disuse::default();
        let row = Row { epoch: 1, owner: Some("a".to_owned()), server: String::new() };
        let look = |number: u64| {
            let now = Moment::from_millis(number * 250);
            disuse.looked(0, &row, Some(&record(number)), now)
        };
        (0..7).map(look).collect()
    }

    fn record(beat: u64, lanes: &[u16]) -> Record {
        let lanes = lanes.iter().copied().collect();
        Record { beat, tier: 0, condition: Condition::Fit, lanes }
    }

    #[test]
    fn who_lives_and_never_names_a_lane_does_not_use_it() {
        let answers = looks(|number| record(number, &[1]));
        assert_eq!(answers, [false, false, false, false, false, false, true]);
    }

    #[test]
    fn who_names_it_once_or_says_nothing_new_may_use_it() {
        let named = looks(|number| record(number, if number == 5 { &[0] } else { &[] }));
        let silent = looks(|_| record(3, &[]));
        assert!(!named.contains(&true) && !silent.contains(&true));
    }
}
