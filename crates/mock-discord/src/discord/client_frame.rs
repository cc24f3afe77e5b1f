//! What a client says. It is read with serde, and shares nothing with how the gateway reads.

use serde::Deserialize;
use serde_json::Value;

/// The longest frame that Discord takes.
pub(super) const FRAME_BYTES_MAX: usize = 4_096;

#[derive(Debug)]
pub(super) enum ClientFrame {
    Heartbeat,
    Identify(Identify),
    Resume(Resume),
    /// What is asked for in a session.
    Command {
        op: u64,
        d: Value,
    },
}

#[derive(Debug, Deserialize)]
pub(super) struct Identify {
    pub(super) token: String,
    /// Every client says what it is; nothing is made of it.
    #[serde(rename = "properties")]
    _properties: serde_json::Map<String, Value>,
    pub(super) intents: Option<i64>,
    pub(super) shard: Option<(u64, u64)>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resume {
    pub(super) token: String,
    pub(super) session_id: String,
    pub(super) seq: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameError {
    TooLarge,
    UnknownOp,
    Malformed,
}

#[derive(Deserialize)]
struct Raw {
    op: u64,
    #[serde(default)]
    d: Value,
}

impl ClientFrame {
    pub(super) fn read(text: &str) -> Result<Self, FrameError> {
        if text.len() > FRAME_BYTES_MAX {
            return Err(FrameError::TooLarge);
        }
        let Raw { op, d } = read(serde_json::from_str(text))?;
        match op {
            1 => Ok(Self::Heartbeat),
            2 => Ok(Self::Identify(read(serde_json::from_value(d))?)),
            6 => Ok(Self::Resume(read(serde_json::from_value(d))?)),
            // Presence, voice state, guild members, soundboard sounds, channel info.
            3 | 4 | 8 | 31 | 43 => Ok(Self::Command { op, d }),
            _ => Err(FrameError::UnknownOp),
        }
    }
}

fn read<T>(result: serde_json::Result<T>) -> Result<T, FrameError> {
    result.map_err(|_| FrameError::Malformed)
}
