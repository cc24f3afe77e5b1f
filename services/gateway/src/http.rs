//! An instance's HTTP face: what probes, scripts and people may ask, and nothing they may change.
//!
//! Every answer is made from one look, which waits for nobody: neither Valkey nor Discord nor the
//! instance itself can keep it from answering. It is to run on the supervisor's runtime, so that a
//! shards' runtime that hangs is told of, and to listen where only operators are: it asks for no
//! password.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    Router,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use baton_telemetry::CONTENT_TYPE;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{
    exposition,
    health::{Health, Verdict},
    observer::Observer,
    page::Page,
    status::Status,
};

/// Where it listens, unless something else is chosen.
pub const ADDRESS_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9_090);

/// What can be asked, with what it is for.
pub const PATHS: [(&str, &str); 5] = [
    ("/livez", "should the process be left to run? 200, or 503 with reasons"),
    ("/readyz", "can it be given shards? 200, or 503 with reasons"),
    ("/metrics", "numbers, for Prometheus"),
    ("/status", "everything that is known, as JSON"),
    ("/version", "what runs, as JSON"),
];

/// The page is not always there.
const PAGE: &str = "/  the fleet, live, for people, where http.page is on\n";

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers for as long as it is polled.
///
/// # Errors
/// If the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    observer: Observer,
    page: Option<Page>,
) -> std::io::Result<()> {
    let router = router(observer);
    let router = match page {
        Some(page) => router.merge(page.routes()),
        None => router,
    };
    axum::serve(listener, router).await
}

fn router(observer: Observer) -> Router {
    // GET answers HEAD as well.
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .route("/version", get(version))
        .fallback(unknown)
        .with_state(observer)
}

async fn livez(State(observer): State<Observer>) -> Response {
    answer(Health::of(&observer.look()).livez())
}

async fn readyz(State(observer): State<Observer>) -> Response {
    let seen = observer.look();
    answer(Health::of(&seen).readyz(seen.phase))
}

async fn metrics(State(observer): State<Observer>) -> Response {
    (typed(CONTENT_TYPE), exposition::write(&observer)).into_response()
}

async fn status(State(observer): State<Observer>) -> Response {
    json(&Status::of(observer.identity(), &observer.look()))
}

async fn version() -> Response {
    #[derive(Serialize)]
    struct Version {
        name: &'static str,
        version: &'static str,
    }
    json(&Version { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") })
}

async fn unknown() -> Response {
    let paths = PATHS.map(|(path, what)| format!("{path}  {what}\n"));
    let paths = paths.concat();
    let body = format!("there is nothing here; what can be asked:\n{paths}{PAGE}");
    (StatusCode::NOT_FOUND, typed(TEXT), body).into_response()
}

fn answer(verdict: Verdict) -> Response {
    match verdict {
        Verdict::Pass => (typed(TEXT), "ok\n").into_response(),
        Verdict::Fail(reasons) => {
            let lines: String = reasons.into_iter().map(|reason| reason + "\n").collect();
            (StatusCode::SERVICE_UNAVAILABLE, typed(TEXT), lines).into_response()
        }
    }
}

fn json(value: &impl Serialize) -> Response {
    let mut body = serde_json::to_string_pretty(value).expect("it is JSON");
    body.push('\n');
    (typed(JSON), body).into_response()
}

/// What is true now need not be in a moment.
fn typed(content_type: &'static str) -> [(HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")]
}
