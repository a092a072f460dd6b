//! Who may pass: every role and every fault of a token.

use base64::Engine as _;
use common::auth::Role;
use http::Method;
use serde_json::{Value, json};

use crate::fixture::{Fixture, foreign_token, token};

const ROLES: [Role; 4] = [Role::Viewer, Role::Approver, Role::Operator, Role::Admin];

async fn status(fixture: &Fixture, path: &str, token: Option<&str>) -> (u16, Value) {
    let mut request = fixture.request(Method::GET, path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn every_role_reaches_what_is_for_viewers_and_nobody_else_does() {
    let fixture = Fixture::start().await;
    for path in
        ["/api/v1/projects", "/api/v1/agent-runs", "/api/v1/pull-requests", "/api/v1/notifications", "/api/v1/auth/me"]
    {
        let (code, body) = status(&fixture, path, None).await;
        assert_eq!((code, body["code"].as_str()), (401, Some("not_signed_in")), "{path}");
        assert!(body["correlation_id"].as_str().is_some_and(|id| !id.is_empty()));
        for role in ROLES {
            assert_eq!(status(&fixture, path, Some(&token(role, |_| {}))).await.0, 200, "{path} as {role:?}");
        }
    }
    for path in ["/api/v1/auth/login", "/webhooks/github", "/a/some-token", "/", "/projects/1"] {
        assert_eq!(status(&fixture, path, None).await.0, 200, "{path} is public");
    }
}

#[tokio::test]
async fn every_fault_of_a_token_is_refused() {
    let fixture = Fixture::start().await;
    let now = common::clock::Clock::system().now().unix_timestamp();
    let good = token(Role::Admin, |_| {});
    let parts: Vec<&str> = good.split('.').collect();
    let encode = |value: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string());
    let faults = [
        ("expired", token(Role::Admin, |c| c["exp"] = json!(now - 100)), "expired_token"),
        ("not yet", token(Role::Admin, |c| c["nbf"] = json!(now + 100)), "invalid_token"),
        ("no expiry", token(Role::Admin, |c| drop(c.as_object_mut().unwrap().remove("exp"))), "invalid_token"),
        ("wrong audience", token(Role::Admin, |c| c["aud"] = json!("elsewhere")), "invalid_token"),
        ("wrong issuer", token(Role::Admin, |c| c["iss"] = json!("elsewhere")), "invalid_token"),
        ("wrong key", foreign_token(Role::Admin), "invalid_token"),
        ("unknown role", token(Role::Admin, |c| c["role"] = json!("king")), "invalid_token"),
        ("alg none", format!("{}.{}.", encode(json!({"alg": "none", "kid": "key-1"})), parts[1]), "invalid_token"),
        (
            "alg swapped",
            format!("{}.{}.{}", encode(json!({"alg": "HS256", "kid": "key-1"})), parts[1], parts[2]),
            "invalid_token",
        ),
        (
            "tampered",
            format!("{}.{}.{}", parts[0], encode(json!({"sub": "x", "role": "admin"})), parts[2]),
            "invalid_token",
        ),
        ("nonsense", "nonsense".to_owned(), "invalid_token"),
    ];
    for (fault, token, code) in faults {
        let (status, body) = status(&fixture, "/api/v1/projects", Some(&token)).await;
        assert_eq!((status, body["code"].as_str()), (401, Some(code)), "{fault}");
    }
    assert_eq!(fixture.log.lock().unwrap().len(), 0, "nothing of it reached a service");
}

#[tokio::test]
async fn an_ended_session_is_refused_at_once() {
    let fixture = Fixture::start().await;
    let token = token(Role::Viewer, |claims| claims["sid"] = json!("to-be-ended"));
    assert_eq!(status(&fixture, "/api/v1/projects", Some(&token)).await.0, 200);
    fixture.app.redis.publish("qp:auth:revoked", "to-be-ended").await;
    let begin = std::time::Instant::now();
    while status(&fixture, "/api/v1/projects", Some(&token)).await.0 != 401 {
        assert!(begin.elapsed().as_secs() < 5, "the session still counts");
        fixture.app.redis.publish("qp:auth:revoked", "to-be-ended").await; // the subscription may not have stood yet
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_cookie_needs_the_apps_own_header_for_changes() {
    let fixture = Fixture::start().await;
    let cookie = format!("qp_access={}", token(Role::Admin, |_| {}));
    let send = async |method: Method, own: bool| {
        let mut request = fixture.request(method, "/api/v1/projects").header("cookie", &cookie);
        if own {
            request = request.header("x-requested-with", "quantapilot");
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(Method::GET, false).await, 200);
    assert_eq!(send(Method::POST, false).await, 403);
    assert_eq!(send(Method::POST, true).await, 200);
}
