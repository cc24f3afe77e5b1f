//! A consumer's HTTP face: what probes, scripts and people may ask, and nothing they may change.
//!
//! Every answer is made from what is known at that moment, and waits for nobody. It asks for no
//! password, so let it listen where only operators are.
//!
//! In an image without a shell the program asks itself: [`check`] is a health check as a whole.
//!
//! | path | answers |
//! |---|---|
//! | `/livez` | 200 while the process should be left to run, else 503 with the reason. The store is no part of it |
//! | `/readyz` | 200 while the consumer reads what it should, else 503 with the reasons, one a line |
//! | `/handlers/<name>` | 200 and `true` if the handler's last run was good or there was none yet, 500 and `false` if it failed, 404 if there is no such handler |
//! | `/handlers` | all of them, as JSON |
//! | `/metrics` | numbers, for Prometheus |

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
pub use baton_probe::{ProbeError, ask, check};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{
    Health,
    health::{CONTENT_TYPE, write},
};

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Answers for as long as it is polled.
///
/// ```no_run
/// # async fn example(consumer: baton_consumer::Consumer) -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:9091").await?;
/// tokio::spawn(baton_consumer::http::serve(listener, consumer.health()));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the listener fails for good.
pub async fn serve(listener: TcpListener, health: Health) -> std::io::Result<()> {
    axum::serve(listener, router(health)).await
}

fn router(health: Health) -> Router {
    // GET answers HEAD as well.
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/handlers", get(handlers))
        .route("/handlers/{name}", get(handler))
        .route("/metrics", get(metrics))
        .fallback(unknown)
        .with_state(health)
}

async fn livez(State(health): State<Health>) -> Response {
    verdict(health.ensure_live().map_err(|reason| vec![reason]))
}

async fn readyz(State(health): State<Health>) -> Response {
    verdict(health.ensure_ready())
}

async fn handler(State(health): State<Health>, Path(name): Path<String>) -> Response {
    let (status, body) = match health.handler(&name) {
        None => (StatusCode::NOT_FOUND, format!("there is no handler {name:?}\n")),
        Some(it) if it.is_well() => (StatusCode::OK, "true".to_owned()),
        Some(_) => (StatusCode::INTERNAL_SERVER_ERROR, "false".to_owned()),
    };
    (status, typed(TEXT), body).into_response()
}

async fn handlers(State(health): State<Health>) -> Response {
    #[derive(Serialize)]
    struct Shown {
        well: bool,
        handled: u64,
        failed: u64,
        running: u64,
        busy_seconds: f64,
        last_error: Option<String>,
    }
    let all = health.handlers().into_iter().map(|(name, it)| {
        let (well, busy_seconds) = (it.is_well(), it.busy.as_secs_f64());
        let (handled, failed, running) = (it.handled, it.failed, it.running);
        let last_error = it.last_error;
        (name, Shown { well, handled, failed, running, busy_seconds, last_error })
    });
    let all: BTreeMap<_, _> = all.collect();
    let mut body = serde_json::to_string_pretty(&all)
        .unwrap_or_else(|error| unreachable!("it is plain data: {error}"));
    body.push('\n');
    (typed(JSON), body).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    (typed(CONTENT_TYPE), write(&health)).into_response()
}

async fn unknown() -> Response {
    let body = "there is nothing here; what can be asked:\n\
                /livez\n/readyz\n/handlers\n/handlers/<name>\n/metrics\n";
    (StatusCode::NOT_FOUND, typed(TEXT), body).into_response()
}

fn verdict(verdict: Result<(), Vec<String>>) -> Response {
    match verdict {
        Ok(()) => (typed(TEXT), "ok\n").into_response(),
        Err(reasons) => {
            let lines: String = reasons.into_iter().map(|reason| reason + "\n").collect();
            (StatusCode::SERVICE_UNAVAILABLE, typed(TEXT), lines).into_response()
        }
    }
}

/// What is true now need not be in a moment.
fn typed(content_type: &'static str) -> [(HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")]
}
