//! How S3 is spoken to: over the HTTP client and the TLS that the rest of Baton has.

use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};
use object_store::{
    ClientOptions,
    client::{
        HttpClient, HttpConnector as Connector, HttpError, HttpErrorKind, HttpRequest,
        HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
    },
};

/// How long the head of an answer is waited for, with the whole object on its way before it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Makes the client.
#[derive(Debug)]
pub(crate) struct Https;

#[derive(Debug)]
struct Service(Client<HttpsConnector<HttpConnector>, HttpRequestBody>);

impl Connector for Https {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Ok(HttpClient::new(Service(Client::builder(TokioExecutor::new()).build(connector))))
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, self.0.request(request)).await;
        let late = |error| HttpError::new(HttpErrorKind::Timeout, error);
        let (head, body) = asked.map_err(late)?.map_err(failed)?.into_parts();
        let cut = |error| HttpError::new(HttpErrorKind::Interrupted, error);
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body.map_err(cut))))
    }
}

fn failed(error: Error) -> HttpError {
    let kind = if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted };
    HttpError::new(kind, error)
}
