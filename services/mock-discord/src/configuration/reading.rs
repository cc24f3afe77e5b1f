//! Single values: numbers, lengths of time, names of a few.

use std::ops::RangeInclusive;

use super::mistakes::Expected;

/// Units of time, the longest suffix first where one ends like another.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// A thousandth is the smallest part that is read: digits behind a point.
const DIGITS: usize = 3;

/// Reads a whole number within bounds.
pub(super) fn whole(bounds: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, Expected> {
    move |text| {
        let number = digits(text).filter(|number| bounds.contains(number));
        number.ok_or_else(|| {
            Expected(format!("a whole number from {} to {}", bounds.start(), bounds.end()))
        })
    }
}

/// Reads a length of time within bounds, both in milliseconds.
pub(super) fn duration(bounds: RangeInclusive<u64>) -> impl Fn(&str) -> Result<u64, Expected> {
    move |text| {
        let ms = millis(text).filter(|ms| bounds.contains(ms));
        ms.ok_or_else(|| {
            let (least, most) = (bounds.start(), bounds.end());
            Expected(format!("a time from {least}ms to {most}ms, such as 500ms, 1.5s, 2m or 1h"))
        })
    }
}

/// Reads a name of a few.
pub(super) fn one_of<T: Copy>(names: &[(&str, T)]) -> impl Fn(&str) -> Result<T, Expected> {
    move |text| {
        let named = names.iter().find(|(name, _)| *name == text);
        named.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            Expected(format!("one of {}", names.join(", ")))
        })
    }
}

/// A number with up to three digits behind its point, in thousandths.
pub(super) fn thousandths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.is_empty() || part.len() > DIGITS {
        return None;
    }
    let part = digits(&format!("{part:0<DIGITS$}"))?;
    digits(whole)?.checked_mul(1_000)?.checked_add(part)
}

fn millis(text: &str) -> Option<u64> {
    let unit_of = |(suffix, ms): &(&str, u64)| Some((text.strip_suffix(suffix)?, *ms));
    let (number, unit) = UNITS.iter().find_map(unit_of)?;
    let thousandths = thousandths(number)?.checked_mul(unit)?;
    thousandths.is_multiple_of(1_000).then_some(thousandths / 1_000)
}

/// Unlike `parse` it takes no sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        let read = duration(1..=7_200_000);
        let told = ["1ms", "41.25s", "2m", "0.5h", "0.001s"].map(|text| read(text).unwrap());
        assert_eq!(told, [1, 41_250, 120_000, 1_800_000, 1]);
        for wrong in ["", "5", "s", "ms", "0s", "-1s", "+1s", "1.s", ".5s", "3h", "0.5ms", "1 s"] {
            let Expected(expected) = read(wrong).expect_err(wrong);
            assert!(expected.starts_with("a time from 1ms to 7200000ms"), "{expected}");
        }
    }

    #[test]
    fn numbers_lie_within_their_bounds() {
        let read = whole(1..=100);
        assert_eq!((read("1"), read("100")), (Ok(1), Ok(100)));
        for wrong in ["", "0", "101", "-1", "+1", "1.0", "x", "99999999999999999999"] {
            let expected = Expected("a whole number from 1 to 100".to_owned());
            assert_eq!(read(wrong), Err(expected), "{wrong}");
        }
    }

    #[test]
    fn a_fraction_has_three_digits_at_most() {
        let told = ["2", "2.5", "0.001", "0.010"].map(thousandths);
        assert_eq!(told, [2_000, 2_500, 1, 10].map(Some));
        for wrong in ["", ".", "1.", ".1", "1.0001", "1.-5", "18446744073709551615"] {
            assert_eq!(thousandths(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_those_that_there_are() {
        let read = one_of(&[("any", 1), ("none", 2)]);
        assert_eq!(read("none"), Ok(2));
        assert_eq!(read("None"), Err(Expected("one of any, none".to_owned())));
    }
}
