//! What probes may ask: whether the archiver lives, whether it gets on, and its numbers.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use baton_telemetry::CONTENT_TYPE;
use tokio::net::TcpListener;

use crate::lane::Works;

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
    let page = works.progress.show().into_text();
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], page).into_response()
}
