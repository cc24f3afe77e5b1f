//! Logs, metrics and traces: set up once for every binary.
//!
//! The one idea you need: a metric is an entry of the [`catalogue`]. Nothing else can be counted or
//! shown, so what a process shows, `docs/metrics.md` and the dashboards' queries cannot say
//! different things.

pub mod catalogue;

mod reference;

pub use self::reference::reference;
