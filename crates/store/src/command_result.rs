//! What became of a command, and how a stream holds it.

use std::time::Duration;

use baton_model::UnixMicros;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    StreamId,
    fields::{FORMAT, Fields, FieldsError, decimal, malformed},
};

/// The fields of a result, in their order.
pub const RESULT_FIELDS: [&str; 6] = ["v", "cmd", "out", "why", "wait", "at"];

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// Under which name its sender waits.
    pub reply_to: String,
    /// Which command.
    pub command: StreamId,
    /// What became of it.
    pub outcome: CommandOutcome,
    /// When, by the clock of the instance that held the shard.
    pub at: UnixMicros,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandOutcome {
    /// It was written to the shard's socket. What Discord makes of it, it says in events.
    Sent,
    /// Its time had passed.
    Expired,
    /// Discord would close the connection over it.
    Invalid {
        /// What is wrong with it.
        why: String,
    },
    /// It was given up, although there is nothing wrong with it.
    Dropped {
        /// What stood in its way.
        why: String,
    },
    /// The shard may send nothing more for a while.
    RateLimited {
        /// Until it may, in whole milliseconds.
        retry_after: Duration,
    },
}

impl CommandOutcome {
    /// The name under which it stands in a result.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Expired => "expired",
            Self::Invalid { .. } => "invalid",
            Self::Dropped { .. } => "dropped",
            Self::RateLimited { .. } => "rate_limited",
        }
    }
}

impl CommandResult {
    /// All fields, in their order. The name is not among them: it is part of the key.
    #[must_use]
    pub fn encode(&self) -> [(&'static str, Bytes); 6] {
        let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let (why, wait) = match &self.outcome {
            CommandOutcome::Sent | CommandOutcome::Expired => (Bytes::new(), Bytes::new()),
            CommandOutcome::Invalid { why } | CommandOutcome::Dropped { why } => {
                (text(why), Bytes::new())
            }
            CommandOutcome::RateLimited { retry_after } => {
                let millis = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
                (Bytes::new(), decimal(millis))
            }
        };
        let values = [
            decimal(u64::from(FORMAT)),
            text(&self.command.to_string()),
            text(self.outcome.name()),
            why,
            wait,
            decimal(self.at.0),
        ];
        let mut values = values.into_iter();
        RESULT_FIELDS.map(|field| (field, values.next().unwrap_or_default()))
    }

    /// Reads a result for this name from its fields. Their order does not matter; unknown ones are
    /// ignored.
    ///
    /// # Errors
    /// If a field is missing or malformed, or the format is a newer one.
    pub fn decode<'a, F>(reply_to: &str, fields: F) -> Result<Self, FieldsError>
    where
        F: IntoIterator<Item = (&'a [u8], Bytes)>,
    {
        let fields = Fields::read(&RESULT_FIELDS, fields)?;
        let command = fields.text("cmd")?.parse();
        let command = command.map_err(|_| fields.unexpected("cmd", "a stream id"))?;
        let outcome = match fields.text("out")?.as_str() {
            "sent" => CommandOutcome::Sent,
            "expired" => CommandOutcome::Expired,
            "invalid" => CommandOutcome::Invalid { why: fields.text("why")? },
            "dropped" => CommandOutcome::Dropped { why: fields.text("why")? },
            "rate_limited" => {
                let retry_after = Duration::from_millis(fields.number("wait")?);
                CommandOutcome::RateLimited { retry_after }
            }
            other => return Err(malformed("out", other.as_bytes(), "an outcome")),
        };
        let at = UnixMicros(fields.number("at")?);
        Ok(Self { reply_to: reply_to.to_owned(), command, outcome, at })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outcome() -> impl Strategy<Value = CommandOutcome> {
        prop_oneof![
            Just(CommandOutcome::Sent),
            Just(CommandOutcome::Expired),
            ".{0,20}".prop_map(|why| CommandOutcome::Invalid { why }),
            ".{0,20}".prop_map(|why| CommandOutcome::Dropped { why }),
            any::<u64>().prop_map(|millis| CommandOutcome::RateLimited {
                retry_after: Duration::from_millis(millis)
            }),
        ]
    }

    fn result(outcome: CommandOutcome) -> CommandResult {
        let command = StreamId { millis: 1_795_000_000_000, number: 3 };
        CommandResult { reply_to: "me".to_owned(), command, outcome, at: UnixMicros(7) }
    }

    fn read(fields: &[(&'static str, Bytes)]) -> Result<CommandResult, FieldsError> {
        let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.clone()));
        CommandResult::decode("me", fields)
    }

    proptest! {
        #[test]
        fn a_result_reads_as_it_was_written(outcome in outcome()) {
            let result = result(outcome);
            prop_assert_eq!(read(&result.encode()), Ok(result));
        }
    }

    #[test]
    fn what_is_wrong_with_a_result_is_said() {
        for (place, junk) in [(1, "soon"), (2, "perhaps"), (4, "soon"), (5, "soon")] {
            let retry_after = Duration::from_millis(1);
            let mut fields = result(CommandOutcome::RateLimited { retry_after }).encode();
            fields[place].1 = Bytes::from_static(junk.as_bytes());
            let error = read(&fields).unwrap_err().to_string();
            let field = RESULT_FIELDS[place];
            assert!(error.contains(&format!("field {field:?} holds {junk:?}")), "{error}");
        }
    }
}
