//! A shard: Discord's slice of an app.

use std::{fmt, num::NonZeroU32};

use serde::{Deserialize, Serialize};

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
