//! How what is told gets to a collector: over HTTP, on a thread of its own.
//!
//! The thread has a runtime of its own, because it must outlive those that tell: what they say last
//! is sent when they have ended. And a collector that hangs must not be in the way of a shard.

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

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
        let builder = builder.worker_threads(1).thread_name("baton-telemetry").enable_all();
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
