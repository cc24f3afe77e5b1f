//! A command: what a consumer asks a shard to send to Discord, and how a stream holds it.

use baton_model::{ShardNumber, StoreMillis, StreamId, TraceParent};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::fields::{FORMAT, Fields, FieldsError, decimal};

/// The fields of a command, in their order.
pub const COMMAND_FIELDS: [&str; 6] = ["v", "sh", "exp", "re", "tp", "d"];

/// Something to be sent to Discord on a shard's socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// By which shard.
    pub shard: ShardNumber,
    /// When it is too late, by the store's clock; none if it never is.
    pub expires: Option<StoreMillis>,
    /// Under which name its sender waits for a result; empty if it does not.
    pub reply_to: String,
    /// Set if it is sampled for tracing.
    pub trace: Option<TraceParent>,
    /// The frame.
    #[serde(with = "baton_model::raw_bytes")]
    pub frame: Bytes,
}

/// What stands in a command stream and is no command: anybody may write there. As much of it as can
/// be read is kept, so that its sender can be told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("it is no command")]
pub struct MalformedCommand {
    /// By which shard it was to be sent, if it says so.
    pub shard: Option<ShardNumber>,
    /// Under which name its sender waits for a result; empty if it does not, or does not say so.
    pub reply_to: String,
    /// What is wrong with it.
    #[source]
    pub why: FieldsError,
}

/// An entry of a command stream: its place, and what stands there.
pub type CommandEntry = (StreamId, Result<Command, MalformedCommand>);

impl Command {
    /// All fields, in their order.
    #[must_use]
    pub fn encode(&self) -> [(&'static str, Bytes); 6] {
        let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let values = [
            decimal(u64::from(FORMAT)),
            decimal(u64::from(self.shard.0)),
            self.expires.map_or_else(Bytes::new, |at| decimal(at.0)),
            text(&self.reply_to),
            self.trace.map_or_else(Bytes::new, |trace| text(trace.as_str())),
            self.frame.clone(),
        ];
        let mut values = values.into_iter();
        COMMAND_FIELDS.map(|field| (field, values.next().unwrap_or_default()))
    }

    /// Reads a command from its fields. Their order does not matter; unknown ones are ignored.
    ///
    /// # Errors
    /// If a field is missing or malformed, or the format is a newer one.
    pub fn decode<'a, F>(fields: F) -> Result<Self, MalformedCommand>
    where
        F: IntoIterator<Item = (&'a [u8], Bytes)>,
    {
        let fields = Fields::of_any_format(&COMMAND_FIELDS, fields);
        Self::from_fields(&fields).map_err(|why| MalformedCommand {
            shard: fields.number("sh").ok().map(ShardNumber),
            reply_to: fields.text("re").unwrap_or_default(),
            why,
        })
    }

    fn from_fields(fields: &Fields<{ COMMAND_FIELDS.len() }>) -> Result<Self, FieldsError> {
        fields.ensure_format()?;
        Ok(Self {
            shard: ShardNumber(fields.number("sh")?),
            expires: fields.optional_number("exp")?.map(StoreMillis),
            reply_to: fields.text("re")?,
            trace: fields.trace()?,
            frame: fields.bytes("d")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_command_reads_as_it_was_written(
            shard: u32,
            expires: Option<u64>,
            reply_to in ".{0,20}",
            trace in proptest::option::of("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"),
            frame in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let command = Command {
                shard: ShardNumber(shard),
                expires: expires.map(StoreMillis),
                reply_to,
                trace: trace.map(|text| text.parse().unwrap()),
                frame: Bytes::from(frame),
            };
            let fields = command.encode();
            let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.clone()));
            prop_assert_eq!(Command::decode(fields), Ok(command));
        }
    }

    /// A command's fields, but with this one as it is here, or without it.
    fn read_with(field: &str, value: Option<&'static str>) -> Result<Command, MalformedCommand> {
        let command = Command {
            shard: ShardNumber(1),
            expires: None,
            reply_to: "me".to_owned(),
            trace: None,
            frame: Bytes::new(),
        };
        let fields = command.encode().into_iter().filter_map(|(name, kept)| match value {
            _ if name != field => Some((name, kept)),
            Some(value) => Some((name, Bytes::from_static(value.as_bytes()))),
            None => None,
        });
        let fields: Vec<_> = fields.collect();
        Command::decode(fields.iter().map(|(name, value)| (name.as_bytes(), value.clone())))
    }

    #[test]
    fn what_is_wrong_with_a_command_is_said_to_whom_it_concerns() {
        let shard = Some(ShardNumber(1));
        for (field, value, shard, reply_to, why) in [
            (
                "exp",
                Some("soon"),
                shard,
                "me",
                r#"field "exp" holds "soon"; expected a whole number"#,
            ),
            ("sh", Some("all"), None, "me", r#"field "sh" holds "all"; expected a whole number"#),
            ("sh", None, None, "me", r#"there is no field "sh""#),
            ("re", None, shard, "", r#"there is no field "re""#),
            ("d", None, shard, "me", r#"there is no field "d""#),
            ("v", Some("2"), shard, "me", "it has format 2; this Baton knows 1"),
            ("v", None, shard, "me", r#"there is no field "v""#),
        ] {
            let found = read_with(field, value).expect_err(field);
            assert_eq!((found.shard, found.reply_to.as_str()), (shard, reply_to), "{field}");
            assert_eq!(found.why.to_string(), why);
        }
        assert!(read_with("", None).is_ok());
    }
}
