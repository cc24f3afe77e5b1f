//! Bytes as bits: where in a run of bytes the punctuation stands, 16 bytes per instruction.
//!
//! Bit `i` of a mask speaks of byte `i`. What the bits mean for each other is not known here.

use wide::u8x16;

/// Where a block of 64 bytes has punctuation.
pub(crate) struct Masks {
    pub(crate) quotes: u64,
    pub(crate) backslashes: u64,
    /// Opening brackets of either kind.
    pub(crate) opening: u64,
    /// Closing brackets of either kind.
    pub(crate) closing: u64,
}

impl Masks {
    #[inline]
    pub(crate) fn of(block: &[u8; 64]) -> Self {
        let mut masks = Self { quotes: 0, backslashes: 0, opening: 0, closing: 0 };
        for (index, chunk) in block.as_chunks::<16>().0.iter().enumerate() {
            let chunk = u8x16::new(*chunk);
            // This bit is all that tells `[` from `{` and `]` from `}`, and no other byte becomes
            // one of them by it.
            let folded = chunk | u8x16::splat(0x20);
            masks.quotes |= equal(chunk, b'"') << (index * 16);
            masks.backslashes |= equal(chunk, b'\\') << (index * 16);
            masks.opening |= equal(folded, b'{') << (index * 16);
            masks.closing |= equal(folded, b'}') << (index * 16);
        }
        masks
    }
}

/// Where a block has one of two bytes.
#[inline]
pub(crate) fn either(block: &[u8; 64], [one, other]: [u8; 2]) -> u64 {
    let mut mask = 0;
    for (index, chunk) in block.as_chunks::<16>().0.iter().enumerate() {
        let chunk = u8x16::new(*chunk);
        mask |= (equal(chunk, one) | equal(chunk, other)) << (index * 16);
    }
    mask
}

/// The place of the first quote or backslash.
#[inline]
pub(crate) fn find_quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    let (chunks, tail) = bytes.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let chunk = u8x16::new(*chunk);
        let hits = equal(chunk, b'"') | equal(chunk, b'\\');
        if hits != 0 {
            return Some(index * 16 + first(hits));
        }
    }
    let hit = tail.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    Some(chunks.len() * 16 + hit)
}

/// Bit `i` of the result says whether an odd number of the bits `0..=i` is set.
#[inline]
pub(crate) fn running_parity(bits: u64) -> u64 {
    let by_2 = bits ^ (bits << 1);
    let by_4 = by_2 ^ (by_2 << 2);
    let by_8 = by_4 ^ (by_4 << 4);
    let by_16 = by_8 ^ (by_8 << 8);
    let by_32 = by_16 ^ (by_16 << 16);
    by_32 ^ (by_32 << 32)
}

/// The lowest bit of a mask, alone.
#[inline]
pub(crate) fn lowest(bits: u64) -> u64 {
    bits & bits.wrapping_neg()
}

/// The place of the lowest bit.
#[inline]
pub(crate) fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize
}

#[inline]
fn equal(chunk: u8x16, byte: u8) -> u64 {
    u64::from(chunk.simd_eq(u8x16::splat(byte)).to_bitmask())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_told_from_every_other() {
        for byte in 0..=u8::MAX {
            let mut block = [0; 64];
            block[37] = byte;
            let masks = Masks::of(&block);
            let here = |is_one: bool| u64::from(is_one) << 37;
            assert_eq!(masks.quotes, here(byte == b'"'), "{byte}");
            assert_eq!(masks.backslashes, here(byte == b'\\'), "{byte}");
            assert_eq!(masks.opening, here(matches!(byte, b'{' | b'[')), "{byte}");
            assert_eq!(masks.closing, here(matches!(byte, b'}' | b']')), "{byte}");
            assert_eq!(either(&block, *b"gi"), here(matches!(byte, b'g' | b'i')), "{byte}");
        }
    }

    #[test]
    fn every_place_has_its_bit() {
        for at in 0..64 {
            let mut block = [b' '; 64];
            block[at] = b'"';
            assert_eq!(Masks::of(&block).quotes, 1 << at);
            assert_eq!(first(1 << at), at);
            for length in 0..64 {
                let hit = find_quote_or_backslash(&block[..length]);
                assert_eq!(hit, (at < length).then_some(at), "{at} in {length}");
            }
        }
    }

    #[test]
    fn parity_runs_from_the_lowest_bit() {
        assert_eq!(running_parity(0), 0);
        assert_eq!(running_parity(1), u64::MAX);
        assert_eq!(running_parity(0b1001_0010), !0b0111_0001);
    }
}
