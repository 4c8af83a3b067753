//! The HTTP side: a POST of JSON to any path, as a validator takes it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::node::Node;
use crate::rpc;

/// The longest request, in bytes, as in Agave.
const MAX_BODY: usize = 50 * 1024;

/// The service on the RPC port.
pub fn router(node: Arc<Node>) -> Router {
    Router::new().fallback(handle).with_state(node)
}

async fn handle(State(node): State<Arc<Node>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match (head.method, head.uri.path()) {
        (Method::GET, "/health") => health(&node),
        (Method::POST, _) if !is_json(&head.headers) => {
            let hint = "Supplied content type is not allowed. Content-Type: application/json is required\n";
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, hint).into_response()
        }
        (Method::POST, _) => post(node, body).await,
        _ => (StatusCode::METHOD_NOT_ALLOWED, "Used HTTP Method is not allowed. POST is required\n").into_response(),
    }
}

async fn post(node: Arc<Node>, body: Body) -> Response {
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        let message = format!("Request body is longer than {MAX_BODY} bytes, or was cut off\n");
        return (StatusCode::PAYLOAD_TOO_LARGE, message).into_response();
    };
    // executing a transaction takes milliseconds
    let answer = tokio::task::block_in_place(|| rpc::answer(&node, &body));
    let text = answer.map(|answer| answer.to_string()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

fn health(node: &Node) -> Response {
    let healthy = rpc::call(node, "getHealth", None).is_ok();
    (if healthy { "ok" } else { "behind" }).into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
