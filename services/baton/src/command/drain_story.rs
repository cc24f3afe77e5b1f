//! How the moves of a drain went, by what those who made them have noted down.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use baton_model::{Epoch, InstanceId, ShardKey, StoreMillis};
use baton_store::{Connecting, Doer, ForOperators, Happening, StreamId, Unhappy, What};
use serde::Serialize;

use crate::program::Desk;

/// Read in one go.
const READ_AT_ONCE: usize = 1_000;

/// A shard that has a new owner is live soon, and its owner notes that down soon after.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// What the journal tells of moves, as JSON shows it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Story {
    resumed: usize,
    identified: usize,
    /// Of so many moves it is known how long there were no events.
    gaps_known: usize,
    gap_ms_p50: Option<u64>,
    gap_ms_p99: Option<u64>,
    gap_ms_worst: Option<u64>,
}

impl Story {
    /// Reads what is told since then, until all of so many moves are in it, or it takes too long.
    /// The drain is over, whatever can be read of it.
    pub(super) async fn read(
        desk: &Desk,
        leavers: &BTreeSet<InstanceId>,
        since: StoreMillis,
        moves: usize,
    ) -> Self {
        let begun = Instant::now();
        let mut after = StreamId { millis: since.0, number: 0 };
        let mut happenings = Vec::new();
        loop {
            let read = match desk.store.happenings(after, READ_AT_ONCE).await {
                Ok(read) => read,
                // A store that has failed over meanwhile is asked over another connection next.
                Err(error) if error.is_retryable() && begun.elapsed() < TOLD_WITHIN => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(error) => {
                    desk.terminal.say(format_args!("the journal cannot be read: {error}"));
                    return Self::of(&happenings, leavers);
                }
            };
            if let Some((last, _)) = read.last() {
                after = *last;
                happenings.extend(read.into_iter().filter_map(|(_, found)| found.ok()));
                continue;
            }
            let story = Self::of(&happenings, leavers);
            if story.told() >= moves || begun.elapsed() >= TOLD_WITHIN {
                return story;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn of(happenings: &[Happening], leavers: &BTreeSet<InstanceId>) -> Self {
        let mut story = Self::default();
        let mut gaps = Vec::new();
        for (how, gap_ms) in arrivals(happenings, leavers).into_values() {
            match how {
                Connecting::Resumed => story.resumed += 1,
                Connecting::Identified => story.identified += 1,
            }
            gaps.extend(gap_ms);
        }
        gaps.sort_unstable();
        story.gaps_known = gaps.len();
        story.gap_ms_p50 = percentile(&gaps, 50);
        story.gap_ms_p99 = percentile(&gaps, 99);
        story.gap_ms_worst = gaps.last().copied();
        story
    }

    /// How many moves it tells of.
    pub(super) const fn told(&self) -> usize {
        self.resumed + self.identified
    }

    pub(super) fn text(&self, moves: usize) -> String {
        let mut text = format!("{} resumed, {} identified", self.resumed, self.identified);
        let untold = moves.saturating_sub(self.told());
        if untold > 0 {
            text += &format!(", {untold} not told of yet");
        }
        if let (Some(p50), Some(p99), Some(worst)) =
            (self.gap_ms_p50, self.gap_ms_p99, self.gap_ms_worst)
        {
            text += &format!("; without events {p50} ms (p50), {p99} ms (p99), {worst} ms (worst)");
        }
        text
    }
}

/// How each shard that a leaver let go came to its events at somebody else: the first time.
fn arrivals<'a>(
    happenings: &'a [Happening],
    leavers: &BTreeSet<InstanceId>,
) -> BTreeMap<&'a ShardKey, (Connecting, Option<u64>)> {
    let is_leaver = |it: &Happening| matches!(&it.by, Doer::Instance(id) if leavers.contains(id));
    let mut left: BTreeMap<&ShardKey, Epoch> = BTreeMap::new();
    for it in happenings.iter().filter(|it| is_leaver(it)) {
        if let What::LetGo { shard, epoch, .. } = &it.what {
            left.insert(shard, *epoch);
        }
    }
    let mut first: BTreeMap<&ShardKey, (Epoch, Connecting, Option<u64>)> = BTreeMap::new();
    for it in happenings.iter().filter(|it| !is_leaver(it)) {
        if let What::Live { shard, epoch, how, gap_ms, .. } = &it.what
            && left.get(shard).is_some_and(|left| epoch > left)
        {
            let known = first.entry(shard).or_insert((*epoch, *how, *gap_ms));
            if *epoch < known.0 {
                *known = (*epoch, *how, *gap_ms);
            }
        }
    }
    first.into_iter().map(|(shard, (_, how, gap_ms))| (shard, (how, gap_ms))).collect()
}

/// The smallest of sorted values that so many percent of them do not pass.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use baton_model::UnixMicros;
    use baton_store::LettingGo;

    use super::*;

    fn by(number: u128, what: What) -> Happening {
        Happening { at: UnixMicros(1), by: Doer::Instance(InstanceId::new(number)), what }
    }

    fn shard(number: u32) -> ShardKey {
        format!("bot/0.{number}").parse().unwrap()
    }

    fn let_go(number: u32) -> Happening {
        let (epoch, how) = (Epoch(10), LettingGo::HandedOver);
        by(1, What::LetGo { shard: shard(number), epoch, to: None, how })
    }

    fn live(at: u128, number: u32, epoch: u64, how: Connecting, gap_ms: Option<u64>) -> Happening {
        let (shard, epoch) = (shard(number), Epoch(epoch));
        by(at, What::Live { shard, epoch, how, gap_ms, replayed: 0, skipped: 0 })
    }

    fn story(happenings: &[Happening]) -> Story {
        Story::of(happenings, &BTreeSet::from([InstanceId::new(1)]))
    }

    #[test]
    fn what_counts_is_how_a_shard_that_left_was_first_live_elsewhere() {
        let told = story(&[
            live(2, 0, 11, Connecting::Resumed, Some(40)),
            let_go(0),
            live(2, 0, 11, Connecting::Identified, Some(9_999)),
            let_go(1),
            live(3, 1, 12, Connecting::Identified, None),
            let_go(2),
            live(1, 2, 13, Connecting::Resumed, Some(7)),
            live(2, 2, 9, Connecting::Resumed, Some(8)),
            live(2, 3, 11, Connecting::Resumed, Some(5)),
        ]);
        let expected = Story {
            resumed: 1,
            identified: 1,
            gaps_known: 1,
            gap_ms_p50: Some(40),
            gap_ms_p99: Some(40),
            gap_ms_worst: Some(40),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn gaps_that_nobody_has_measured_are_not_zero() {
        let told = story(&[let_go(0), live(2, 0, 11, Connecting::Resumed, None)]);
        assert_eq!((told.resumed, told.gaps_known, told.gap_ms_worst), (1, 0, None));
        assert_eq!(told.text(2), "1 resumed, 0 identified, 1 not told of yet");
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (Some(100), Some(198)));
        assert_eq!((percentile(&[7], 50), percentile(&[], 99)), (Some(7), None));
    }
}
