//! Logs, metrics and traces: set up once for every binary.
//!
//! The one idea you need: a metric is an entry of the [`catalogue`]. Nothing else can be counted or
//! shown, so what a process shows, `docs/metrics.md` and the dashboards' queries cannot say
//! different things.

pub mod catalogue;

mod reference;

mod meters;
mod page;

mod traces;

#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "otlp")]
mod tracer;
#[cfg(not(feature = "otlp"))]
#[path = "tracer_off.rs"]
mod tracer;

mod logs;
mod start;

pub use tracing_subscriber::filter::LevelFilter;

pub use self::{
    logs::{Log, LogFormat},
    meters::{Counter, Histogram, Meters},
    page::{CONTENT_TYPE, Page, whole},
    reference::reference,
    start::{Telemetry, TelemetrySettings},
    tracer::Tracer,
    traces::{Attribute, Sampler, Span, SpanKind, SpanPlace},
};
