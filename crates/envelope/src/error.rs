//! Why a frame cannot be read.

use thiserror::Error;

/// Why a frame has no readable envelope.
///
/// Positions are bytes from the frame's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// The frame ends before its envelope is complete.
    #[error("frame ends after {at} bytes, before its envelope is complete")]
    Truncated {
        /// The frame's length.
        at: usize,
    },
    /// Something stands where JSON has no place for it.
    #[error("frame is not JSON at byte {at}: expected {expected}")]
    Unexpected {
        /// Where it stands.
        at: usize,
        /// What could stand there.
        expected: &'static str,
    },
    /// The frame is an object without `op`.
    #[error("frame has no \"op\"")]
    OpMissing,
    /// `op` is no opcode.
    #[error("\"op\" at byte {at} is not a whole number from 0 to 2^64-1")]
    Op {
        /// Where its value stands.
        at: usize,
    },
    /// `s` is no dispatch number.
    #[error("\"s\" at byte {at} is neither null nor a whole number from 0 to 2^64-1")]
    Seq {
        /// Where its value stands.
        at: usize,
    },
    /// `t` is no event name.
    #[error("\"t\" at byte {at} is neither null nor a string of valid UTF-8 and escapes")]
    Name {
        /// Where its value stands.
        at: usize,
    },
}
