//! What is counted: handles that are made once and kept, and what they have come to.
//!
//! Each instance has its own: several of them share a process in `baton up` and in tests, and what
//! one of them shows must not be the others'. Looking a metric up by its labels costs ten times
//! what counting costs, so nothing here counts by name.

use std::{fmt, sync::Arc};

use metrics::{Key, KeyName, Label as KeyLabel, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

pub use metrics::{Counter, Histogram};

use crate::catalogue::{Kind, Label, Metric, all};

const METADATA: Metadata<'static> = Metadata::new("baton", Level::INFO, None);

/// Makes handles. Clones make handles on the same values.
#[derive(Clone)]
pub struct Meters(Option<Arc<Kept>>);

struct Kept {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Meters {
    /// Counts.
    ///
    /// # Panics
    /// Never: the catalogue's buckets have bounds.
    #[must_use]
    pub fn new() -> Self {
        let mut builder = PrometheusBuilder::new();
        for metric in all() {
            if let Kind::Histogram(buckets) = metric.kind {
                let name = Matcher::Full(metric.name.to_owned());
                builder = builder
                    .set_buckets_for_metric(name, buckets.bounds())
                    .expect("every choice of buckets has bounds");
            }
        }
        let recorder = builder.build_recorder();
        for metric in all() {
            let (name, help) = (KeyName::from_const_str(metric.name), metric.help.into());
            match metric.kind {
                Kind::Counter => recorder.describe_counter(name, None, help),
                Kind::Histogram(_) => recorder.describe_histogram(name, None, help),
                Kind::Gauge => {}
            }
        }
        let handle = recorder.handle();
        Self(Some(Arc::new(Kept { recorder, handle })))
    }

    /// Counts nothing: what its handles are told is forgotten.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// A handle that counts up.
    pub fn counter(&self, metric: &'static Metric, labels: &[(Label, &str)]) -> Counter {
        assert!(metric.kind == Kind::Counter, "{} is no counter", metric.name);
        let key = key(metric, labels);
        let register = |kept: &Arc<Kept>| kept.recorder.register_counter(&key, &METADATA);
        self.0.as_ref().map_or_else(Counter::noop, register)
    }

    /// A handle that sorts values by their size.
    pub fn histogram(&self, metric: &'static Metric, labels: &[(Label, &str)]) -> Histogram {
        assert!(matches!(metric.kind, Kind::Histogram(_)), "{} is no histogram", metric.name);
        let key = key(metric, labels);
        let register = |kept: &Arc<Kept>| kept.recorder.register_histogram(&key, &METADATA);
        self.0.as_ref().map_or_else(Histogram::noop, register)
    }

    /// What all handles were told so far, in the format that Prometheus reads.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.as_ref().map(|kept| kept.handle.render()).unwrap_or_default()
    }

    /// Sorts what histograms were told. To be called every few seconds: until then each value is
    /// kept by itself.
    pub fn upkeep(&self) {
        if let Some(kept) = &self.0 {
            kept.handle.run_upkeep();
        }
    }
}

impl Default for Meters {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Meters").field(&self.0.is_some()).finish()
    }
}

/// A series that the catalogue does not know would be shown under a name that nobody looks for.
fn key(metric: &'static Metric, labels: &[(Label, &str)]) -> Key {
    let given: Vec<_> = labels.iter().map(|(label, _)| *label).collect();
    assert!(given == metric.labels, "{} has the labels {:?}", metric.name, metric.labels);
    let label = |(label, value): &(Label, &str)| KeyLabel::new(label.as_str(), value.to_string());
    let labels = labels.iter().map(label);
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}
