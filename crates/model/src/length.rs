//! Lengths of time, as people write them: `500ms`, `10s`, `5m`, `1h`, `7d`.
//!
//! A configuration and a command line take the same words for the same time.

use std::time::Duration;

use crate::whole_millis;

/// Longest unit first: a length is written in the longest that leaves no remainder.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a length of time; none if it is not one.
#[must_use]
pub fn read(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*unit_ms).map(Duration::from_millis)
}

/// Writes one as it is read.
#[must_use]
pub fn written(duration: Duration) -> String {
    let ms = whole_millis(duration);
    let fits = |(_, unit_ms): &&(&str, u64)| ms != 0 && ms.is_multiple_of(*unit_ms);
    match UNITS.iter().find(fits) {
        Some((unit, unit_ms)) => format!("{}{unit}", ms / unit_ms),
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_written_as_it_is_read() {
        for text in ["1ms", "1500ms", "10s", "90s", "5m", "2h", "7d", "0s"] {
            assert_eq!(written(read(text).unwrap()), text);
        }
        assert_eq!(read("10 s"), Some(Duration::from_secs(10)));
        assert_eq!(written(Duration::from_secs(120)), "2m");
    }

    #[test]
    fn anything_else_is_no_length_of_time() {
        for text in ["", "10", "s", "-1s", "1.5s", "1w", "10s ", "1s1s", "18446744073709551615h"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
