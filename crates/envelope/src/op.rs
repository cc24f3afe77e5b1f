//! What a frame is for.

use std::fmt;

/// The opcodes that Discord sends to a bot.
///
/// Made from a number by `Op::from`, which leaves [`Op::Other`] only what has no name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// 0: an event.
    Dispatch,
    /// 1: Discord wants a heartbeat at once.
    Heartbeat,
    /// 7: reconnect and resume.
    Reconnect,
    /// 9: the session is invalid; the body says whether it can be resumed.
    InvalidSession,
    /// 10: the first frame, with the heartbeat interval.
    Hello,
    /// 11: the answer to a heartbeat.
    HeartbeatAck,
    /// One that Discord did not send when this was written.
    Other(u64),
}

impl Op {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::Dispatch => 0,
            Self::Heartbeat => 1,
            Self::Reconnect => 7,
            Self::InvalidSession => 9,
            Self::Hello => 10,
            Self::HeartbeatAck => 11,
            Self::Other(number) => number,
        }
    }
}

impl From<u64> for Op {
    fn from(number: u64) -> Self {
        match number {
            0 => Self::Dispatch,
            1 => Self::Heartbeat,
            7 => Self::Reconnect,
            9 => Self::InvalidSession,
            10 => Self::Hello,
            11 => Self::HeartbeatAck,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.number(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discords_numbers_have_names_and_all_others_keep_their_number() {
        let named = [
            (0, Op::Dispatch),
            (1, Op::Heartbeat),
            (7, Op::Reconnect),
            (9, Op::InvalidSession),
            (10, Op::Hello),
            (11, Op::HeartbeatAck),
            (31, Op::Other(31)),
            (u64::MAX, Op::Other(u64::MAX)),
        ];
        for (number, op) in named {
            assert_eq!(Op::from(number), op);
            assert_eq!(op.number(), number);
            assert_eq!(op.to_string(), number.to_string());
        }
    }
}
