//! What probes may ask: whether the archiver lives, whether it gets on, and its numbers.

use std::{fmt::Write, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use crate::lane::Works;

const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers for as long as it is polled.
///
/// # Errors
/// If the listener fails for good.
pub async fn serve(listener: TcpListener, works: Arc<Works>) -> std::io::Result<()> {
    let router = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(works);
    axum::serve(listener, router).await
}

async fn readyz(State(works): State<Arc<Works>>) -> Response {
    let troubles = works.progress.troubles();
    if troubles.is_empty() {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, troubles.join("\n") + "\n").into_response()
}

async fn metrics(State(works): State<Arc<Works>>) -> Response {
    let mut page = String::new();
    for (name, kind, help, value) in works.progress.numbers() {
        let name = format!("baton_archiver_{name}");
        let series = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        page.write_str(&series).expect("a string takes what is written");
    }
    ([(header::CONTENT_TYPE, METRICS)], page).into_response()
}
