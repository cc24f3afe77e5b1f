//! Faults on request: what goes wrong at Discord, from a specification or from a seed.
//!
//! A specification is a JSON object that names its `fault`. It is read strictly: a misspelt field
//! would otherwise be a fault that never happens, and a test that proves nothing.

use baton_model::{Seq, ShardNumber};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::dice::Dice;

/// Something that goes wrong. A `shard` that is not given means all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Everything that is sent takes this much longer, from here on.
    Latency {
        /// How much longer.
        ms: u64,
    },
    /// The next connection that was sent this number, or a later one, is closed behind it.
    CloseAfter {
        /// The number.
        seq: Seq,
        /// The close code.
        code: u16,
        /// Whose connection.
        #[serde(default)]
        shard: Option<ShardNumber>,
    },
    /// New connections never get a HELLO.
    SilentAfterUpgrade {},
    /// The next so many connections never get a HELLO.
    SilentNext {
        /// How many.
        connections: u32,
    },
    /// New connections get a HELLO and nothing else.
    SilentAfterHello {},
    /// Heartbeats are taken and not acknowledged.
    NoAck {},
    /// The host that READY names for RESUME refuses connections.
    DeadResumeHost {},
    /// Replay buffers hold no more than this.
    ShortReplay {
        /// How many dispatches.
        keep: usize,
    },
    /// So many of a hundred IDENTIFYs and RESUMEs are answered with op 9 `false`.
    InvalidSession {
        /// How many of a hundred.
        percent: u8,
    },
    /// `GET /gateway/bot` answers 429.
    RestRefused {
        /// What it gives as Retry-After, in seconds.
        retry_after_s: u64,
    },
    /// Connections end without a close frame, at once.
    DropTcp {
        /// Whose.
        #[serde(default)]
        shard: Option<ShardNumber>,
    },
    /// Connections stay open and nothing passes through them any more.
    HalfOpen {
        /// Whose.
        #[serde(default)]
        shard: Option<ShardNumber>,
    },
    /// Op 7, at once.
    Reconnect {
        /// To whom.
        #[serde(default)]
        shard: Option<ShardNumber>,
    },
    /// Op 9 to sessions that are alive, at once.
    Invalidate {
        /// Whether the client may RESUME.
        resumable: bool,
        /// Whose.
        #[serde(default)]
        shard: Option<ShardNumber>,
    },
    /// Op 1 from Discord: the client is to send a heartbeat at once.
    AskHeartbeat {
        /// Who.
        #[serde(default)]
        shard: Option<ShardNumber>,
    },
    /// The next compressed bytes are spoilt.
    CorruptCompression {
        /// Whose.
        #[serde(default)]
        shard: Option<ShardNumber>,
    },
    /// The bot's token is replaced, as by its owner or for passing the day's limit: all sessions
    /// end with 4004. `GET /tokens` shows the new one.
    ResetToken {},
    /// All connections drop, and none is accepted for a while.
    Outage {
        /// For how long.
        ms: u64,
    },
}

/// Why a text is no fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FaultError {
    /// It is not of the form of any fault.
    #[error("not a fault: {0}; expected an object such as {{\"fault\":\"no_ack\"}}")]
    Form(String),
    /// More than all.
    #[error("percent is {0}; expected 0 to 100")]
    Percent(u8),
    /// A code that no websocket may send.
    #[error("code is {0}; expected 1000 to 1014 without 1004 to 1006, or 3000 to 4999")]
    CloseCode(u16),
}

impl Fault {
    /// Reads a specification.
    ///
    /// # Errors
    ///
    /// Where the text is none, with what was expected.
    pub fn from_json(text: &str) -> Result<Self, FaultError> {
        let fault: Self =
            serde_json::from_str(text).map_err(|error| FaultError::Form(error.to_string()))?;
        if let Self::InvalidSession { percent } = fault
            && percent > 100
        {
            return Err(FaultError::Percent(percent));
        }
        if let Self::CloseAfter { code, .. } = fault
            && !may_be_sent(code)
        {
            return Err(FaultError::CloseCode(code));
        }
        Ok(fault)
    }

    /// A fault that a seed decides. What it starts lasts for seconds, or until faults are cleared.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let kind = dice.between(0, 10);
        let amount = dice.next();
        match kind {
            0 => Self::Latency { ms: amount % 500 },
            1 => Self::CloseAfter { seq: Seq(amount % 1_000), code: 4_000, shard: None },
            2 => Self::NoAck {},
            3 => Self::DeadResumeHost {},
            4 => Self::ShortReplay { keep: usize::from(amount.to_le_bytes()[0]) },
            5 => Self::InvalidSession { percent: amount.to_le_bytes()[0] % 50 },
            6 => Self::DropTcp { shard: None },
            7 => Self::HalfOpen { shard: None },
            8 => Self::Reconnect { shard: None },
            9 => Self::CorruptCompression { shard: None },
            _ => Self::Outage { ms: amount % 10_000 },
        }
    }
}

/// 1004 to 1006 are reserved: they never travel.
const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1_000..=1_003 | 1_007..=1_014 | 3_000..=4_999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_reads_as_it_was_written() {
        let close = Fault::CloseAfter { seq: Seq(5), code: 4_000, shard: Some(ShardNumber(3)) };
        for fault in [close, Fault::NoAck {}, Fault::DropTcp { shard: None }] {
            let json = serde_json::to_string(&fault).unwrap();
            assert_eq!(Fault::from_json(&json), Ok(fault), "{json}");
        }
    }

    #[test]
    fn a_bad_specification_is_told_what_was_expected() {
        let told = |text| Fault::from_json(text).unwrap_err().to_string();
        assert!(told(r#"{"fault":"no_ak"}"#).contains("expected one of `latency`"));
        assert!(told(r#"{"fault":"latency"}"#).contains("missing field `ms`"));
        assert!(told(r#"{"fault":"no_ack","shard":1}"#).contains("unknown field `shard`"));
        assert!(told(r#"{"fault":"drop_tcp","shrad":1}"#).contains("expected `shard`"));
        assert!(told("latency").contains("expected an object such as"));
        assert!(told(r#"{"fault":"invalid_session","percent":101}"#).contains("0 to 100"));
        for code in [0, 999, 1_006, 5_000] {
            let text = format!(r#"{{"fault":"close_after","seq":1,"code":{code}}}"#);
            assert_eq!(Fault::from_json(&text), Err(FaultError::CloseCode(code)));
        }
    }

    #[test]
    fn a_seed_draws_one_fault_and_seeds_draw_them_all() {
        assert_eq!(Fault::drawn(1), Fault::drawn(1));
        let drawn = (0..500).map(|seed| std::mem::discriminant(&Fault::drawn(seed)));
        let kinds: std::collections::HashSet<_> = drawn.collect();
        assert_eq!(kinds.len(), 11);
    }
}
