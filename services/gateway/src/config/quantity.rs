//! Lengths of time, as people write them: `500ms`, `10s`, `5m`, `1h`.

use std::time::Duration;

/// Longest unit first: a length is written in the longest that leaves no remainder.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a length of time; none if it is not one.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*unit_ms).map(Duration::from_millis)
}

/// Writes one as it is read.
pub(super) fn shown(duration: Duration) -> String {
    let ms = baton_model::whole_millis(duration);
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
        for text in ["1ms", "1500ms", "10s", "90s", "5m", "2h", "0s"] {
            assert_eq!(shown(duration(text).unwrap()), text);
        }
        assert_eq!(duration("10 s"), Some(Duration::from_secs(10)));
        assert_eq!(shown(Duration::from_secs(120)), "2m");
    }

    #[test]
    fn anything_else_is_no_length_of_time() {
        for text in ["", "10", "s", "-1s", "1.5s", "1d", "10s ", "1s1s", "18446744073709551615h"] {
            assert_eq!(duration(text), None, "{text:?}");
        }
    }
}
