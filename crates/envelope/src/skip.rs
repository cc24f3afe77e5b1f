//! Finding where a string, an object or an array ends, without looking at what is in it.
//!
//! Nothing here is recursive and nothing is allocated: nesting is a number, so a frame of brackets
//! only costs no more than any other. The idea is to turn 64 bytes at a time into bit masks (one
//! bit per byte: is it a quote, a backslash, an opening or a closing bracket) and to decide with a
//! few operations on whole masks; single bits are looked at only where a value may end.

use wide::u8x16;

use crate::text::Spelling;

/// Where a string ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StringEnd {
    /// The place of its closing quote.
    pub(crate) quote: usize,
    /// Whether a backslash was passed on the way.
    pub(crate) spelling: Spelling,
}

/// Finds the quote that closes the string whose content begins at `from`.
pub(crate) fn find_string_end(frame: &[u8], from: usize) -> Option<StringEnd> {
    let mut spelling = Spelling::Plain;
    let mut at = from;
    loop {
        at += find_quote_or_backslash(frame.get(at..)?)?;
        if frame[at] == b'"' {
            return Some(StringEnd {
                quote: at,
                spelling,
            });
        }
        spelling = Spelling::Escaped;
        at += 2; // what a backslash escapes is never the end
    }
}

fn find_quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    let (chunks, tail) = bytes.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let chunk = u8x16::new(*chunk);
        let hits = bits(chunk, b'"') | bits(chunk, b'\\');
        if hits != 0 {
            return Some(index * 16 + first(hits));
        }
    }
    let hit = tail.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(chunks.len() * 16 + hit)
}

/// Finds the bracket that closes the object or array whose content begins at `from`.
///
/// `from` must not be inside a string. Either kind of bracket closes either kind.
pub(crate) fn find_nested_end(frame: &[u8], from: usize) -> Option<usize> {
    let (blocks, tail) = frame.get(from..)?.as_chunks::<64>();
    let mut nesting = Nesting::default();
    for (index, block) in blocks.iter().enumerate() {
        if let Some(end) = nesting.end_in(block) {
            return Some(from + index * 64 + end);
        }
    }
    let mut last = [0; 64]; // zeros are no punctuation
    last[..tail.len()].copy_from_slice(tail);
    let end = nesting.end_in(&last)?;
    Some(from + blocks.len() * 64 + end)
}

/// What must be known of all blocks before, to understand the next one.
struct Nesting {
    /// Brackets opened and not closed.
    depth: u64,
    /// All ones inside a string, else zero.
    in_string: u64,
    /// One if the next block's first byte is escaped, else zero.
    escaped: u64,
}

impl Default for Nesting {
    fn default() -> Self {
        Self {
            depth: 1,
            in_string: 0,
            escaped: 0,
        }
    }
}

impl Nesting {
    /// Goes through a block; where the last open bracket is closed, if it is.
    #[inline]
    fn end_in(&mut self, block: &[u8; 64]) -> Option<usize> {
        let masks = Masks::of(block);
        let quotes = masks.quotes & !self.escaped_by(masks.backslashes);
        // From each quote up to the next one: the running parity of quotes.
        let strings = running_parity(quotes) ^ self.in_string;
        self.in_string = 0_u64.wrapping_sub(strings >> 63);
        self.end_among(masks.opening & !strings, masks.closing & !strings)
    }

    /// Which bytes of the block a backslash stands before, other than an escaped one.
    #[inline]
    fn escaped_by(&mut self, backslashes: u64) -> u64 {
        let mut escaped = self.escaped;
        let mut left = backslashes & !escaped;
        self.escaped = 0;
        while left != 0 {
            let backslash = left & left.wrapping_neg();
            escaped |= backslash << 1;
            self.escaped = backslash >> 63;
            left &= !(backslash | backslash << 1);
        }
        escaped
    }

    #[inline]
    fn end_among(&mut self, opening: u64, closing: u64) -> Option<usize> {
        let closed = u64::from(closing.count_ones());
        if closed < self.depth {
            // Even if all of them came first, one would stay open.
            self.depth = self.depth + u64::from(opening.count_ones()) - closed;
            return None;
        }
        let mut left = opening | closing;
        while left != 0 {
            let bracket = left & left.wrapping_neg();
            left ^= bracket;
            if opening & bracket != 0 {
                self.depth += 1;
                continue;
            }
            self.depth -= 1;
            if self.depth == 0 {
                return Some(first(bracket));
            }
        }
        None
    }
}

/// Where a block has punctuation: bit `i` for byte `i`.
struct Masks {
    quotes: u64,
    backslashes: u64,
    opening: u64,
    closing: u64,
}

impl Masks {
    #[inline]
    fn of(block: &[u8; 64]) -> Self {
        let mut masks = Self {
            quotes: 0,
            backslashes: 0,
            opening: 0,
            closing: 0,
        };
        for (index, chunk) in block.as_chunks::<16>().0.iter().enumerate() {
            let chunk = u8x16::new(*chunk);
            // This bit is all that tells `[` from `{` and `]` from `}`, and no other byte becomes
            // one of them by it.
            let folded = chunk | u8x16::splat(0x20);
            masks.quotes |= bits(chunk, b'"') << (index * 16);
            masks.backslashes |= bits(chunk, b'\\') << (index * 16);
            masks.opening |= bits(folded, b'{') << (index * 16);
            masks.closing |= bits(folded, b'}') << (index * 16);
        }
        masks
    }
}

/// Which bytes of a chunk equal `byte`.
#[inline]
fn bits(chunk: u8x16, byte: u8) -> u64 {
    u64::from(chunk.simd_eq(u8x16::splat(byte)).to_bitmask())
}

/// The place of the lowest bit.
#[inline]
fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize
}

/// Bit `i` of the result says whether an odd number of the bits `0..=i` is set.
#[inline]
fn running_parity(bits: u64) -> u64 {
    let by_2 = bits ^ bits << 1;
    let by_4 = by_2 ^ by_2 << 2;
    let by_8 = by_4 ^ by_4 << 4;
    let by_16 = by_8 ^ by_8 << 8;
    let by_32 = by_16 ^ by_16 << 16;
    by_32 ^ by_32 << 32
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
                let end = if backslashes % 2 == 0 {
                    frame.len() - 3
                } else {
                    frame.len() - 1
                };
                assert_eq!(
                    find_nested_end(&frame, 0),
                    Some(end),
                    "{before} {backslashes}"
                );
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
