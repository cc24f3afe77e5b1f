//! The one call of each binary.

use std::{thread, time::Duration};

use tracing_subscriber::filter::LevelFilter;

use crate::{
    log_sender::LogSender,
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
    /// Where one takes the log; none if it is not sent.
    pub otlp_logs_url: Option<String>,
}

/// What a binary tells with. To be ended when the binary ends.
#[derive(Debug)]
pub struct Telemetry {
    log: Log,
    tracer: Tracer,
    sender: LogSender,
}

impl TelemetrySettings {
    /// How an instance of a service tells what it does unless somebody says otherwise: by its log.
    #[must_use]
    pub fn of(service: &'static str, instance: &str) -> Self {
        Self {
            service,
            instance: instance.to_owned(),
            format: LogFormat::default(),
            level: LevelFilter::INFO,
            otlp_url: None,
            otlp_logs_url: None,
        }
    }
}

impl Telemetry {
    /// Starts to tell. That something cannot be sent is no reason not to run: the log says so.
    #[must_use]
    pub fn start(settings: &TelemetrySettings) -> Self {
        let TelemetrySettings { service, instance, format, level, .. } = settings;
        let sender = settings.otlp_logs_url.as_deref().map_or_else(
            || Ok(LogSender::default()),
            |url| LogSender::start(url, service, instance),
        );
        let log = Log::start(*format, *level, sender.as_ref().ok());
        let sender = sender.unwrap_or_else(|error| {
            tracing::error!(error = error.to_string(), "the log is not sent");
            LogSender::default()
        });
        let tracer = settings.otlp_url.as_deref().map_or_else(Tracer::default, |url| {
            Tracer::start(url, service, instance).unwrap_or_else(|error| {
                tracing::error!(error = error.to_string(), "no traces are sent");
                Tracer::default()
            })
        });
        Self { log, tracer, sender }
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
        // At the same time, so that a collector that hangs takes this time once.
        thread::scope(|scope| {
            scope.spawn(|| self.sender.end(END_LIMIT));
            self.tracer.end(END_LIMIT);
        });
    }
}
