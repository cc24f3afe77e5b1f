//! The one thing that an instance asks of Discord's REST API: how an app is to connect.

use std::{num::NonZeroU16, time::Duration};

use baton_model::ShardCount;
use baton_store::SessionStartLimit;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use thiserror::Error;

/// Where Discord's API is.
pub const DISCORD_API: &str = "https://discord.com/api/v10";

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How long to stay away where Discord does not say.
const RETRY_AFTER: Duration = Duration::from_secs(30);

const USER_AGENT: &str = concat!("DiscordBot (baton, ", env!("CARGO_PKG_VERSION"), ")");

/// What Discord says of an app's gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayBot {
    /// Where to connect.
    pub url: String,
    /// Into how many shards Discord would cut it.
    pub shards: ShardCount,
    /// How many shards may identify at the same time.
    pub buckets: NonZeroU16,
    /// How many sessions may be started.
    pub limit: SessionStartLimit,
}

/// Why Discord did not say.
#[derive(Debug, Error)]
pub enum RestError {
    /// The token is not valid.
    #[error("discord rejects the token; put a valid one into its source")]
    Unauthorized,
    /// Too many requests, ours or others' from the same address.
    #[error("discord asks to stay away for {} s", .0.as_secs())]
    RateLimited(Duration),
    /// Anything else that may be better later.
    #[error("discord's api does not answer: {0}")]
    Unavailable(String),
    /// The token cannot stand in a header.
    #[error("the token has characters that no token has; look at its source")]
    Token,
}

/// Asks Discord.
#[derive(Clone)]
pub struct Rest {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    api: String,
}

#[derive(Deserialize)]
struct Answer {
    url: String,
    shards: std::num::NonZeroU32,
    session_start_limit: Limit,
}

#[derive(Deserialize)]
struct Limit {
    total: u32,
    remaining: u32,
    reset_after: u64,
    max_concurrency: NonZeroU16,
}

impl Rest {
    /// Prepares to ask the API at this address.
    #[must_use]
    pub fn new(api: &str) -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, api: api.trim_end_matches('/').to_owned() }
    }

    /// How the app of this token is to connect.
    ///
    /// # Errors
    /// See [`RestError`]. The token stands in none of them.
    pub async fn gateway_bot(&self, token: &str) -> Result<GatewayBot, RestError> {
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.ask(token)).await;
        answer.unwrap_or_else(|_| Err(RestError::Unavailable("no answer in time".to_owned())))
    }

    async fn ask(&self, token: &str) -> Result<GatewayBot, RestError> {
        let uri: Uri = format!("{}/gateway/bot", self.api)
            .parse()
            .map_err(|error| RestError::Unavailable(format!("{error} in the api's url")))?;
        let token = token.strip_prefix("Bot ").unwrap_or(token);
        let mut authorization =
            header::HeaderValue::try_from(format!("Bot {token}")).map_err(|_| RestError::Token)?;
        authorization.set_sensitive(true);
        let request = Request::get(uri)
            .header(header::AUTHORIZATION, authorization)
            .header(header::USER_AGENT, USER_AGENT)
            .body(Empty::new())
            .map_err(|error| RestError::Unavailable(error.to_string()))?;
        let unavailable = |error: &dyn std::error::Error| RestError::Unavailable(chain(error));
        let response = self.client.request(request).await.map_err(|error| unavailable(&error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => return Err(RestError::Unauthorized),
            StatusCode::TOO_MANY_REQUESTS => {
                return Err(RestError::RateLimited(retry_after(response.headers())));
            }
            status => return Err(RestError::Unavailable(format!("status {status}"))),
        }
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| RestError::Unavailable(error.to_string()))?.to_bytes();
        let answer: Answer = serde_json::from_slice(&body).map_err(|error| unavailable(&error))?;
        Ok(answer.into())
    }
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rest({})", self.api)
    }
}

impl From<Answer> for GatewayBot {
    fn from(answer: Answer) -> Self {
        let limit = answer.session_start_limit;
        Self {
            url: answer.url,
            shards: ShardCount(answer.shards),
            buckets: limit.max_concurrency,
            limit: SessionStartLimit {
                total: limit.total,
                remaining: limit.remaining,
                reset_after: Duration::from_millis(limit.reset_after),
            },
        }
    }
}

fn retry_after(headers: &header::HeaderMap) -> Duration {
    let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = seconds.and_then(|value| value.trim().parse::<f64>().ok());
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    seconds.map_or(RETRY_AFTER, |seconds| Duration::from_secs_f64(seconds.min(86_400.0)))
}

/// An error with all its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
