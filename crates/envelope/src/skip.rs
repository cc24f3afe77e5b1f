//! Finding where a string, an object or an array ends, and which strings stand on its outermost
//! level, without looking at what is in between.
//!
//! Nothing is allocated, and nothing is looked at twice: a frame is taken in blocks of 64 bytes,
//! and what [`Nesting`] remembers from one to the next is three numbers.

use crate::{
    masks::{Masks, either, find_quote_or_backslash},
    nesting::Nesting,
    text::Spelling,
};

/// Where a string ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StringEnd {
    /// The place of its closing quote.
    pub(crate) quote: usize,
    /// Whether a backslash was passed on the way.
    pub(crate) spelling: Spelling,
}

/// What is worth a stop on the outermost level of an object or array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landmark {
    /// A string that may be a wanted one, by the place of its opening quote.
    String(usize),
    /// The closing bracket.
    End(usize),
}

/// Finds the quote that closes the string whose content begins at `from`.
#[inline]
pub(crate) fn find_string_end(frame: &[u8], from: usize) -> Option<StringEnd> {
    let mut spelling = Spelling::Plain;
    let mut at = from;
    loop {
        at += find_quote_or_backslash(frame.get(at..)?)?;
        if frame[at] == b'"' {
            return Some(StringEnd { quote: at, spelling });
        }
        spelling = Spelling::Escaped;
        at += 2; // what a backslash escapes is never the end
    }
}

/// Finds the bracket that closes the object or array whose content begins at `from`.
///
/// `from` must not be inside a string. Either kind of bracket closes either kind.
pub(crate) fn find_nested_end(frame: &[u8], from: usize) -> Option<usize> {
    let mut nesting = Nesting::default();
    find_in_blocks(frame, from, |start, block| {
        let brackets = nesting.enter(&Masks::of(block)).brackets;
        Some(start + nesting.end_among(brackets)?)
    })
}

/// Finds the next string that stands on the same level as `from` and begins with one of two bytes,
/// or the end of that level.
///
/// A string that begins with an escape counts too, for it may say anything; and so does, whatever
/// it begins with, one whose first byte lies behind the border of a block.
pub(crate) fn find_landmark(frame: &[u8], from: usize, initials: [u8; 2]) -> Option<Landmark> {
    let mut nesting = Nesting::default();
    find_in_blocks(frame, from, |start, block| {
        let masks = Masks::of(block);
        let behind_a_quote = either(block, initials) | masks.backslashes;
        let before = nesting.depth();
        let entered = nesting.enter(&masks);
        let end = nesting.end_among(entered.brackets);
        let candidates = entered.string_starts & ((behind_a_quote >> 1) | (1 << 63));
        match entered.brackets.first_outermost(candidates, before) {
            Some(string) if end.is_none_or(|end| string < end) => {
                Some(Landmark::String(start + string))
            }
            Some(_) | None => end.map(|end| Landmark::End(start + end)),
        }
    })
}

/// Looks at 64 bytes after the other until something is found; what the last block lacks is zeros,
/// which are no punctuation.
#[inline]
fn find_in_blocks<T>(
    frame: &[u8],
    from: usize,
    mut find: impl FnMut(usize, &[u8; 64]) -> Option<T>,
) -> Option<T> {
    let (blocks, tail) = frame.get(from..)?.as_chunks::<64>();
    for (index, block) in blocks.iter().enumerate() {
        if let Some(found) = find(from + index * 64, block) {
            return Some(found);
        }
    }
    let mut last = [0; 64];
    last[..tail.len()].copy_from_slice(tail);
    find(from + blocks.len() * 64, &last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, one byte after the other.
    fn nested_end_by_bytes(frame: &[u8], from: usize) -> Option<usize> {
        let (mut depth, mut in_string, mut escaped) = (1, false, false);
        for (at, byte) in frame.iter().enumerate().skip(from) {
            let follows_a_backslash = escaped;
            escaped = *byte == b'\\' && !follows_a_backslash;
            match byte {
                b'"' if !follows_a_backslash => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(at);
            }
        }
        None
    }

    /// Every string that stands on the level of `from`, by its opening quote and its first byte,
    /// and the level's end.
    fn level_by_bytes(frame: &[u8], from: usize) -> (Vec<(usize, Option<u8>)>, Option<usize>) {
        let mut strings = Vec::new();
        let end = nested_end_by_bytes(frame, from);
        let mut at = from;
        while at < end.unwrap_or(frame.len()) {
            match frame[at] {
                b'"' => {
                    strings.push((at, frame.get(at + 1).copied()));
                    let Some(end) = string_end_by_bytes(frame, at + 1) else {
                        break;
                    };
                    at = end.quote + 1;
                }
                b'{' | b'[' => match nested_end_by_bytes(frame, at + 1) {
                    Some(end) => at = end + 1,
                    None => break,
                },
                // Outside strings it has no place; it takes a quote's meaning all the same.
                b'\\' if matches!(frame.get(at + 1), Some(b'"' | b'\\')) => at += 2,
                _ => at += 1,
            }
        }
        (strings, end)
    }

    fn string_end_by_bytes(frame: &[u8], from: usize) -> Option<StringEnd> {
        let mut spelling = Spelling::Plain;
        let mut bytes = frame.iter().enumerate().skip(from);
        while let Some((quote, byte)) = bytes.next() {
            match byte {
                b'"' => return Some(StringEnd { quote, spelling }),
                b'\\' => {
                    spelling = Spelling::Escaped;
                    bytes.next();
                }
                _ => {}
            }
        }
        None
    }

    /// Bytes among which punctuation, and what looks like it but for one bit, is frequent.
    fn punctuation() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            4 => proptest::sample::select(b"\"\\{}[]".as_slice()),
            2 => proptest::sample::select(b"\x02\x1b\x1d;=|\x7f\xa2\xdb\xfb\xdd\xfd".as_slice()),
            2 => Just(b'a'),
            1 => any::<u8>(),
        ];
        let quiet = proptest::collection::vec(Just(b'a'), 0..80);
        let loud = proptest::collection::vec(byte, 0..40);
        proptest::collection::vec(prop_oneof![quiet, loud], 0..8).prop_map(|runs| runs.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn blocks_and_bytes_find_the_same_end_of_nesting(
            opened in 0_usize..70,
            rest in punctuation(),
        ) {
            let mut frame = vec![b'['; opened];
            frame.extend(rest);
            for from in 0..frame.len().min(70) {
                prop_assert_eq!(find_nested_end(&frame, from), nested_end_by_bytes(&frame, from));
            }
        }

        #[test]
        fn no_string_with_a_wanted_initial_is_passed_over(
            before in 0_usize..70,
            rest in punctuation(),
        ) {
            let frame = [vec![b' '; before], rest].concat();
            let (strings, end) = level_by_bytes(&frame, 0);
            let mut from = 0;
            for (quote, initial) in strings {
                if quote < from {
                    continue;
                }
                let found = find_landmark(&frame, from, *b"a=");
                let is_wanted = matches!(initial, Some(b'a' | b'=' | b'\\'));
                if is_wanted {
                    prop_assert_eq!(found, Some(Landmark::String(quote)));
                }
                if found == Some(Landmark::String(quote)) {
                    let Some(end) = string_end_by_bytes(&frame, quote + 1) else {
                        return Ok(());
                    };
                    from = end.quote + 1;
                }
            }
            prop_assert_eq!(find_landmark(&frame, from, *b"a="), end.map(Landmark::End));
        }

        #[test]
        fn chunks_and_bytes_find_the_same_end_of_a_string(frame in punctuation()) {
            for from in 0..=frame.len() {
                prop_assert_eq!(find_string_end(&frame, from), string_end_by_bytes(&frame, from));
            }
        }
    }

    #[test]
    fn a_run_of_backslashes_may_cross_any_block_border() {
        for before in 0..130 {
            for backslashes in 0..140 {
                let mut frame = vec![b' '; before];
                frame.push(b'"');
                frame.extend(vec![b'\\'; backslashes]);
                frame.extend(b"\"]\"]");
                let end = if backslashes % 2 == 0 { frame.len() - 3 } else { frame.len() - 1 };
                assert_eq!(find_nested_end(&frame, 0), Some(end), "{before} {backslashes}");
            }
        }
    }

    #[test]
    fn what_does_not_end_has_no_end() {
        assert_eq!(find_string_end(b"", 0), None);
        assert_eq!(find_string_end(b"\\", 0), None);
        assert_eq!(find_string_end(b"\\\"", 0), None);
        assert_eq!(find_nested_end(b"", 0), None);
        assert_eq!(find_nested_end(b"]", 1), None);
        assert_eq!(find_nested_end(&[b'['; 64], 0), None);
    }
}
