//! Every metric there is, once.
//!
//! Names go by Prometheus' rules: `baton_` first, base units, the unit last, and `_total` behind it
//! where something only grows. No series has both an event's name and a shard: there are 80 of the
//! one and up to 16,384 of the other. Users, guilds and sessions are no labels at all.

mod buckets;
mod label;

pub mod instance;

pub mod fleet;
pub mod identify;
pub mod moves;
pub mod shards;

pub mod append;
pub mod brokers;
pub mod commands;
pub mod lanes;

pub mod process;

pub mod archiver;
pub mod consumer;

pub use self::{buckets::Buckets, label::Label};

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, as Prometheus knows it.
    pub name: &'static str,
    /// How its values go on.
    pub kind: Kind,
    /// What its values are.
    pub unit: Unit,
    /// What tells its series apart.
    pub labels: &'static [Label],
    /// Who shows it.
    pub shown_by: ShownBy,
    /// What it says, in one line.
    pub help: &'static str,
}

/// How the values of a metric go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They only grow, until the process starts again.
    Counter,
    /// They come and go.
    Gauge,
    /// Many values each time, counted by their size.
    Histogram(Buckets),
}

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// A length of time, in seconds.
    Seconds,
    /// Seconds since 1970.
    UnixSeconds,
    /// Bytes.
    Bytes,
    /// 1 for yes, 0 for no.
    YesNo,
    /// A lease's number.
    Epoch,
}

/// Who shows a metric: what is true of the fleet or a lane, one instance says for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownBy {
    /// Every gateway instance, of itself.
    Gateway,
    /// Every gateway instance, of each of its shards, where there are not too many.
    GatewayPerShard,
    /// The gateway instance that plans, of the fleet.
    Planner,
    /// The gateway instance that holds a lane's first shard, of that lane.
    LaneKeeper,
    /// Every consumer of the SDK that serves HTTP.
    Consumer,
    /// The archiver.
    Archiver,
}

impl Kind {
    /// Its word in the format that Prometheus reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// Groups of metrics with what they are about, in the order in which they are read.
pub const GROUPS: [(&str, &[Metric]); 12] = [
    ("The instance", instance::ALL),
    ("The fleet", fleet::ALL),
    ("Shards", shards::ALL),
    ("Moves", moves::ALL),
    ("IDENTIFYs", identify::ALL),
    ("Appends", append::ALL),
    ("Lanes and their consumer groups", lanes::ALL),
    ("Commands", commands::ALL),
    ("`@discordjs/brokers`", brokers::ALL),
    ("The process", process::ALL),
    ("Consumers", consumer::ALL),
    ("The archiver", archiver::ALL),
];

/// Every metric.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    GROUPS.iter().flat_map(|(_, metrics)| metrics.iter())
}

/// Writes metrics as a table: a constant for each, and all of them together.
macro_rules! metrics {
    ($($shown_by:ident {$(
        $constant:ident: $kind:expr, $unit:ident, $name:literal [$($label:ident),*], $help:literal;
    )*})*) => {
        $($(
            #[doc = $help]
            pub const $constant: $crate::catalogue::Metric = $crate::catalogue::Metric {
                name: $name,
                kind: $kind,
                unit: $crate::catalogue::Unit::$unit,
                labels: &[$($crate::catalogue::Label::$label),*],
                shown_by: $crate::catalogue::ShownBy::$shown_by,
                help: $help,
            };
        )*)*
        /// All of them.
        pub const ALL: &[$crate::catalogue::Metric] = &[$($($constant),*),*];
    };
}
use metrics;
