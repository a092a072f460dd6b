//! Who may pass: every role and every fault of a token.

use api_gateway::table::Access;
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
    assert_eq!(fixture.count(), 0, "nothing of it reached a service");
}

/// Every route of the built-in file, each role and each fault, answered as documented: 401 without good credentials, 403 below the role,
/// and public routes whatever the token.
#[tokio::test]
async fn every_route_with_every_role_and_every_fault() {
    let fixture = Fixture::with(|name| (name == "API_GATEWAY_ROUTES").then(generous_routes)).await;
    let now = common::clock::Clock::system().now().unix_timestamp();
    let revoked = token(Role::Admin, |claims| claims["sid"] = json!("revoked-in-the-matrix"));
    fixture.app.revoked.add("revoked-in-the-matrix", i64::MAX);
    let faults: Vec<(&str, String)> = vec![
        ("expired", token(Role::Admin, |c| c["exp"] = json!(now - 100))),
        ("not yet", token(Role::Admin, |c| c["nbf"] = json!(now + 100))),
        ("wrong audience", token(Role::Admin, |c| c["aud"] = json!("elsewhere"))),
        ("wrong key", foreign_token(Role::Admin)),
        ("alg none", unsigned(r#"{"alg":"none","kid":"key-1"}"#)),
        ("alg swap", unsigned(r#"{"alg":"HS256","kid":"key-1"}"#)),
        ("revoked", revoked),
        ("tampered", tampered()),
    ];
    let live = fixture.app.live.load_full();
    let mut checked = 0;
    for route in live.table.routes() {
        let path = sample(&route.name);
        let expect = |role: Option<Role>| match (route.access, role) {
            (Access::Role(_) | Access::Service, None) | (Access::Service, Some(_)) => 401,
            (Access::Role(least), Some(role)) if role < least => 403,
            (Access::Public { .. }, _) | (Access::Role(_), Some(_)) => 200,
        };
        assert_eq!(status(&fixture, &path, None).await.0, expect(None), "{path} without a token");
        for role in ROLES {
            let (got, _) = status(&fixture, &path, Some(&token(role, |_| {}))).await;
            assert_eq!(got, expect(Some(role)), "{path} as {role:?}");
            checked += 1;
        }
        for (fault, token) in &faults {
            let (got, body) = status(&fixture, &path, Some(token)).await;
            assert_eq!(got, expect(None), "{path}, {fault}");
            assert_eq!(got == 401, body["code"].is_string(), "{path}, {fault}: {body}");
            checked += 1;
        }
    }
    assert!(checked > 200, "{checked} combinations");
}

/// The built-in routes, each with a method that the stand-in answers, and one route for each role and for services.
fn generous_routes() -> String {
    let mut text =
        include_str!("../../routes.toml").replace("per_minute = 20, burst = 10", "per_minute = 60000, burst = 10000");
    for auth in ["approver", "operator", "admin", "service"] {
        use std::fmt::Write as _;
        write!(text, "\n[[route]]\nname = 'only-{auth}'\nprefix = '/only/{auth}'\nupstream = 'notification'\nauth = '{auth}'\nlimit = 'api'\n").unwrap();
    }
    let file = std::env::temp_dir().join(format!("qp-routes-{}.toml", common::ids::UserId::new()));
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// A path of a route that the stand-in answers with 200.
fn sample(route: &str) -> String {
    match route {
        "auth" => "/api/v1/auth/login",
        "auth-keys" => "/api/v1/auth/jwks.json",
        "auth-me" => "/api/v1/auth/me",
        "events-stream" => "/api/v1/events/stream",
        "api" => "/api/v1/anything",
        "approval-links" => "/a/x",
        "webhook-github" => "/webhooks/github",
        "webhook-telegram" => "/webhooks/telegram",
        "webhook-cursor" => "/webhooks/cursor",
        "assets" => "/assets/x.js",
        "app" => "/",
        only if only.starts_with("only-") => return format!("/only/{}", &only[5..]),
        other => return format!("/api/v1/{other}"),
    }
    .to_owned()
}

fn encoded(text: &str) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn unsigned(header: &str) -> String {
    format!("{}.{}.", encoded(header), encoded(&crate::fixture::claims(Role::Admin).to_string()))
}

fn tampered() -> String {
    let good = token(Role::Viewer, |_| {});
    let parts: Vec<&str> = good.split('.').collect();
    format!("{}.{}.{}", parts[0], encoded(&crate::fixture::claims(Role::Admin).to_string()), parts[2])
}

#[tokio::test]
async fn an_ended_session_is_refused_at_once() {
    let fixture = Fixture::start().await;
    let session = format!("to-be-ended-{}", common::ids::UserId::new());
    let token = token(Role::Viewer, |claims| claims["sid"] = json!(session));
    assert_eq!(status(&fixture, "/api/v1/projects", Some(&token)).await.0, 200);
    let begin = std::time::Instant::now();
    while status(&fixture, "/api/v1/projects", Some(&token)).await.0 != 401 {
        assert!(begin.elapsed().as_secs() < 5, "the session still counts");
        fixture.app.redis.publish("qp:auth:revoked", &session).await; // the subscription may not have stood yet
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

#[tokio::test]
async fn a_person_whose_role_changed_must_sign_in_again() {
    let fixture = Fixture::start().await;
    let now = common::clock::Clock::system().now().unix_timestamp();
    let user = common::ids::UserId::new();
    let issued = |at: i64| {
        token(Role::Admin, |claims| {
            claims["sub"] = json!(user);
            claims["iat"] = json!(at);
        })
    };
    let (before, after) = (issued(now - 60), issued(now));
    assert_eq!(status(&fixture, "/api/v1/projects", Some(&before)).await.0, 200);
    fixture.app.revoked.add(&format!("user:{user}:{}", now - 10), now + 900);
    let (code, body) = status(&fixture, "/api/v1/projects", Some(&before)).await;
    assert_eq!((code, body["code"].as_str()), (401, Some("revoked_token")), "although it is remembered as verified");
    assert_eq!(status(&fixture, "/api/v1/projects", Some(&after)).await.0, 200);
}

/// Without Redis nobody stays signed in who should not.
#[tokio::test]
async fn revocations_come_from_dashboard_backend_when_redis_is_away() {
    let fixture = Fixture::with(|name| (name == "REDIS_URL").then(|| "redis://127.0.0.1:1".to_owned())).await;
    let session = format!("ended-{}", common::ids::UserId::new());
    let token = token(Role::Viewer, |claims| claims["sid"] = json!(session));
    assert_eq!(status(&fixture, "/api/v1/projects", Some(&token)).await.0, 200);
    fixture.dashboard.revoked.lock().unwrap().push(json!({"subject": session, "until": i64::MAX}));
    let begin = std::time::Instant::now();
    while status(&fixture, "/api/v1/projects", Some(&token)).await.0 != 401 {
        assert!(begin.elapsed().as_secs() < 10, "the session still counts");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn keys_rotate_without_a_refused_token() {
    let fixture = Fixture::start().await;
    let old = crate::fixture::token_of_key("key-1", Role::Viewer);
    let new = crate::fixture::token_of_key("key-2", Role::Viewer);
    assert_eq!(status(&fixture, "/api/v1/projects", Some(&old)).await.0, 200);
    *fixture.dashboard.jwks.lock().unwrap() =
        Some(json!({"keys": [crate::fixture::jwk("key-1"), crate::fixture::jwk("key-2")]}));
    assert_eq!(
        status(&fixture, "/api/v1/projects", Some(&new)).await.0,
        200,
        "an unknown key makes the gateway look for it"
    );
    assert_eq!(status(&fixture, "/api/v1/projects", Some(&old)).await.0, 200, "the old one still counts");
    *fixture.dashboard.jwks.lock().unwrap() = Some(json!({"keys": [crate::fixture::jwk("key-2")]}));
    let (code, _) =
        status(&fixture, "/api/v1/projects", Some(&crate::fixture::token_of_key("key-9", Role::Viewer))).await;
    assert_eq!(code, 401, "there is no such key");
    assert_eq!(
        status(&fixture, "/api/v1/projects", Some(&old)).await.0,
        401,
        "gone from the set, gone from the memory"
    );
    assert_eq!(status(&fixture, "/api/v1/projects", Some(&new)).await.0, 200);
}
