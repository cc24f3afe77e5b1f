//! An hour of UTC, which is how objects are told apart by time.

use std::{fmt, str::FromStr};

use baton_model::StreamId;
use thiserror::Error;

const MILLIS: u64 = 60 * 60 * 1_000;

/// Years behind it have five digits, and a place would not be listed in order any more.
const YEAR_MAX: u64 = 9_999;

/// An hour of UTC, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub u64);

/// A text that is no hour.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no hour of UTC; expected one as in 2026-11-20T19")]
pub struct HourError(String);

impl Hour {
    /// The hour in which the store added an entry.
    #[must_use]
    pub const fn of(id: StreamId) -> Self {
        Self(id.millis / MILLIS)
    }

    /// `2026-11-20`.
    #[must_use]
    pub fn date(self) -> String {
        let (year, month, day) = date(self.0 / 24);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// `19`.
    #[must_use]
    pub fn of_day(self) -> String {
        format!("{:02}", self.0 % 24)
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}", self.date(), self.of_day())
    }
}

impl FromStr for Hour {
    type Err = HourError;

    fn from_str(text: &str) -> Result<Self, HourError> {
        read(text)
            .filter(|hour| hour.to_string() == text)
            .ok_or_else(|| HourError(text.chars().take(40).collect()))
    }
}

fn read(text: &str) -> Option<Hour> {
    let (date, hour) = text.split_once('T')?;
    let mut numbers = date.split('-').map(|number| number.parse::<u64>().ok());
    let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let hour: u64 = hour.parse().ok()?;
    let is_one = (1970..=YEAR_MAX).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24;
    is_one.then(|| Hour(days(year, month, day) * 24 + hour))
}

const fn is_leap(year: u64) -> bool {
    (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
}

const fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to the first of January.
const fn days_before(year: u64) -> u64 {
    let before = year - 1;
    let leaps = before / 4 - before / 100 + before / 400;
    (year - 1970) * 365 + leaps - (1969 / 4 - 1969 / 100 + 1969 / 400)
}

fn days(year: u64, month: u64, day: u64) -> u64 {
    let months: u64 = (1..month).map(|month| days_of_month(year, month)).sum();
    days_before(year) + months + day - 1
}

fn date(days: u64) -> (u64, u64, u64) {
    // Never later than the real one, and at most one year early: 366 is the longest there is.
    let mut year = 1970 + days / 366;
    while days >= days_before(year + 1) {
        year += 1;
    }
    let mut left = days - days_before(year);
    let mut month = 1;
    while left >= days_of_month(year, month) {
        left -= days_of_month(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hours_are_those_of_the_calendar() {
        for (millis, text) in [
            (0, "1970-01-01T00"),
            (951_782_400_000, "2000-02-29T00"),
            (1_709_251_199_999, "2024-02-29T23"),
            (1_709_251_200_000, "2024-03-01T00"),
            (1_795_159_808_791, "2026-11-20T07"),
            (4_107_542_399_999, "2100-02-28T23"),
            (4_107_542_400_000, "2100-03-01T00"),
        ] {
            assert_eq!(Hour::of(StreamId { millis, number: 7 }).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_hour_is_refused() {
        for text in ["", "2026-11-20", "2026-11-20T24", "2026-02-29T00", "26-1-1T1", "2026-11-20T9"]
        {
            assert!(text.parse::<Hour>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_hour_reads_as_it_is_written(hours in 0_u64..70_000_000) {
            prop_assert_eq!(Hour(hours).to_string().parse(), Ok(Hour(hours)));
        }
    }
}
