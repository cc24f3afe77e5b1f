//! A command: what a consumer asks a shard to send to Discord, and how a stream holds it.

use baton_model::{ShardNumber, StoreMillis, TraceParent};
use bytes::Bytes;

use crate::fields::{FORMAT, Fields, FieldsError, decimal};

/// The fields of a command, in their order.
pub const COMMAND_FIELDS: [&str; 6] = ["v", "sh", "exp", "re", "tp", "d"];

/// Something to be sent to Discord on a shard's socket.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub frame: Bytes,
}

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
    pub fn decode<'a, F>(fields: F) -> Result<Self, FieldsError>
    where
        F: IntoIterator<Item = (&'a [u8], Bytes)>,
    {
        let fields = Fields::read(&COMMAND_FIELDS, fields)?;
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

    #[test]
    fn what_is_wrong_with_a_command_is_said() {
        let command = Command {
            shard: ShardNumber(1),
            expires: None,
            reply_to: String::new(),
            trace: None,
            frame: Bytes::new(),
        };
        let mut fields = command.encode();
        fields[2].1 = Bytes::from_static(b"soon");
        let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.clone()));
        let error = Command::decode(fields).unwrap_err();
        assert_eq!(error.to_string(), r#"field "exp" holds "soon"; expected a whole number"#);
    }
}
