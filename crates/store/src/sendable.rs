//! What may be sent: a command is checked before Discord would close the connection over it.

use baton_model::{GuildId, limits::COMMAND_BYTES_MAX};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::Op;

/// A command that Discord will read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sendable {
    /// What kind of command it is.
    pub op: Op,
    /// The one guild that it is about, if it is about one.
    pub guild: Option<GuildId>,
    /// What Discord names it by in its answers.
    pub nonce: Option<String>,
    /// Byte for byte as it came.
    pub frame: String,
}

/// What is wrong with a frame, so that Discord would close the connection over it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unsendable(String);

#[derive(Deserialize)]
struct Raw {
    op: u64,
    d: Map<String, Value>,
}

impl Sendable {
    /// Checks a frame.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(frame: &[u8]) -> Result<Self, Unsendable> {
        Self::read(frame).map_err(Unsendable)
    }

    fn read(frame: &[u8]) -> Result<Self, String> {
        let bytes = frame.len();
        if bytes > COMMAND_BYTES_MAX {
            return Err(format!("it has {bytes} bytes; Discord takes {COMMAND_BYTES_MAX}"));
        }
        let frame = str::from_utf8(frame).map_err(|_| "it is not UTF-8".to_owned())?;
        let Raw { op: code, d } = read(frame)?;
        let op = Op::of_code(code)
            .ok_or_else(|| format!("op {code} is no command; expected 3, 4, 8, 31 or 43"))?;
        let wants = |key| require(op, &d, key);
        match op {
            Op::UpdatePresence => {}
            Op::UpdateVoiceState | Op::RequestChannelInfo => wants("guild_id")?,
            Op::RequestSoundboardSounds => wants("guild_ids")?,
            Op::RequestGuildMembers => {
                wants("guild_id")?;
                if !d.contains_key("user_ids") {
                    wants("query").and_then(|()| wants("limit"))?;
                }
            }
        }
        let guild = d.get("guild_id").and_then(guild_of);
        let nonce = d.get("nonce").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { op, guild, nonce, frame: frame.to_owned() })
    }
}

/// A struct may also be read from an array, which a frame is not.
fn read(frame: &str) -> Result<Raw, String> {
    if !frame.trim_start().starts_with('{') {
        return Err("it is no JSON object".to_owned());
    }
    serde_json::from_str(frame).map_err(|error| format!("it is no frame: {error}"))
}

fn require(op: Op, d: &Map<String, Value>, key: &str) -> Result<(), String> {
    if d.contains_key(key) { Ok(()) } else { Err(format!("op {} lacks {key}", op.code())) }
}

/// A guild's id, as Discord writes it or as others do.
#[must_use]
pub fn guild_of(value: &Value) -> Option<GuildId> {
    let number = match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_u64(),
    };
    number.map(GuildId)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(frame: &str) -> Result<Sendable, String> {
        Sendable::check(frame.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_discord_takes_is_taken_as_it_is() {
        for (frame, op, guild) in [
            (r#"{"op":3,"d":{"status":"idle"}}"#, 3, None),
            (r#" {"d":{"guild_id":"7","channel_id":null},"op":4}"#, 4, Some(GuildId(7))),
            (r#"{"op":8,"d":{"guild_id":7,"query":"","limit":0}}"#, 8, Some(GuildId(7))),
            (r#"{"op":8,"d":{"guild_id":"7","user_ids":["1"]}}"#, 8, Some(GuildId(7))),
            (r#"{"op":31,"d":{"guild_ids":["7"]}}"#, 31, None),
            (r#"{"op":43,"d":{"guild_id":"7","fields":["status"]}}"#, 43, Some(GuildId(7))),
        ] {
            let checked = check(frame).unwrap();
            assert_eq!((checked.op.code(), checked.guild, &*checked.frame), (op, guild, frame));
        }
    }

    #[test]
    fn what_belongs_to_a_connection_is_never_a_command() {
        for op in [0, 1, 2, 5, 6, 7, 9, 10, 11, 14, u64::MAX] {
            let why = check(&format!(r#"{{"op":{op},"d":{{"guild_id":"7"}}}}"#)).unwrap_err();
            assert_eq!(why, format!("op {op} is no command; expected 3, 4, 8, 31 or 43"));
        }
    }

    #[test]
    fn what_discord_could_not_read_is_refused() {
        for (frame, why) in [
            ("", "it is no JSON object"),
            ("[3,{}]", "it is no JSON object"),
            ("{}", "it is no frame: missing field `op`"),
            (r#"{"op":3}"#, "it is no frame: missing field `d`"),
            (r#"{"op":3,"d":[]}"#, "it is no frame: invalid type"),
            (r#"{"op":"3","d":{}}"#, "it is no frame: invalid type"),
            (r#"{"op":3,"d":{}}x"#, "it is no frame: trailing characters"),
            (r#"{"op":3,"d":{},"\u006fp":2}"#, "it is no frame: duplicate field `op`"),
            (r#"{"op":4,"d":{}}"#, "op 4 lacks guild_id"),
            (r#"{"op":8,"d":{"query":"","limit":0}}"#, "op 8 lacks guild_id"),
            (r#"{"op":8,"d":{"guild_id":"7"}}"#, "op 8 lacks query"),
            (r#"{"op":8,"d":{"guild_id":"7","query":""}}"#, "op 8 lacks limit"),
            (r#"{"op":31,"d":{}}"#, "op 31 lacks guild_ids"),
            (r#"{"op":43,"d":{}}"#, "op 43 lacks guild_id"),
        ] {
            let told = check(frame).unwrap_err();
            assert!(told.starts_with(why), "{frame}: {told}");
        }
        assert_eq!(Sendable::check(b"\xff").unwrap_err().to_string(), "it is not UTF-8");
    }

    #[test]
    fn a_frame_has_4096_bytes_at_the_most() {
        let frame = |bytes| format!("{:<bytes$}", r#"{"op":3,"d":{}}"#);
        assert!(check(&frame(4_096)).is_ok());
        assert_eq!(check(&frame(4_097)).unwrap_err(), "it has 4097 bytes; Discord takes 4096");
    }
}
