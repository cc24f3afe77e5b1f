//! The one call of each binary.

use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;

use crate::{
    logs::{Log, LogFormat},
    tracer::Tracer,
};

/// How long a binary that ends waits for what it told last to be sent.
const END_LIMIT: Duration = Duration::from_secs(3);

/// How a binary tells what it does.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// What it is called where all of them are seen together.
    pub service: &'static str,
    /// Which one of them it is.
    pub instance: String,
    /// How a line of its log is written.
    pub format: LogFormat,
    /// What is logged: this and worse.
    pub level: LevelFilter,
    /// Where a collector takes traces by OTLP over HTTP; none if they are not sent.
    pub otlp_url: Option<String>,
}

/// What a binary tells with. To be ended when the binary ends.
#[derive(Debug)]
pub struct Telemetry {
    log: Log,
    tracer: Tracer,
}

impl Telemetry {
    /// Starts to tell. Traces that cannot be sent are no reason not to run: the log says so.
    #[must_use]
    pub fn start(settings: &TelemetrySettings) -> Self {
        let log = Log::start(settings.format, settings.level);
        let tracer = settings.otlp_url.as_deref().map_or_else(Tracer::default, |url| {
            Tracer::start(url, settings.service, &settings.instance).unwrap_or_else(|error| {
                tracing::error!(error = error.to_string(), "no traces are sent");
                Tracer::default()
            })
        });
        Self { log, tracer }
    }

    /// The log.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Where spans go.
    #[must_use]
    pub fn tracer(&self) -> Tracer {
        self.tracer.clone()
    }

    /// Sends what was told last, if that is possible within a few seconds.
    pub fn end(&self) {
        self.tracer.end(END_LIMIT);
    }
}
