//! What passes, and how.

use std::time::{Duration, Instant};

use common::auth::{IDENTITY_HEADER, Role};
use common::clock::Clock;
use futures::StreamExt as _;
use http::Method;
use serde_json::Value;

use crate::fixture::{Fixture, token};

#[tokio::test]
async fn a_service_learns_who_is_there_from_us_alone() {
    let fixture = Fixture::start().await;
    let response = fixture
        .request(Method::GET, "/api/v1/projects?x=1")
        .bearer_auth(token(Role::Operator, |_| {}))
        .header(IDENTITY_HEADER, "forged")
        .header("x-forwarded-for", "6.6.6.6")
        .header("x-request-id", "my-request")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-request-id"], "my-request");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(response.headers().contains_key("content-security-policy"));
    assert!(response.headers().contains_key("ratelimit"));
    assert!(!response.headers().contains_key("x-hop"), "hop-by-hop headers of the answer end here");
    let seen = fixture.last();
    assert_eq!(seen.path, "/api/v1/projects?x=1");
    assert!(!seen.headers.contains_key("authorization"));
    assert_eq!(seen.headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(seen.headers["x-request-id"], "my-request");
    let identity = common::testing::tokens("dashboard-backend", &Clock::system())
        .verify_identity(seen.headers[IDENTITY_HEADER].to_str().unwrap())
        .unwrap();
    assert_eq!(identity.role, Role::Operator);
}

#[tokio::test]
async fn a_forged_identity_does_not_pass_a_public_route() {
    let fixture = Fixture::start().await;
    fixture
        .request(Method::POST, "/webhooks/github")
        .header(IDENTITY_HEADER, "forged")
        .body(&b"\x00\xffraw"[..])
        .send()
        .await
        .unwrap();
    let seen = fixture.last();
    assert!(!seen.headers.contains_key(IDENTITY_HEADER));
    assert_eq!(&seen.body[..], b"\x00\xffraw", "raw bytes pass untouched");
}

#[tokio::test]
async fn inner_doors_are_not_routed() {
    let fixture = Fixture::start().await;
    for path in ["/internal/v1/projects", "/metrics/", "/api/v1/%2e%2e/x", "//internal/v1/x"] {
        let response = fixture.request(Method::GET, path).bearer_auth(token(Role::Admin, |_| {})).send().await.unwrap();
        let reached = response.status() == 200
            && fixture.log.lock().unwrap().iter().any(|seen| seen.path.starts_with("/internal"));
        assert!(!reached, "{path}");
    }
}

#[tokio::test]
async fn events_arrive_while_the_stream_is_open() {
    let fixture = Fixture::start().await;
    let begin = Instant::now();
    let response = fixture
        .request(Method::GET, "/api/v1/events/stream")
        .bearer_auth(token(Role::Viewer, |_| {}))
        .send()
        .await
        .unwrap();
    let mut body = response.bytes_stream();
    let first = body.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"id: 0"));
    assert!(begin.elapsed() < Duration::from_millis(900), "the first event was held back");
    assert!(body.next().await.unwrap().unwrap().starts_with(b"id: 1"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_declared_or_not() {
    let fixture = Fixture::start().await;
    let bearer = token(Role::Admin, |_| {});
    let declared = fixture
        .request(Method::POST, "/api/v1/echo")
        .bearer_auth(&bearer)
        .body(vec![b'x'; 3 << 20])
        .send()
        .await
        .unwrap();
    assert_eq!(declared.status(), 413);
    let chunks = futures::stream::iter((0..48).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1 << 16])));
    let streamed = fixture
        .request(Method::POST, "/api/v1/echo")
        .bearer_auth(&bearer)
        .body(reqwest::Body::wrap_stream(chunks))
        .send()
        .await
        .unwrap();
    assert_eq!(streamed.status(), 413);
    let small = fixture.request(Method::POST, "/api/v1/echo").bearer_auth(&bearer).body("hello").send().await.unwrap();
    assert_eq!(small.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn who_comes_too_often_is_told_when_to_come_again() {
    let fixture = Fixture::start().await;
    let bearer = token(Role::Viewer, |_| {});
    let mut refused = None;
    for _ in 0..260 {
        let response = fixture.request(Method::GET, "/api/v1/projects").bearer_auth(&bearer).send().await.unwrap();
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("the burst of 200 is over");
    assert!(refused.headers().contains_key("retry-after"));
    let other = token(Role::Viewer, |_| {});
    assert_eq!(
        fixture.request(Method::GET, "/api/v1/projects").bearer_auth(other).send().await.unwrap().status(),
        200,
        "another person is not affected"
    );
}

#[tokio::test]
async fn failures_of_a_service_are_its_own_answers() {
    let fixture = Fixture::start().await;
    let response =
        fixture.request(Method::GET, "/api/v1/broken").bearer_auth(token(Role::Viewer, |_| {})).send().await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.text().await.unwrap(), "upstream says no");
    let health: Value = fixture.request(Method::GET, "/health").send().await.unwrap().json().await.unwrap();
    assert!(health["services"].get("dashboard-backend").is_some());
}
