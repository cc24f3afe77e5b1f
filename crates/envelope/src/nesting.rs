//! What is inside a string and how deep the brackets go, block after block.
//!
//! It counts brackets and does not match them, and it does not know what a value is. The idea is
//! to decide with a few operations on the masks of 64 bytes; single bits are looked at only where
//! something may begin or end. Depth is a number, so a frame of brackets only takes no stack and
//! costs no more than any other.

use crate::masks::{Masks, first, lowest, running_parity};

/// What must be known of all blocks before, to understand the next one.
pub(crate) struct Nesting {
    /// Brackets opened and not closed.
    depth: u64,
    /// All ones inside a string, else zero.
    in_string: u64,
    /// One if the next block's first byte is escaped, else zero.
    escaped: u64,
}

/// A block's punctuation, once it is known what is inside a string.
pub(crate) struct Entered {
    pub(crate) brackets: Brackets,
    /// Opening quotes.
    pub(crate) string_starts: u64,
}

/// Brackets outside strings.
#[derive(Clone, Copy)]
pub(crate) struct Brackets {
    opening: u64,
    closing: u64,
}

impl Default for Nesting {
    fn default() -> Self {
        Self { depth: 1, in_string: 0, escaped: 0 }
    }
}

impl Nesting {
    /// Brackets opened and not closed, up to the next block.
    #[inline]
    pub(crate) fn depth(&self) -> u64 {
        self.depth
    }

    /// Reads the next block's quotes and backslashes. Its brackets are counted by
    /// [`Nesting::end_among`], which is to follow.
    #[inline]
    pub(crate) fn enter(&mut self, masks: &Masks) -> Entered {
        let quotes = masks.quotes & !self.escaped_by(masks.backslashes);
        // Each quote turns the rest of the block over.
        let strings = running_parity(quotes) ^ self.in_string;
        self.in_string = 0_u64.wrapping_sub(strings >> 63);
        Entered {
            brackets: Brackets {
                opening: masks.opening & !strings,
                closing: masks.closing & !strings,
            },
            string_starts: quotes & strings,
        }
    }

    /// The place of the bracket that closes the last open one; if there is none, the depth behind
    /// the block is known.
    #[inline]
    pub(crate) fn end_among(&mut self, brackets: Brackets) -> Option<usize> {
        let opened = u64::from(brackets.opening.count_ones());
        let closed = u64::from(brackets.closing.count_ones());
        if closed < self.depth {
            // Even if all of them came first, one would stay open.
            self.depth = self.depth + opened - closed;
            return None;
        }
        let mut left = brackets.opening | brackets.closing;
        while left != 0 {
            let bracket = lowest(left);
            left ^= bracket;
            if brackets.opening & bracket != 0 {
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

    /// Which bytes of the block a backslash stands before, other than an escaped one.
    #[inline]
    fn escaped_by(&mut self, backslashes: u64) -> u64 {
        let mut escaped = self.escaped;
        let mut left = backslashes & !escaped;
        self.escaped = 0;
        while left != 0 {
            let backslash = lowest(left);
            escaped |= backslash << 1;
            self.escaped = backslash >> 63;
            left &= !(backslash | (backslash << 1));
        }
        escaped
    }
}

impl Brackets {
    /// The place of the first candidate at depth 1, in a block that began at depth `before`.
    #[inline]
    pub(crate) fn first_outermost(self, candidates: u64, before: u64) -> Option<usize> {
        let mut left = candidates;
        while left != 0 {
            let candidate = lowest(left);
            left ^= candidate;
            let behind_it = candidate - 1;
            let opened = u64::from((self.opening & behind_it).count_ones());
            let closed = u64::from((self.closing & behind_it).count_ones());
            // Not a subtraction: behind the end more may be closed than ever was open.
            if before + opened == closed + 1 {
                return Some(first(candidate));
            }
        }
        None
    }
}
