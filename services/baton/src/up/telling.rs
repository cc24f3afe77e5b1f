//! What happens in this process is told to a collector, where the usual variable names one.
//!
//! Traces and the log go there. The log goes nowhere else: who sits at the terminal is told in the
//! words of `up`.

use baton_gateway::config::{Config, Mistakes};
use baton_telemetry::{LogFormat, Telemetry, TelemetrySettings, Tracer};

/// Where everybody who speaks OTLP looks for a collector.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Where a gateway looks for it.
const OF_GATEWAYS: &str = "BATON_TELEMETRY__OTLP_URL";

/// Tells for as long as it lives; what was told last is sent when it ends.
pub(super) struct Telling(Option<Telemetry>);

/// The variable as a gateway would have it.
pub(super) fn variable() -> Option<(String, String)> {
    let url = std::env::var(ENDPOINT).ok().filter(|url| !url.is_empty())?;
    Some((OF_GATEWAYS.to_owned(), url))
}

/// What is wrong, under the name that the operator has used.
pub(super) fn named(mistakes: &Mistakes) -> String {
    mistakes.to_string().replace(OF_GATEWAYS, ENDPOINT)
}

impl Telling {
    pub(super) fn start(app: &str, config: &Config) -> Self {
        let url = config.telemetry.otlp_url.clone();
        Self(url.map(|url| {
            Telemetry::start(&TelemetrySettings {
                format: LogFormat::Unwritten,
                otlp_url: Some(url.clone()),
                otlp_logs_url: Some(url),
                ..TelemetrySettings::of("baton-up", app)
            })
        }))
    }

    pub(super) fn tracer(&self) -> Tracer {
        self.0.as_ref().map_or_else(Tracer::default, Telemetry::tracer)
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        if let Some(telemetry) = &self.0 {
            telemetry.end();
        }
    }
}
