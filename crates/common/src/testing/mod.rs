//! Fixtures for the tests of the services.

pub mod bait;
mod recorded;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sqlx::PgPool;
use tower::ServiceExt as _;

use crate::auth::{IDENTITY_HEADER, Identity, Role, ServiceTokens};
use crate::clock::Clock;
use crate::config::Secret;
use crate::ids::{ProjectId, UserId};
use crate::steps::fence;

pub use recorded::Recorded;

/// The secret of all test tokens.
pub const SERVICE_SECRET: &str = "a-secret-for-tests-only-0123456789abcdef";

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: http::HeaderMap,
    /// The body as JSON, or a JSON string of it, or null when empty.
    pub body: Value,
}

/// Tokens as `service` would make and check them.
pub fn tokens(service: &'static str, clock: &Clock) -> ServiceTokens {
    crate::http::client::install_crypto();
    ServiceTokens::new(service, &Secret::new(SERVICE_SECRET), clock.clone())
}

/// `Authorization` of `issuer` for `audience`.
pub fn bearer(issuer: &'static str, audience: &str, clock: &Clock) -> (String, String) {
    ("authorization".to_owned(), tokens(issuer, clock).bearer_for(audience))
}

/// The header that says who is signed in.
pub fn signed_in(user_id: UserId, role: Role, audience: &str, clock: &Clock) -> (String, String) {
    let identity = Identity {
        user_id,
        role,
        email: format!("{}@example.org", role.as_str()),
        session_id: "test-session".to_owned(),
    };
    (IDENTITY_HEADER.to_owned(), tokens("api-gateway", clock).identity_for(audience, &identity))
}

/// The headers of a step.
pub fn step_headers(project_id: ProjectId, step: &str, iteration: i32, epoch: i64) -> Vec<(String, String)> {
    vec![
        ("idempotency-key".to_owned(), format!("{project_id}/{step}/{iteration}")),
        ("x-qp-epoch".to_owned(), epoch.to_string()),
    ]
}

/// Lets steps of a project pass at `epoch`.
pub async fn project_fence(pool: &PgPool, project_id: ProjectId, epoch: i64) {
    let mut conn = pool.acquire().await.expect("the test database answers");
    fence::set_status(&mut conn, project_id, "building", false, Clock::system().now())
        .await
        .expect("the fence can be set");
    for _ in 0..epoch {
        fence::next_epoch(&mut conn, project_id, Clock::system().now()).await.expect("the epoch can be raised");
    }
}

/// Sends a request through a router and reads the answer.
pub async fn send(
    router: &Router,
    method: Method,
    path: &str,
    headers: &[(String, String)],
    body: Option<Value>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    send_raw(router, request.expect("the test's request is well-formed")).await
}

/// Sends any request through a router and reads the answer.
pub async fn send_raw(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("a router does not fail");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let body = match serde_json::from_slice(&bytes) {
        Ok(body) => body,
        Err(_) if bytes.is_empty() => Value::Null,
        Err(_) => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
    };
    Answer { status: parts.status, headers: parts.headers, body }
}
