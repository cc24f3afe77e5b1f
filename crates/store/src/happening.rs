//! A happening: what an instance or an operator did, for people who ask later.

use baton_model::{AppName, Epoch, InstanceId, Line, NewIntent, ShardKey, StoreMillis, UnixMicros};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

use crate::fields::{FieldsError, json_fields, read_json};

/// The fields of a happening, in their order.
pub const HAPPENING_FIELDS: [&str; 2] = ["v", "d"];

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    /// When, by the clock of whoever did it.
    pub at: UnixMicros,
    /// Who did it.
    pub by: Doer,
    /// What was done.
    #[serde(deserialize_with = "known_or_unknown")]
    pub what: What,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doer {
    /// An instance, by its own rules.
    Instance(InstanceId),
    /// Somebody who said that this is their name.
    Operator(Line),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A lease was taken.
    Took {
        /// Of which shard.
        shard: ShardKey,
        /// Under which number.
        epoch: Epoch,
        /// Who held it before, if somebody did.
        from: Option<InstanceId>,
        /// By which way.
        how: Taking,
    },
    /// A shard's events arrive.
    Live {
        /// Of which shard.
        shard: ShardKey,
        /// Under which lease.
        epoch: Epoch,
        /// By which way.
        how: Connecting,
        /// How long there were none, if that is known.
        gap_ms: Option<u64>,
        /// Dispatches that Discord sent once more.
        replayed: u64,
        /// Those of them that the stream held already.
        skipped: u64,
    },
    /// A lease was let go.
    LetGo {
        /// Of which shard.
        shard: ShardKey,
        /// Under which number it was held.
        epoch: Epoch,
        /// Who has it then, if that is known.
        to: Option<InstanceId>,
        /// By which way.
        how: LettingGo,
    },
    /// An instance began to give its shards away.
    DrainBegan {
        /// Which instance.
        instance: InstanceId,
        /// Why.
        reason: Line,
        /// How many shards it had.
        shards: u32,
    },
    /// It has none any more.
    DrainEnded {
        /// Which instance.
        instance: InstanceId,
        /// How many it has handed over.
        handed_over: u32,
        /// How many it has given back, for others to claim.
        released: u32,
        /// How long that took.
        ms: u64,
    },
    /// It keeps what it still has.
    DrainTakenBack {
        /// Which instance.
        instance: InstanceId,
    },
    /// An operator has asked for something.
    Ordered {
        /// For what.
        intent: NewIntent,
    },
    /// A lease was taken away from its holder by an operator.
    LeaseBroken {
        /// Of which shard.
        shard: ShardKey,
        /// Under which number it was held.
        epoch: Epoch,
        /// By whom.
        from: InstanceId,
        /// Why.
        reason: Line,
    },
    /// A backup was put into this store.
    Restored {
        /// When it was taken, by the clock of the store that it was taken from.
        taken_at: StoreMillis,
        /// How many shards it has.
        shards: u32,
    },
    /// The token of an app was read from its source again.
    TokenRead {
        /// Of which app.
        app: AppName,
        /// Was it another one?
        changed: bool,
    },
    /// An operator has put an app into the store, or changed it there.
    AppPut {
        /// Which app.
        app: AppName,
    },
    /// An operator has removed an app that stood in the store.
    AppRemoved {
        /// Which app.
        app: AppName,
    },
    /// Something that a newer Baton has a word for.
    Unknown,
}

/// How a lease is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taking {
    /// Nobody held it, or nobody alive.
    Claimed,
    /// It was offered.
    Accepted,
}

/// How a shard comes to its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connecting {
    /// In its session.
    Resumed,
    /// In a new one.
    Identified,
}

/// How a lease is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LettingGo {
    /// It was given back.
    Released,
    /// Whom it was offered to has accepted it.
    HandedOver,
    /// Somebody else was granted it.
    Fenced,
}

impl Happening {
    /// All fields, in their order: the version, and the happening as JSON.
    #[must_use]
    pub fn encode(&self) -> [(&'static str, Bytes); 2] {
        json_fields(HAPPENING_FIELDS, self)
    }

    /// Reads a happening from its fields. Their order does not matter; unknown ones are ignored,
    /// and what this Baton has no word for is [`What::Unknown`].
    ///
    /// # Errors
    /// If a field is missing or malformed, or the format is a newer one.
    pub fn decode<'a, F>(fields: F) -> Result<Self, FieldsError>
    where
        F: IntoIterator<Item = (&'a [u8], Bytes)>,
    {
        read_json(&HAPPENING_FIELDS, fields, "a happening")
    }
}

fn known_or_unknown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<What, D::Error> {
    let what = serde_json::Value::deserialize(deserializer)?;
    Ok(What::deserialize(what).unwrap_or(What::Unknown))
}

#[cfg(test)]
mod tests {
    use baton_model::{IntentId, Wish};

    use super::*;

    fn read(body: impl Into<Bytes>) -> Result<Happening, FieldsError> {
        let fields = [("v", Bytes::from_static(b"1")), ("d", body.into())];
        Happening::decode(fields.iter().map(|(name, value)| (name.as_bytes(), value.clone())))
    }

    fn every_kind() -> Vec<What> {
        let shard: ShardKey = "bot/0.7".parse().unwrap();
        let (epoch, instance) = (Epoch(u64::MAX), InstanceId::new(7));
        let app: AppName = "bot".parse().unwrap();
        let line = Line::shortened;
        let wish = Wish::ReadToken { app: app.clone() };
        let intent = NewIntent { id: IntentId(1), wish, by: line("ann"), reason: line("") };
        vec![
            What::Took { shard: shard.clone(), epoch, from: None, how: Taking::Accepted },
            What::Live {
                shard: shard.clone(),
                epoch,
                how: Connecting::Identified,
                gap_ms: Some(3),
                replayed: 2,
                skipped: 1,
            },
            What::LetGo {
                shard: shard.clone(),
                epoch,
                to: Some(instance),
                how: LettingGo::HandedOver,
            },
            What::LeaseBroken { shard, epoch, from: instance, reason: line("stuck") },
            What::Restored { taken_at: StoreMillis(u64::MAX), shards: 16 },
            What::DrainBegan { instance, reason: line("SIGTERM"), shards: 9 },
            What::DrainEnded { instance, handed_over: 8, released: 1, ms: 7 },
            What::DrainTakenBack { instance },
            What::Ordered { intent },
            What::TokenRead { app: app.clone(), changed: true },
            What::AppPut { app: app.clone() },
            What::AppRemoved { app },
            What::Unknown,
        ]
    }

    #[test]
    fn a_happening_reads_as_it_was_written() {
        let doers = [Doer::Instance(InstanceId::new(3)), Doer::Operator(Line::shortened("ann"))];
        for (by, what) in doers.into_iter().cycle().zip(every_kind()) {
            let happening = Happening { at: UnixMicros(5), by, what };
            let [_, (_, body)] = happening.encode();
            assert_eq!(read(body), Ok(happening));
        }
    }

    #[test]
    fn what_this_baton_has_no_word_for_is_unknown() {
        for what in [
            r#"{"what":"danced","shard":1}"#,
            r#"{"what":"token_read","app":"bot","changed":"perhaps"}"#,
            r#""danced""#,
        ] {
            let body = format!(r#"{{"at":1,"by":{{"operator":"ann"}},"what":{what},"mood":2}}"#);
            assert_eq!(read(body).unwrap().what, What::Unknown);
        }
    }

    #[test]
    fn anything_else_is_an_error_that_names_the_field() {
        for body in ["", "{}", r#"{"at":1,"what":{"what":"unknown"}}"#] {
            let error = read(body).unwrap_err().to_string();
            assert!(error.starts_with(r#"field "d" holds"#), "{error}");
            assert!(error.ends_with("expected a happening"), "{error}");
        }
    }
}
