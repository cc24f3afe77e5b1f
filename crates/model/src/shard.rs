//! A shard: Discord's slice of an app.

use std::{fmt, num::NonZeroU32, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::AppName;

/// A shard's number within its app, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardNumber(pub u32);

/// How many shards an app is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardCount(pub NonZeroU32);

impl ShardCount {
    /// All shard numbers under this count.
    pub fn shards(self) -> impl DoubleEndedIterator<Item = ShardNumber> {
        (0..self.0.get()).map(ShardNumber)
    }
}

/// One choice of an app's shard count.
///
/// A change of the count starts a new generation with rows of its own, so that both can run side
/// by side until the new one is complete.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Generation(pub u32);

/// Which shard, of all that a fleet runs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardKey {
    /// The app it belongs to.
    pub app: AppName,
    /// The choice of shard count it belongs to.
    pub generation: Generation,
    /// Its number.
    pub number: ShardNumber,
}

/// A text that is no shard.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a shard; expected <app>/<generation>.<shard>, as in bot/0.7")]
pub struct ShardKeyError(String);

impl FromStr for ShardKey {
    type Err = ShardKeyError;

    fn from_str(text: &str) -> Result<Self, ShardKeyError> {
        let key = text.split_once('/').and_then(|(app, rest)| {
            let (generation, number) = rest.split_once('.')?;
            Some(Self {
                app: app.parse().ok()?,
                generation: Generation(generation.parse().ok()?),
                number: ShardNumber(number.parse().ok()?),
            })
        });
        // One shard has one text, or it could stand in a list twice.
        let key = key.filter(|key| key.to_string() == text);
        key.ok_or_else(|| ShardKeyError(text.to_owned()))
    }
}

impl fmt::Display for ShardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for ShardCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for ShardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.{}", self.app, self.generation, self.number)
    }
}

impl fmt::Debug for ShardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_has_one_text() {
        assert_eq!("music-bot.2/0.7".parse::<ShardKey>().unwrap().to_string(), "music-bot.2/0.7");
        for bad in ["", "bot", "bot/1", "bot/1.x", "/1.2", "Bot/1.2", "bot/+1.2", "bot/1.02"] {
            assert!(bad.parse::<ShardKey>().is_err(), "{bad:?}");
        }
    }
}
