//! How the instance tells what it does.

use super::{
    kind::Kind,
    mistake::Fault,
    reader::{Section, Setting},
    setting::{PlainUrl, number, word, wrong},
    value::Value,
};
use crate::instruments::{Instruments, PerShard};

/// The section `[telemetry]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// Whether anything is counted.
    pub metrics: CountMetrics,
    /// Whether each shard has series of its own.
    pub per_shard: PerShard,
    /// Where a collector is; none if no traces are sent.
    pub otlp_url: Option<String>,
    /// Where a collector takes the log; none if it is not sent.
    pub otlp_logs_url: Option<String>,
    /// One event in so many is traced; none if 0.
    pub trace_one_in: u64,
}

/// Whether anything is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountMetrics {
    /// As a rule.
    On,
    /// What is looked at is shown all the same.
    Off,
}

const METRICS: [(&str, CountMetrics); 2] = [("on", CountMetrics::On), ("off", CountMetrics::Off)];

const PER_SHARD: [(&str, PerShard); 3] =
    [("auto", PerShard::Auto), ("on", PerShard::On), ("off", PerShard::Off)];

impl TelemetryConfig {
    /// Reads the section.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Self> {
        let metrics = section.required("telemetry.metrics");
        let per_shard = section.required("telemetry.per_shard");
        let otlp_url = section.optional::<PlainUrl>("telemetry.otlp_url");
        let otlp_logs_url = section.optional::<PlainUrl>("telemetry.otlp_logs_url");
        let trace_one_in = section.required::<Rate>("telemetry.trace_one_in");
        Some(Self {
            metrics: metrics?,
            per_shard: per_shard?,
            otlp_url: otlp_url?.map(|url| url.0),
            otlp_logs_url: otlp_logs_url?.map(|url| url.0),
            trace_one_in: trace_one_in?.0,
        })
    }

    /// What an instance counts and tells with. Its traces go nowhere yet.
    pub(super) fn instruments(&self) -> Instruments {
        let mut instruments = match self.metrics {
            CountMetrics::On => Instruments::default(),
            CountMetrics::Off => Instruments::off(),
        };
        instruments.per_shard = self.per_shard;
        instruments.trace_one_in = self.trace_one_in;
        instruments
    }
}

/// One in so many.
struct Rate(u64);

impl Setting for Rate {
    fn read(value: &Value, kind: Kind) -> Result<Self, Vec<Fault>> {
        let count = number(value, kind)?;
        u64::try_from(count).map(Self).map_err(|_| wrong())
    }
}

impl Setting for CountMetrics {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        word(value, &METRICS)
    }
}

impl Setting for PerShard {
    fn read(value: &Value, _: Kind) -> Result<Self, Vec<Fault>> {
        word(value, &PER_SHARD)
    }
}
