//! How what is told gets to a collector: over HTTP, on a thread of its own.
//!
//! The thread has a runtime of its own, because it must outlive those that tell: what they say last
//! is sent when they have ended. And a collector that hangs must not be in the way of a shard.

use std::{mem, time::Duration};

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_sdk::Resource;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

/// How long one attempt to give something away may take.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest answer of a collector that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Why nothing can be told to a collector.
#[derive(Debug, Error)]
pub enum StartError {
    /// The system gives no thread.
    #[error("no runtime for telemetry: {0}")]
    Runtime(std::io::Error),
    /// What was configured makes no exporter.
    #[error("no exporter for telemetry: {0}")]
    Exporter(String),
}

/// Where a collector takes one of traces and logs.
pub(crate) fn endpoint(url: &str, what: &str) -> String {
    format!("{}/v1/{what}", url.trim_end_matches('/'))
}

/// Who tells it.
pub(crate) fn resource(service: &str, instance: &str) -> Resource {
    let which = KeyValue::new("service.instance.id", instance.to_owned());
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder_empty().with_service_name(service.to_owned());
    resource.with_attributes([which, version]).build()
}

/// Carries bytes to a collector.
#[derive(Debug)]
pub(crate) struct Courier {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// None once it has ended.
    runtime: Option<Runtime>,
}

impl Courier {
    pub(crate) fn start() -> Result<Self, StartError> {
        let mut builder = Builder::new_multi_thread();
        // What is logged because a log was sent would be sent, too, and so on.
        let silence = || mem::forget(Context::enter_telemetry_suppressed_scope());
        let builder = builder.worker_threads(1).thread_name("baton-telemetry").enable_all();
        let builder = builder.on_thread_start(silence);
        let runtime = builder.build().map_err(StartError::Runtime)?;
        let connector = HttpsConnectorBuilder::new().with_webpki_roots();
        let connector = connector.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, runtime: Some(runtime) })
    }
}

#[async_trait]
impl HttpClient for Courier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let Some(runtime) = &self.runtime else {
            return Err("it has ended".into());
        };
        let sending = self.client.request(request.map(Full::new));
        let sent = runtime.spawn(async move {
            let (parts, body) = sending.await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(parts, body))
        });
        sent.await?
    }
}

impl Drop for Courier {
    /// It may be dropped where one must not wait.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_its_own_threads_log_is_not_sent() {
        let courier = Courier::start().unwrap();
        let runtime = courier.runtime.as_ref().unwrap();
        let is_silent = || Context::is_current_telemetry_suppressed();
        let on_worker = runtime.block_on(runtime.spawn(async move { is_silent() }));
        let where_it_blocks = runtime.block_on(runtime.spawn_blocking(is_silent));
        assert!(on_worker.unwrap() && where_it_blocks.unwrap());
        assert!(!is_silent(), "other threads are heard");
    }
}
