//! Amounts as people read them.

use std::time::Duration;

use baton_model::UnixMicros;

/// A length of time, with its two largest units.
#[must_use]
pub fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) if seconds < 10 => format!("{:.1} s", duration.as_secs_f64()),
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (_, _, _) => format!("{days} d {hours} h"),
    }
}

/// Bytes, in the unit that leaves at most four digits.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut amount, mut unit) = (bytes, 0);
    while amount >= 10_000 && unit + 1 < UNITS.len() {
        (amount, unit) = (amount / 1_024, unit + 1);
    }
    format!("{amount} {}", UNITS[unit])
}

/// A count and what is counted.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A moment in UTC, to the second.
#[must_use]
pub fn moment(at: UnixMicros) -> String {
    let seconds = at.0 / 1_000_000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date so many days after 1970 began. Years are counted from March on, so that the leap day
/// is the last of its year, and 400 of them have 146,097 days.
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let of_year = of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096;
    let year_of_era = of_year / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_two_largest_units() {
        let shown = |seconds| time(Duration::from_secs(seconds));
        assert_eq!(time(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(
            [shown(12), shown(90), shown(3_700), shown(200_000)],
            ["12 s", "1 min 30 s", "1 h 1 min", "2 d 7 h"]
        );
    }

    #[test]
    fn a_moment_is_a_date_and_a_time() {
        let shown = |seconds: u64| moment(UnixMicros(seconds * 1_000_000));
        assert_eq!(shown(0), "1970-01-01T00:00:00Z");
        assert_eq!(shown(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(shown(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(shown(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(shown(1_795_180_053), "2026-11-20T13:07:33Z");
        assert_eq!(shown(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn bytes_have_at_most_four_digits() {
        assert_eq!([bytes(0), bytes(9_999), bytes(10_240)], ["0 B", "9999 B", "10 KiB"]);
        assert_eq!(bytes(5 << 30), "5120 MiB");
    }
}
