//! An instance: one gateway process.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ShardKey, StoreMillis, Zone};

/// One gateway process, by an id drawn afresh at every start.
///
/// An id that came back would let a restarted process pass for the one whose leases it never had.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceId(u128);

/// A text that is no instance id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not an instance id; expected 32 hexadecimal digits")]
pub struct InstanceIdError(String);

impl InstanceId {
    /// Takes 128 bits that the caller drew at random.
    #[must_use]
    pub const fn new(random: u128) -> Self {
        Self(random)
    }

    /// The bits, for hashing.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }
}

impl FromStr for InstanceId {
    type Err = InstanceIdError;

    fn from_str(text: &str) -> Result<Self, InstanceIdError> {
        let is_hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        match u128::from_str_radix(text, 16) {
            Ok(bits) if is_hex => Ok(Self(bits)),
            Ok(_) | Err(_) => Err(InstanceIdError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for InstanceId {
    type Error = InstanceIdError;

    fn try_from(text: String) -> Result<Self, InstanceIdError> {
        text.parse()
    }
}

impl From<InstanceId> for String {
    fn from(id: InstanceId) -> Self {
        id.to_string()
    }
}

/// The number of an instance's sign of life; it grows by one with each.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Beat(pub u64);

/// Where an instance is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Present, but not ready to be given shards.
    Joining,
    /// Ready for shards.
    Up,
    /// Giving its shards away; never a target.
    Draining,
    /// Gone, by its own word.
    Down,
}

impl Phase {
    /// Every phase, in the order an instance goes through them.
    pub const ALL: [Self; 4] = [Self::Joining, Self::Up, Self::Draining, Self::Down];

    /// The phase as operators and the store write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Joining => "joining",
            Self::Up => "up",
            Self::Draining => "draining",
            Self::Down => "down",
        }
    }
}

/// A line of defence: a higher number (a standby) runs nothing until the lower ones are dead or
/// full.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Tier(pub u8);

/// An instance's share relative to the others of its tier; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weight(pub std::num::NonZeroU16);

/// How many shards an instance takes at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Capacity(pub u32);

/// The version of Baton that an instance runs; newer ones are preferred when shards move anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    /// Changes that break.
    pub major: u32,
    /// Changes that add.
    pub minor: u32,
    /// Changes that mend.
    pub patch: u32,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a version; expected three numbers, as in 1.2.3")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let wrong = || VersionError(text.to_owned());
        let mut parts = text.split('.').map(str::parse::<u32>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch)), None) => {
                Ok(Self { major, minor, patch })
            }
            _ => Err(wrong()),
        }
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What an instance tells the others about itself with every beat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRecord {
    /// Where it is in its life.
    pub phase: Phase,
    /// Its line of defence.
    pub tier: Tier,
    /// Its failure domain.
    pub zone: Zone,
    /// Its share.
    pub weight: Weight,
    /// Its limit.
    pub capacity: Capacity,
    /// What it runs.
    pub version: Version,
    /// When it joined, by the store's clock. Only breaks ties: between equal versions the later
    /// start is the more recent deploy.
    pub joined_at: StoreMillis,
    /// Shards it holds whose task makes no progress. Past a limit they are free for others to
    /// claim, although the instance lives.
    pub stalled: BTreeSet<ShardKey>,
}

/// Whether somebody is subscribed to an instance's presence channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Presence {
    /// The instance itself, so its process lives.
    Subscribed,
    /// Nobody: it has died, or lost its connection.
    Absent,
}

/// One line of the membership list, as a poll shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Which instance.
    pub id: InstanceId,
    /// Its last sign of life.
    pub beat: Beat,
    /// What it said of itself with that.
    pub record: InstanceRecord,
    /// Whether it listens on its presence channel.
    pub presence: Presence,
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_id_is_32_digits_both_ways() {
        let id = InstanceId::new(0xb0);
        assert_eq!(id.to_string(), "000000000000000000000000000000b0");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in
            ["", "b0", "+00000000000000000000000000000b0", "g0000000000000000000000000000000"]
        {
            assert_eq!(bad.parse::<InstanceId>(), Err(InstanceIdError(bad.to_owned())));
        }
    }

    #[test]
    fn versions_are_ordered_by_number_not_by_text() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("0.10.0") > version("0.9.9"));
        assert_eq!(version("1.2.3").to_string(), "1.2.3");
        for bad in ["", "1", "1.2", "1.2.3.4", "1.2.x", "v1.2.3", "1.2.3-rc.1"] {
            assert!(bad.parse::<Version>().is_err(), "{bad:?}");
        }
    }
}
