//! Values that are read when somebody asks, in the text format that Prometheus reads.
//!
//! What is true only now is written here and not kept as a gauge: a gauge that nobody sets any more
//! goes on saying what was true once.

use std::fmt::Write;

use crate::catalogue::Metric;

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is shown.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// Shows the one value of a metric without labels.
    pub fn one(&mut self, metric: &Metric, value: f64) {
        self.series(metric, [([""; 0], value)]);
    }

    /// Shows all series of a metric: for each the values of its labels, in their order. A metric
    /// without series is not shown.
    pub fn series<const N: usize, L: AsRef<str>>(
        &mut self,
        metric: &Metric,
        series: impl IntoIterator<Item = ([L; N], f64)>,
    ) {
        let mut is_first = true;
        for (labels, value) in series {
            if std::mem::take(&mut is_first) {
                self.head(metric);
            }
            self.sample(metric, &labels, value);
        }
    }

    /// Shows what stands in the same format already.
    pub fn append(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// All of it.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    fn head(&mut self, metric: &Metric) {
        let Metric { name, kind, help, .. } = metric;
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {}", kind.as_str()));
    }

    fn sample(&mut self, metric: &Metric, values: &[impl AsRef<str>], value: f64) {
        let (name, labels) = (metric.name, metric.labels);
        assert!(labels.len() == values.len(), "{name} has the labels {labels:?}");
        if labels.is_empty() {
            return self.line(format_args!("{name} {value}"));
        }
        let values = values.iter().map(|value| escaped(value.as_ref()));
        let pairs = labels.iter().zip(values);
        let pairs: Vec<_> =
            pairs.map(|(label, value)| format!("{}=\"{value}\"", label.as_str())).collect();
        self.line(format_args!("{name}{{{}}} {value}", pairs.join(",")));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").unwrap_or_else(|_| unreachable!("a string takes it"));
    }
}

/// Names of consumer groups are whatever somebody thought of.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

/// The format knows no other numbers; 53 bits are exact, and more bytes than that nobody has.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the format has only floating-point numbers")]
pub const fn whole(count: u64) -> f64 {
    count as f64
}
