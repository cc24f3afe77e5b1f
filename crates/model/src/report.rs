//! A report: what an instance tells operators of itself.
//!
//! It is for people and decides nothing. Instances of several versions write reports and read each
//! other's, so what is written may grow: a reader ignores what it does not know, and words that it
//! does not know become `Unknown`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{AppName, Generation, Line, ShardNumber, ShardRanges, ShardState, UnixMicros};

/// What an instance tells operators of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceReport {
    /// When, by its own clock.
    pub at: UnixMicros,
    /// By what name operators know it: of its host, or of its allocation.
    pub name: Line,
    /// Its process, on its host.
    pub pid: u32,
    /// How well it is.
    pub health: HealthLevel,
    /// What is wrong with it, the worst first.
    pub reasons: Vec<Line>,
    /// Memory that it takes up; none where the system does not say.
    pub resident_bytes: Option<u64>,
    /// What its ring holds.
    pub ring_bytes: u64,
    /// What its ring may hold.
    pub ring_bytes_max: u64,
    /// How many dispatches it has received since its start.
    pub dispatches: u64,
    /// What it says of each app.
    pub apps: BTreeMap<AppName, AppReport>,
}

/// What an instance says of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppReport {
    /// How the app stands.
    #[serde(flatten)]
    pub condition: AppCondition,
    /// From where the instance knows it.
    #[serde(default)]
    pub source: AppSource,
    /// By how much the stream of its slowest shard is behind the socket.
    pub lag_ms_worst: u64,
    /// How many of its shards wait for the gate of IDENTIFYs.
    pub identify_waiting: u32,
    /// What its shards are about, by generation.
    pub shards: BTreeMap<Generation, ShardStates>,
}

/// From where an instance knows an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppSource {
    /// From its own configuration.
    #[default]
    File,
    /// From the store, where an operator has put it.
    Store,
    /// A newer Baton has a word for it.
    #[serde(other)]
    Unknown,
}

/// How well an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthLevel {
    /// Nothing is wrong.
    Healthy,
    /// It does its work, and takes more; something needs a look.
    Degraded,
    /// It cannot do all of its work, or take more. A restart would not help.
    Unhealthy,
    /// It has ended or hangs: only a new process helps.
    Fatal,
    /// A newer Baton has a word for it.
    #[serde(other)]
    Unknown,
}

impl HealthLevel {
    /// The level as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Fatal => "fatal",
            Self::Unknown => "unknown",
        }
    }
}

/// How an app stands at an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "condition", rename_all = "snake_case")]
pub enum AppCondition {
    /// It is not known yet how it is to run.
    Starting {
        /// What is being waited for.
        because: Line,
    },
    /// It runs.
    Running,
    /// Discord rejects it: the circuit is open.
    Rejected {
        /// With which close code.
        code: u16,
        /// What an operator can do.
        remedy: Line,
    },
    /// A newer Baton has a word for it.
    #[serde(other)]
    Unknown,
}

/// What the shards of an app are about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShardStates {
    /// The shards in each state; none is empty.
    pub known: BTreeMap<ShardState, ShardRanges>,
    /// Shards in states for which a newer Baton has words.
    pub unknown: ShardRanges,
}

impl FromIterator<(ShardState, ShardNumber)> for ShardStates {
    fn from_iter<I: IntoIterator<Item = (ShardState, ShardNumber)>>(shards: I) -> Self {
        let mut numbers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (state, shard) in shards {
            numbers.entry(state).or_default().push(shard);
        }
        let known =
            numbers.into_iter().map(|(state, shards)| (state, shards.into_iter().collect()));
        Self { known: known.collect(), unknown: ShardRanges::NONE }
    }
}

/// Under which word shards in unknown states stand; no state is called so.
const UNKNOWN: &str = "unknown";

impl Serialize for ShardStates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.known.iter().map(|(state, shards)| (state.as_str(), shards));
        let unknown = Some((UNKNOWN, &self.unknown)).filter(|(_, shards)| !shards.is_empty());
        serializer.collect_map(known.chain(unknown))
    }
}

impl<'de> Deserialize<'de> for ShardStates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut states = Self::default();
        for (word, shards) in BTreeMap::<String, ShardRanges>::deserialize(deserializer)? {
            match word.parse() {
                Ok(state) => states.known.entry(state).or_default().insert_all(&shards),
                Err(_) => states.unknown.insert_all(&shards),
            }
        }
        Ok(states)
    }
}
