//! What a client says. It is read with serde, and shares nothing with how the gateway reads.

use serde::Deserialize;
use serde_json::Value;

use super::member_request;
use crate::load::MemberRequest;

/// The longest frame that Discord takes.
pub(super) const FRAME_BYTES_MAX: usize = 4_096;

#[derive(Debug)]
pub(super) enum ClientFrame {
    Heartbeat,
    Identify(Identify),
    Resume(Resume),
    /// What is asked for in a session.
    Command(Asked),
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

/// A command.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) op: u64,
    pub(super) d: Value,
    /// What op 8 asks.
    pub(super) members: Option<MemberRequest>,
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
            // Presence, voice state, soundboard sounds, channel info; below, guild members.
            3 | 4 | 31 | 43 => Ok(Self::Command(Asked { op, d, members: None })),
            8 => {
                let members = Some(member_request::read(&d).ok_or(FrameError::Malformed)?);
                Ok(Self::Command(Asked { op, d, members }))
            }
            _ => Err(FrameError::UnknownOp),
        }
    }
}

fn read<T>(result: serde_json::Result<T>) -> Result<T, FrameError> {
    result.map_err(|_| FrameError::Malformed)
}
