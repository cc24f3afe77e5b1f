//! An intent: what an operator wants of the fleet, until it is done or taken back.
//!
//! It is a wish, not an order: instances see it with their next poll and carry it out as their
//! rules allow. About one subject there is at most one, so a later wish replaces an earlier one
//! and two operators cannot pull in two directions.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AppName, InstanceId, IntentId, Line, ShardKey, StoreMillis};

/// What an operator wants of the fleet, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Which intent: another one about the same subject has another id.
    pub id: IntentId,
    /// What is wanted.
    pub wish: Wish,
    /// Who wants it.
    pub by: Line,
    /// Why; may be empty.
    pub reason: Line,
    /// Since when it stands, by the store's clock.
    pub at: StoreMillis,
}

/// An intent before the store has taken it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewIntent {
    /// Which intent.
    pub id: IntentId,
    /// What is wanted.
    pub wish: Wish,
    /// Who wants it.
    pub by: Line,
    /// Why; may be empty.
    pub reason: Line,
}

/// What can be wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// An instance should give its shards away, and get none until this is taken back. Its process
    /// stays.
    Drain {
        /// Which instance.
        instance: InstanceId,
        /// For how long it is tried, in whole milliseconds: then it is given up, and what is left
        /// stays. As long as it takes if none.
        #[serde(rename = "limit_ms", with = "optional_millis")]
        limit: Option<Duration>,
    },
    /// A shard should be at this instance.
    Pin {
        /// Which shard.
        shard: ShardKey,
        /// Where it should be.
        to: InstanceId,
        /// For how long.
        until: PinUntil,
    },
    /// A shard should connect anew.
    Restart {
        /// Which shard.
        shard: ShardKey,
        /// By which way.
        how: RestartHow,
    },
    /// The token of an app should be read from its source again.
    ReadToken {
        /// Which app.
        app: AppName,
    },
}

/// When a pin has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinUntil {
    /// When the shard is there: it is a move.
    Arrived,
    /// When an operator takes it back.
    TakenBack,
}

/// How a shard connects anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartHow {
    /// In its session.
    Resume,
    /// In a new one: what Discord has not sent in the old one is lost.
    Identify,
}

/// What an intent is about: there is at most one intent for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Whether an instance goes.
    Drain(InstanceId),
    /// Where a shard is.
    Pin(ShardKey),
    /// How a shard is connected.
    Restart(ShardKey),
    /// The token of an app.
    Token(AppName),
}

/// A text that is no subject.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not a subject; expected drain/<instance>, pin/<app>/<generation>.<shard>, \
     restart/<app>/<generation>.<shard> or token/<app>"
)]
pub struct SubjectError(String);

impl Wish {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Drain { instance, limit: _ } => Subject::Drain(*instance),
            Self::Pin { shard, to: _, until: _ } => Subject::Pin(shard.clone()),
            Self::Restart { shard, how: _ } => Subject::Restart(shard.clone()),
            Self::ReadToken { app } => Subject::Token(app.clone()),
        }
    }
}

impl NewIntent {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.wish.subject()
    }

    /// The intent, standing since then.
    #[must_use]
    pub fn since(self, at: StoreMillis) -> Intent {
        let Self { id, wish, by, reason } = self;
        Intent { id, wish, by, reason, at }
    }
}

impl Intent {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.wish.subject()
    }
}

impl From<Intent> for NewIntent {
    fn from(intent: Intent) -> Self {
        let Intent { id, wish, by, reason, at: _ } = intent;
        Self { id, wish, by, reason }
    }
}

impl FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let subject = text.split_once('/').and_then(|(kind, of)| match kind {
            "drain" => of.parse().ok().map(Self::Drain),
            "pin" => of.parse().ok().map(Self::Pin),
            "restart" => of.parse().ok().map(Self::Restart),
            "token" => of.parse().ok().map(Self::Token),
            _ => None,
        });
        subject.ok_or_else(|| SubjectError(text.to_owned()))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drain(instance) => write!(f, "drain/{instance}"),
            Self::Pin(shard) => write!(f, "pin/{shard}"),
            Self::Restart(shard) => write!(f, "restart/{shard}"),
            Self::Token(app) => write!(f, "token/{app}"),
        }
    }
}

/// A duration in whole milliseconds, or null.
mod optional_millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.map(crate::whole_millis).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_as_it_writes() {
        for text in [
            "drain/000000000000000000000000000000b0",
            "pin/bot/0.7",
            "restart/bot/0.7",
            "token/bot",
        ] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_subject_and_the_error_says_what_would_be() {
        for bad in
            ["", "drain", "drain/", "drain/b0", "pin/bot", "pin/bot/0", "token/Bot", "move/x"]
        {
            let error = bad.parse::<Subject>().unwrap_err().to_string();
            assert!(error.contains("expected drain/<instance>"), "{error}");
        }
    }
}
