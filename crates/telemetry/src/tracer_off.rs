//! Where spans go in a binary that is built without a way to send them: nowhere.

use std::time::Duration;

use thiserror::Error;

use crate::traces::{Span, SpanPlace};

/// Takes spans, and forgets them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tracer;

/// There is no way.
#[derive(Debug, Error)]
#[error("this baton is built without `otlp`")]
pub struct StartError;

impl Tracer {
    /// There is nothing to start.
    ///
    /// # Errors
    /// Always.
    pub const fn start(_: &str, _: &str, _: &str) -> Result<Self, StartError> {
        Err(StartError)
    }

    /// Whether spans go anywhere.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        false
    }

    /// Takes a span.
    #[expect(clippy::needless_pass_by_value, reason = "as where it is sent")]
    pub fn report(&self, _: Span) {}

    /// There is nothing to send.
    #[expect(clippy::unused_self, reason = "as where there is something to send")]
    pub const fn end(&self, _: Duration) {}
}

/// There is no collector to tell where it belongs.
pub fn in_trace<T>(_: Option<SpanPlace>, log: impl FnOnce() -> T) -> T {
    log()
}
