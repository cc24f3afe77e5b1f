//! A set of an app's shards as a short text: `0-3,7,9-12`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ShardNumber, limits::SHARDS_PER_APP_MAX};

/// Some of an app's shards.
///
/// It keeps ranges, not shards, so that a large set costs no more than it takes to write down.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShardRanges {
    /// First and last of each, ascending, with at least one shard left out between two.
    ranges: Vec<(u32, u32)>,
}

/// A text that is no set of shards.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShardRangesError {
    /// A part of it is neither a shard nor a range.
    #[error("{0:?} names no shards; expected numbers below {SHARDS_PER_APP_MAX}, as in 0-3,7")]
    Part(String),
    /// The parts do not ascend, or could be written shorter.
    #[error("shards before {0:?} should come after it, or be one range with it")]
    Order(String),
}

impl ShardRanges {
    /// No shards.
    pub const NONE: Self = Self { ranges: Vec::new() };

    /// How many shards there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards().count()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Is this one among them?
    #[must_use]
    pub fn contains(&self, shard: ShardNumber) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&shard.0))
    }

    /// The shards, ascending.
    pub fn shards(&self) -> impl Iterator<Item = ShardNumber> {
        self.ranges.iter().flat_map(|(first, last)| *first..=*last).map(ShardNumber)
    }

    /// Adds shards.
    pub fn insert_all(&mut self, others: &Self) {
        self.ranges.extend(&others.ranges);
        self.ranges.sort_unstable();
        let all = std::mem::take(&mut self.ranges);
        for (first, last) in all {
            match self.ranges.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
                Some(_) | None => self.ranges.push((first, last)),
            }
        }
    }
}

/// Numbers that no app has are left out: what is written can be read.
impl FromIterator<ShardNumber> for ShardRanges {
    fn from_iter<I: IntoIterator<Item = ShardNumber>>(shards: I) -> Self {
        let possible = shards.into_iter().filter(|shard| shard.0 < SHARDS_PER_APP_MAX);
        let singles = Self { ranges: possible.map(|shard| (shard.0, shard.0)).collect() };
        let mut ranges = Self::NONE;
        ranges.insert_all(&singles);
        ranges
    }
}

impl FromStr for ShardRanges {
    type Err = ShardRangesError;

    fn from_str(text: &str) -> Result<Self, ShardRangesError> {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (first, last) =
                range(part).ok_or_else(|| ShardRangesError::Part(part.to_owned()))?;
            if ranges.last().is_some_and(|(_, before)| first <= before + 1) {
                return Err(ShardRangesError::Order(part.to_owned()));
            }
            ranges.push((first, last));
        }
        Ok(Self { ranges })
    }
}

/// A shard or a range, in the one form that it is written in.
fn range(part: &str) -> Option<(u32, u32)> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let range = (first.parse().ok()?, last.parse().ok()?);
    let is_possible = range.0 <= range.1 && range.1 < SHARDS_PER_APP_MAX;
    (is_possible && shown(range) == part).then_some(range)
}

fn shown((first, last): (u32, u32)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

impl TryFrom<String> for ShardRanges {
    type Error = ShardRangesError;

    fn try_from(text: String) -> Result<Self, ShardRangesError> {
        text.parse()
    }
}

impl From<ShardRanges> for String {
    fn from(shards: ShardRanges) -> Self {
        shards.to_string()
    }
}

impl fmt::Display for ShardRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, range) in self.ranges.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{}", shown(*range))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ShardRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn some() -> impl Strategy<Value = BTreeSet<u32>> {
        // Few numbers, so that neighbours are common.
        proptest::collection::btree_set(0..40_u32, 0..30)
    }

    fn of(shards: &BTreeSet<u32>) -> ShardRanges {
        shards.iter().rev().copied().map(ShardNumber).collect()
    }

    proptest! {
        #[test]
        fn a_set_of_shards_reads_as_it_was_written(shards in some()) {
            let ranges = of(&shards);
            prop_assert!(ranges.shards().map(|shard| shard.0).eq(shards.iter().copied()));
            prop_assert_eq!(ranges.len(), shards.len());
            prop_assert_eq!(ranges.to_string().parse(), Ok(ranges));
        }

        #[test]
        fn shards_are_added_whatever_they_have_in_common(one in some(), other in some()) {
            let mut both = of(&one);
            both.insert_all(&of(&other));
            prop_assert_eq!(both, of(&one.union(&other).copied().collect()));
        }

        #[test]
        fn what_is_read_has_one_text(text in "[0-9,-]{0,12}") {
            if let Ok(ranges) = text.parse::<ShardRanges>() {
                prop_assert_eq!(ranges.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_text_is_said() {
        assert_eq!("".parse(), Ok(ShardRanges::NONE));
        for bad in ["x", ",", "1,", "1-", "2-1", "1-1", "01", "+1", "1-2-3", "65536", "0-65536"] {
            let error = bad.parse::<ShardRanges>().unwrap_err();
            assert!(matches!(error, ShardRangesError::Part(_)), "{bad}: {error}");
        }
        for bad in ["2,1", "1,1", "1,2", "0-3,4", "0-3,2-5"] {
            let error = bad.parse::<ShardRanges>().unwrap_err();
            assert!(matches!(error, ShardRangesError::Order(_)), "{bad}: {error}");
        }
    }

    #[test]
    fn shards_that_no_app_has_are_left_out() {
        let last = SHARDS_PER_APP_MAX - 1;
        let shards = [last, last + 1, u32::MAX].map(ShardNumber);
        assert_eq!(shards.into_iter().collect::<ShardRanges>().to_string(), last.to_string());
    }
}
