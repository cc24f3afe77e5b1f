//! Where lines of the log go besides: to a collector, or nowhere.

use std::time::Duration;

use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{LogExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use tracing_subscriber::{Layer, Registry, filter::Targets, layer::Layered, reload};

use crate::otlp::{Courier, SEND_TIMEOUT, StartError, endpoint, resource};

/// What is below: only what the log shows gets here.
type Filtered = Layered<reload::Layer<Targets, Registry>, Registry>;

/// Sends what is logged. What it cannot get rid of in time it drops: nobody waits for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogSender(Option<SdkLoggerProvider>);

impl LogSender {
    /// Sends to a collector that takes OTLP over HTTP there.
    pub(crate) fn start(url: &str, service: &str, instance: &str) -> Result<Self, StartError> {
        let exporter = LogExporter::builder()
            .with_http()
            .with_http_client(Courier::start()?)
            .with_endpoint(endpoint(url, "logs"))
            .with_timeout(SEND_TIMEOUT)
            .build()
            .map_err(|error| StartError::Exporter(error.to_string()))?;
        let provider = SdkLoggerProvider::builder()
            .with_resource(resource(service, instance))
            .with_batch_exporter(exporter)
            .build();
        Ok(Self(Some(provider)))
    }

    /// What takes lines, if they go anywhere.
    pub(crate) fn layer(&self) -> Option<impl Layer<Filtered> + Send + Sync + use<>> {
        self.0.as_ref().map(OpenTelemetryTracingBridge::new)
    }

    /// Sends what is left, if that is possible within this time.
    pub(crate) fn end(&self, limit: Duration) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown_with_timeout(limit)
        {
            tracing::warn!(error = error.to_string(), "the last lines of the log may not be sent");
        }
    }
}
