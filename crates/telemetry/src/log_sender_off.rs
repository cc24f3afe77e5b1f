//! Where lines of the log go besides in a binary that is built without a way to send them: nowhere.

use std::time::Duration;

use thiserror::Error;
use tracing_subscriber::layer::Identity;

/// Sends nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogSender(());

/// There is no way.
#[derive(Debug, Error)]
#[error("this baton is built without `otlp-log`")]
pub(crate) struct NotBuilt;

impl LogSender {
    pub(crate) const fn start(_: &str, _: &str, _: &str) -> Result<Self, NotBuilt> {
        Err(NotBuilt)
    }

    #[expect(clippy::unused_self, reason = "as where there is something to send")]
    pub(crate) const fn layer(&self) -> Option<Identity> {
        None
    }

    #[expect(clippy::unused_self, reason = "as where there is something to send")]
    pub(crate) const fn end(&self, _: Duration) {}
}
