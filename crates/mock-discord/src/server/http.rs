//! The two HTTP faces: what Discord's REST API answers, and the admin API.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::Response as HttpResponse,
};
use tokio::net::TcpListener;

use super::actor::{Ask, Desk, Response};

/// The longest body of a request.
const BODY_BYTES_MAX: usize = 1_024 * 1_024;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Rest,
    Admin,
}

/// Answers requests until it is aborted.
pub(super) async fn serve(listener: TcpListener, face: Face, desk: Desk) {
    let router = Router::new().fallback(answer).with_state((face, desk));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%error, "an HTTP face has ended");
    }
}

async fn answer(State((face, desk)): State<(Face, Desk)>, request: Request) -> HttpResponse {
    let method = request.method().to_string();
    let ask = match face {
        Face::Rest => {
            let header = request.headers().get(header::AUTHORIZATION);
            let authorization = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
            Ask::Rest { method, path: request.uri().path().to_owned(), authorization }
        }
        Face::Admin => {
            let uri = request.uri();
            let path = uri.path_and_query().map_or(uri.path(), |both| both.as_str()).to_owned();
            match body_of(request).await {
                Some(body) => Ask::Admin { method, path, body },
                None => return to_http(unreadable()),
            }
        }
    };
    match desk.ask(ask).await {
        Some(response) => to_http(response),
        None => failure(StatusCode::SERVICE_UNAVAILABLE),
    }
}

async fn body_of(request: Request) -> Option<String> {
    let bytes = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX).await.ok()?;
    String::from_utf8(bytes.into()).ok()
}

fn unreadable() -> Response {
    let error = format!("not a text; expected UTF-8 of at most {BODY_BYTES_MAX} bytes");
    let body = serde_json::json!({"error": error}).to_string();
    Response { status: 400, retry_after_s: None, body }
}

fn to_http(response: Response) -> HttpResponse {
    let mut builder = HttpResponse::builder()
        .status(response.status)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(seconds) = response.retry_after_s {
        builder = builder.header(header::RETRY_AFTER, seconds);
    }
    builder.body(Body::from(response.body)).unwrap_or_else(|_| {
        // Only a status that is none can be at fault.
        failure(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

fn failure(status: StatusCode) -> HttpResponse {
    let mut response = HttpResponse::new(Body::empty());
    *response.status_mut() = status;
    response
}
