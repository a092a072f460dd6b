//! API keys: hashed, scoped, remembered for seconds, revoked at once.

use common::auth::IDENTITY_HEADER;
use common::ids::UserId;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::fixture::Fixture;

const KEY: &str = "qp_abcdefgh_0123456789012345678901234567890123456789012";

fn known(fixture: &Fixture, key: &str, scopes: &[&str], role: &str) -> Value {
    let known = json!({"key_id": UserId::new().to_string(), "user_id": UserId::new(), "email": "a@example.org", "role": role, "scopes": scopes, "expires_at": null});
    let hash = hex::encode(Sha256::digest(key.as_bytes()));
    fixture.dashboard.keys.lock().unwrap().insert(hash, known.clone());
    known
}

async fn status(fixture: &Fixture, method: Method, path: &str, key: &str) -> (u16, String) {
    let response = fixture.request(method, path).header("x-api-key", key).send().await.unwrap();
    let code = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    (code, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn scopes_open_areas_for_reading_or_writing() {
    let fixture = Fixture::start().await;
    known(&fixture, KEY, &["projects:read", "agents:write"], "operator");
    let ask = async |method: Method, path: &str| status(&fixture, method, path, KEY).await;
    assert_eq!(ask(Method::GET, "/api/v1/projects").await.0, 200);
    assert_eq!(ask(Method::POST, "/api/v1/projects").await, (403, "scope_required".to_owned()));
    assert_eq!(ask(Method::GET, "/api/v1/agent-runs").await.0, 200, "who may write may read");
    assert_eq!(ask(Method::POST, "/api/v1/agent-runs").await.0, 200);
    assert_eq!(ask(Method::GET, "/api/v1/notifications").await.1, "scope_required");
    assert_eq!(ask(Method::GET, "/api/v1/auth/me").await.1, "api_keys_not_accepted", "no scope opens this");
    let seen = fixture.last();
    let identity = common::testing::tokens("cursor-integration", &common::clock::Clock::system())
        .verify_identity(seen.headers[IDENTITY_HEADER].to_str().unwrap())
        .unwrap();
    assert_eq!(identity.role, common::auth::Role::Operator);
    assert!(!seen.headers.contains_key("x-api-key"), "the key itself stays here");
    assert_eq!(*fixture.dashboard.asked.lock().unwrap(), 1, "one question for six requests");
}

#[tokio::test]
async fn unknown_and_malformed_keys_are_refused_and_remembered() {
    let fixture = Fixture::start().await;
    for _ in 0..5 {
        assert_eq!(
            status(&fixture, Method::GET, "/api/v1/projects", "qp_unknown").await,
            (401, "invalid_api_key".to_owned())
        );
    }
    assert_eq!(*fixture.dashboard.asked.lock().unwrap(), 1);
    assert_eq!(fixture.count(), 0);
    let both = fixture
        .request(Method::GET, "/api/v1/projects")
        .header("x-api-key", KEY)
        .bearer_auth("x")
        .send()
        .await
        .unwrap();
    assert_eq!(both.status(), 400, "which one counts must not depend on who reads them");
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_a_changed_role_is_seen() {
    let fixture = Fixture::start().await;
    let first = known(&fixture, KEY, &["*"], "viewer");
    assert_eq!(status(&fixture, Method::GET, "/api/v1/projects", KEY).await.0, 200);
    // The owner's role changes: what was remembered counts no longer, and the next request asks again.
    let now = common::clock::Clock::system().now().unix_timestamp();
    fixture.app.revoked.add(&format!("user:{}:{}", first["user_id"].as_str().unwrap(), now + 1), now + 900);
    let second = known(&fixture, KEY, &["*"], "admin");
    assert_eq!(status(&fixture, Method::GET, "/api/v1/projects", KEY).await.1, "revoked_token");
    let begin = std::time::Instant::now();
    while status(&fixture, Method::GET, "/api/v1/projects", KEY).await.0 != 200 {
        assert!(begin.elapsed().as_secs() < 5, "asked again, it counts again");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    fixture.app.revoked.add(&format!("key:{}", second["key_id"].as_str().unwrap()), now + 900);
    assert_eq!(status(&fixture, Method::GET, "/api/v1/projects", KEY).await.1, "revoked_token");
}

#[tokio::test]
async fn an_expired_key_is_refused() {
    let fixture = Fixture::start().await;
    let mut entry = known(&fixture, KEY, &["*"], "viewer");
    entry["expires_at"] = json!("2020-01-01T00:00:00Z");
    fixture.dashboard.keys.lock().unwrap().insert(hex::encode(Sha256::digest(KEY.as_bytes())), entry);
    assert_eq!(status(&fixture, Method::GET, "/api/v1/projects", KEY).await.0, 401);
}
