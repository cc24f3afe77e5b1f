//! Logs, metrics and traces: set up once for every binary.
//!
//! The one idea you need: a metric is an entry of the [`catalogue`]. Nothing else can be counted or
//! shown, so what a process shows, `docs/metrics.md` and the dashboards' queries cannot say
//! different things.

pub mod catalogue;

mod reference;

#[cfg(feature = "meters")]
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

#[cfg(all(feature = "program", feature = "otlp-log"))]
mod log_sender;
#[cfg(all(feature = "program", not(feature = "otlp-log")))]
#[path = "log_sender_off.rs"]
mod log_sender;
#[cfg(feature = "program")]
mod logs;
#[cfg(feature = "program")]
mod start;

#[cfg(feature = "program")]
pub use tracing_subscriber::filter::LevelFilter;

#[cfg(feature = "meters")]
pub use self::meters::{Counter, Histogram, Meters};
#[cfg(feature = "program")]
pub use self::{
    logs::{Log, LogFormat},
    start::{Telemetry, TelemetrySettings},
};
pub use self::{
    page::{CONTENT_TYPE, Page, whole},
    reference::reference,
    tracer::{StartError, Tracer, in_trace},
    traces::{Attribute, Sampler, Span, SpanKind, SpanPlace},
};
