//! Set-up, sign-in, sessions, accounts.

use common::auth::Role;
use common::testing::{Answer, send};
use dashboard_backend::identity::setup;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::TestApp;

const PASSWORD: &str = "correct horse battery";

fn first() -> Value {
    json!({"email": "Ann@Example.org", "display_name": "Ann", "password": PASSWORD})
}

/// The value of a cookie that the answer sets.
fn cookie(answer: &Answer, name: &str) -> String {
    let set = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let line = set.into_iter().find(|line| line.starts_with(&format!("{name}="))).unwrap();
    assert!(line.contains("HttpOnly") && line.contains("SameSite=Strict") && line.contains("Secure"), "{line}");
    line[name.len() + 1..].split(';').next().unwrap().to_owned()
}

async fn set_up(app: &TestApp) -> Answer {
    let answer = app.anyone(Method::POST, "/api/v1/setup", &[], Some(first())).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
    answer
}

async fn login(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anyone(Method::POST, "/api/v1/auth/login", &[], Some(json!({"email": email, "password": password}))).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anyone(Method::POST, "/api/v1/auth/refresh", &[("cookie".to_owned(), format!("qp_refresh={token}"))], None)
        .await
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_first_account_needs_the_link_and_is_made_once(db: PgPool) {
    let app = TestApp::start(db).await;
    let state = app.anyone(Method::GET, "/api/v1/setup", &[], None).await;
    assert_eq!(
        (state.body["needed"].as_bool(), state.body["token_required"].as_bool(), &state.body["sandboxed"]),
        (Some(true), Some(true), &json!([]))
    );
    setup::announce(&app.app).await.map_err(common::Error::into_anyhow).unwrap();
    for token in [json!(null), json!("guess")] {
        let mut body = first();
        body["token"] = token;
        let refused = app.anyone(Method::POST, "/api/v1/setup", &[], Some(body)).await;
        assert_eq!(
            (refused.status, refused.body["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("setup_token_required"))
        );
    }
    let kept: Value = sqlx::query_scalar("SELECT value FROM settings WHERE key = 'setup_token'")
        .fetch_one(&app.app.db)
        .await
        .unwrap();
    let mut body = first();
    body["token"] = kept;
    let made = app.anyone(Method::POST, "/api/v1/setup", &[], Some(body.clone())).await;
    assert_eq!(
        (made.status, made.body["user"]["role"].as_str()),
        (StatusCode::CREATED, Some("admin")),
        "{:?}",
        made.body
    );
    let again = app.anyone(Method::POST, "/api/v1/setup", &[], Some(body)).await;
    assert_eq!((again.status, again.body["code"].as_str()), (StatusCode::CONFLICT, Some("already_set_up")));
    assert_eq!(app.anyone(Method::GET, "/api/v1/setup", &[], None).await.body["needed"], false);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn of_two_first_accounts_one_is_made(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let second = json!({"email": "eve@example.org", "display_name": "Eve", "password": PASSWORD});
    let (one, other) = tokio::join!(
        app.anyone(Method::POST, "/api/v1/setup", &[], Some(first())),
        app.anyone(Method::POST, "/api/v1/setup", &[], Some(second)),
    );
    let statuses = [one.status, other.status];
    assert!(statuses.contains(&StatusCode::CREATED) && statuses.contains(&StatusCode::CONFLICT), "{statuses:?}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn signing_in_gives_a_token_that_the_published_key_verifies(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    set_up(&app).await;
    let session = login(&app, " ANN@example.org ", PASSWORD).await;
    assert_eq!(session.status, StatusCode::OK, "{:?}", session.body);
    let token = session.body["access_token"].as_str().unwrap();
    assert_eq!(cookie(&session, "qp_access"), token);
    let keys = app.anyone(Method::GET, "/api/v1/auth/jwks.json", &[], None).await;
    let key = jsonwebtoken::DecodingKey::from_ed_components(keys.body["keys"][0]["x"].as_str().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_issuer(&["quantapilot"]);
    validation.set_audience(&["quantapilot"]);
    validation.validate_exp = false; // the test's clock stands still in March
    let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    assert_eq!(decoded.header.kid.as_deref(), keys.body["keys"][0]["kid"].as_str());
    assert_eq!(decoded.claims["email"], "ann@example.org");
    assert_eq!(decoded.claims["exp"].as_i64().unwrap() - decoded.claims["iat"].as_i64().unwrap(), 900);
    // Another instance reads the same key.
    let twin = TestApp::start(app.app.db.clone()).await;
    assert_eq!(twin.anyone(Method::GET, "/api/v1/auth/jwks.json", &[], None).await.body, keys.body);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_rotated_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_over(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    set_up(&app).await;
    let kids = async || -> Vec<String> {
        let keys = app.anyone(Method::GET, "/api/v1/auth/jwks.json", &[], None).await.body;
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let signed_by = async || {
        let session = login(&app, "ann@example.org", PASSWORD).await;
        jsonwebtoken::decode_header(session.body["access_token"].as_str().unwrap()).unwrap().kid.unwrap()
    };
    let rotate =
        async |body: Value| app.service("cli", Method::POST, "/internal/v1/signing-keys/rotate", Some(body)).await;
    let old = signed_by().await;
    let refused = app.service("notification", Method::POST, "/internal/v1/signing-keys/rotate", Some(json!({}))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(rotate(json!({"publish_seconds": -1})).await.status, StatusCode::BAD_REQUEST);

    let rotated = rotate(json!({"publish_seconds": 60})).await;
    assert_eq!(rotated.status, StatusCode::OK, "{:?}", rotated.body);
    let new = rotated.body["kid"].as_str().unwrap().to_owned();
    assert_eq!(kids().await, [old.clone(), new.clone()]);
    assert_eq!(signed_by().await, old, "verifiers may not have read the new one yet");
    app.advance(61);
    assert_eq!(signed_by().await, new);
    assert_eq!(kids().await, [old.clone(), new.clone()], "tokens of the old one are still about");
    app.advance(900 + 66);
    assert_eq!(kids().await, [new.as_str()], "its last token has expired");
    let twin = TestApp::start(app.app.db.clone()).await;
    twin.advance(61 + 900 + 66);
    let read = twin.anyone(Method::GET, "/api/v1/auth/jwks.json", &[], None).await.body;
    assert_eq!(read["keys"].as_array().unwrap().len(), 1, "another instance reads the same");

    // A key that others know: gone at once.
    let dropped = rotate(json!({"drop_old": true})).await;
    assert_eq!(dropped.body["old_until"], Value::Null);
    assert_eq!(kids().await, [dropped.body["kid"].as_str().unwrap()]);
    assert_eq!(signed_by().await, dropped.body["kid"].as_str().unwrap());
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE kind = 'signing_key.rotated'")
        .fetch_one(&app.app.db)
        .await
        .unwrap();
    assert_eq!(told, 2, "the audit trail says so");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_given_key_is_rotated_in_its_file(db: PgPool) {
    let pem = |seed: u8| {
        use base64::Engine as _;
        let mut der = hex::decode("302e020100300506032b657004220420").unwrap();
        der.extend_from_slice(&[seed; 32]);
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::prelude::BASE64_STANDARD.encode(der)
        )
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem(1)).unwrap();
    let app = TestApp::start_with(db, &[("JWT_SIGNING_KEY_FILE", file.path().to_str().unwrap())]).await;
    let keys = async || app.anyone(Method::GET, "/api/v1/auth/jwks.json", &[], None).await.body["keys"].clone();
    let before = keys().await;
    std::fs::write(file.path(), format!("{}{}", pem(2), pem(1))).unwrap();
    let after = keys().await;
    assert_eq!(after.as_array().unwrap().len(), 2);
    assert_eq!(after[0], before[0], "what the old one signed can still be verified");
    let refused = app.service("cli", Method::POST, "/internal/v1/signing-keys/rotate", Some(json!({}))).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (StatusCode::CONFLICT, Some("signing_key_given")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn guessing_locks_the_address_known_or_not(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    set_up(&app).await;
    for email in ["ann@example.org", "nobody@example.org"] {
        for _ in 0..5 {
            let wrong = login(&app, email, "wrong horse battery").await;
            assert_eq!(
                (wrong.status, wrong.body["code"].as_str()),
                (StatusCode::UNAUTHORIZED, Some("wrong_credentials"))
            );
        }
        let locked = login(&app, email, PASSWORD).await;
        assert_eq!(
            (locked.status, locked.body["code"].as_str()),
            (StatusCode::TOO_MANY_REQUESTS, Some("too_many_attempts")),
            "{email}"
        );
        assert!(locked.headers.contains_key("retry-after"));
    }
    app.advance(61);
    assert_eq!(login(&app, "ann@example.org", PASSWORD).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_stolen_refresh_token_ends_the_session(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let old = cookie(&set_up(&app).await, "qp_refresh");
    let fresh = refresh(&app, &old).await;
    assert_eq!(fresh.status, StatusCode::OK, "{:?}", fresh.body);
    let new = cookie(&fresh, "qp_refresh");
    assert_ne!(new, old);
    let raced = refresh(&app, &old).await;
    assert_eq!(
        (raced.status, raced.body["code"].as_str()),
        (StatusCode::CONFLICT, Some("refresh_raced")),
        "two tabs at once are no theft"
    );
    app.advance(60);
    let stolen = refresh(&app, &old).await;
    assert_eq!((stolen.status, stolen.body["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("session_ended")));
    assert_eq!(refresh(&app, &new).await.status, StatusCode::UNAUTHORIZED, "the thief's successor is ended too");
    let session: String =
        sqlx::query_scalar("SELECT id::text FROM user_sessions WHERE revoked_reason = 'refresh_token_reused'")
            .fetch_one(&app.app.db)
            .await
            .unwrap();
    app.run_jobs().await;
    let mut redis = app.app.redis.connection();
    let until: Option<f64> = redis::AsyncCommands::zscore(&mut redis, "qp:auth:revocations", &session).await.unwrap();
    assert!(until.is_some(), "the gateway is told");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn signing_out_ends_the_session(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let token = cookie(&set_up(&app).await, "qp_refresh");
    let out = app
        .anyone(Method::POST, "/api/v1/auth/logout", &[("cookie".to_owned(), format!("qp_refresh={token}"))], None)
        .await;
    assert_eq!(
        (out.status, cookie(&out, "qp_refresh").as_str(), cookie(&out, "qp_access").as_str()),
        (StatusCode::NO_CONTENT, "", "")
    );
    assert_eq!(refresh(&app, &token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        app.anyone(Method::POST, "/api/v1/auth/logout", &[], None).await.status,
        StatusCode::NO_CONTENT,
        "twice does no harm"
    );
    assert_eq!(refresh(&app, "nonsense").await.status, StatusCode::UNAUTHORIZED);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn admins_manage_accounts_and_one_remains(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let admin = set_up(&app).await.body["user"]["id"].as_str().unwrap().parse().unwrap();
    let call = |method: Method, path: String, body: Value| {
        let app = &app;
        async move { app.person(admin, Role::Admin, method, &path, Some(body)).await }
    };
    let bob = json!({"email": "bob@example.org", "display_name": "Bob", "role": "approver", "password": PASSWORD});
    let made = call(Method::POST, "/api/v1/users".to_owned(), bob.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    assert!(made.body.get("password_hash").is_none());
    assert_eq!(call(Method::POST, "/api/v1/users".to_owned(), bob).await.body["code"], "email_taken");
    let token = cookie(&login(&app, "bob@example.org", PASSWORD).await, "qp_refresh");
    let bob_path = format!("/api/v1/users/{}", made.body["id"].as_str().unwrap());
    let disabled = call(Method::PATCH, bob_path, json!({"disabled": true})).await;
    assert_eq!(disabled.body["disabled"], true);
    assert_eq!(refresh(&app, &token).await.status, StatusCode::UNAUTHORIZED, "disabling ends sessions");
    assert_eq!(login(&app, "bob@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    for change in [json!({"role": "viewer"}), json!({"disabled": true})] {
        let refused = call(Method::PATCH, format!("/api/v1/users/{admin}"), change).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (StatusCode::CONFLICT, Some("last_admin")));
    }
    let unknown = call(Method::PATCH, format!("/api/v1/users/{}", uuid::Uuid::now_v7()), json!({})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_new_password_needs_the_old_one(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let admin = set_up(&app).await.body["user"]["id"].as_str().unwrap().parse().unwrap();
    let change = |current: &'static str, new: &'static str| {
        let app = &app;
        async move {
            app.person(
                admin,
                Role::Admin,
                Method::POST,
                "/api/v1/users/me/password",
                Some(json!({"current": current, "new": new})),
            )
            .await
        }
    };
    assert_eq!(change("wrong", "another long password").await.body["code"], "wrong_password");
    assert_eq!(change(PASSWORD, "short").await.body["code"], "weak_password");
    assert_eq!(change(PASSWORD, "another long password").await.status, StatusCode::NO_CONTENT);
    assert_eq!(login(&app, "ann@example.org", PASSWORD).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&app, "ann@example.org", "another long password").await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn who_is_signed_in_comes_from_the_gateway_alone(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let session = set_up(&app).await;
    let admin = session.body["user"]["id"].as_str().unwrap().parse().unwrap();
    let me = app.person(admin, Role::Admin, Method::GET, "/api/v1/auth/me", None).await;
    assert_eq!(me.body["email"], "ann@example.org");
    // An access token is for the gateway; the service itself does not take it.
    let bearer = ("authorization".to_owned(), format!("Bearer {}", session.body["access_token"].as_str().unwrap()));
    assert_eq!(
        send(&app.router, Method::GET, "/api/v1/auth/me", &[bearer], None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_command_line_manages_accounts_and_nobody_else_does(db: PgPool) {
    let app = TestApp::start(db).await;
    let ann = json!({"email": "ann@example.org", "display_name": "Ann", "role": "admin", "password": PASSWORD});
    let refused = app.service("notification", Method::POST, "/internal/v1/users", Some(ann.clone())).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (StatusCode::FORBIDDEN, Some("not_the_command_line")));
    let made = app.service("cli", Method::POST, "/internal/v1/users", Some(ann.clone())).await;
    assert_eq!((made.status, made.body["role"].as_str()), (StatusCode::CREATED, Some("admin")), "{:?}", made.body);
    assert_eq!(app.service("cli", Method::POST, "/internal/v1/users", Some(ann)).await.body["code"], "email_taken");
    // notification tells admins and operators of alerts, so it may know who they are; nobody else needs to.
    let known = app.service("notification", Method::GET, "/internal/v1/users", None).await;
    assert_eq!((known.status, known.body["users"][0]["email"].as_str()), (StatusCode::OK, Some("ann@example.org")));
    let refused = app.service("n8n", Method::GET, "/internal/v1/users", None).await;
    assert_eq!(refused.body["code"], "not_the_command_line");
    let path = format!("/internal/v1/users/{}", made.body["id"].as_str().unwrap());
    let role = app.service("cli", Method::POST, &format!("{path}/role"), Some(json!({"role": "viewer"}))).await;
    assert_eq!(role.body["code"], "last_admin");
    let token = cookie(&login(&app, "ann@example.org", PASSWORD).await, "qp_refresh");
    let body = json!({"password": "another long password"});
    assert_eq!(app.service("cli", Method::POST, &format!("{path}/password"), Some(body)).await.status, StatusCode::OK);
    assert_eq!(refresh(&app, &token).await.status, StatusCode::UNAUTHORIZED, "a new password ends sessions");
    assert_eq!(login(&app, "ann@example.org", "another long password").await.status, StatusCode::OK);
    let list = app.service("cli", Method::GET, "/internal/v1/users", None).await;
    assert_eq!(list.body["users"][0]["email"], "ann@example.org");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn signing_out_everywhere_ends_every_session(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let here = set_up(&app).await;
    let admin = here.body["user"]["id"].as_str().unwrap().parse().unwrap();
    let there = login(&app, "ann@example.org", PASSWORD).await;
    let out = app.person(admin, Role::Admin, Method::DELETE, "/api/v1/users/me/sessions", None).await;
    assert_eq!((out.status, cookie(&out, "qp_refresh").as_str()), (StatusCode::NO_CONTENT, ""));
    for session in [here, there] {
        assert_eq!(refresh(&app, &cookie(&session, "qp_refresh")).await.status, StatusCode::UNAUTHORIZED);
    }
    let told: Vec<String> = sqlx::query_scalar("SELECT subject FROM auth_revocations ORDER BY subject DESC")
        .fetch_all(&app.app.db)
        .await
        .unwrap();
    assert_eq!(told.len(), 3, "both sessions, and everything of before: {told:?}");
    assert_eq!(told[0], format!("user:{admin}:{}", app.clock.now().unix_timestamp()));
    assert_eq!(login(&app, "ann@example.org", PASSWORD).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_sign_in_during_a_change_of_role_never_leaves_a_token_of_the_old_one(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let admin = set_up(&app).await.body["user"]["id"].as_str().unwrap().parse().unwrap();
    let bob = json!({"email": "bob@example.org", "display_name": "Bob", "role": "viewer", "password": PASSWORD});
    let made = app.person(admin, Role::Admin, Method::POST, "/api/v1/users", Some(bob)).await;
    let path = format!("/api/v1/users/{}", made.body["id"].as_str().unwrap());
    for role in ["operator", "viewer", "operator", "viewer", "operator", "viewer"] {
        let change = app.person(admin, Role::Admin, Method::PATCH, &path, Some(json!({"role": role})));
        let (session, changed) = tokio::join!(login(&app, "bob@example.org", PASSWORD), change);
        assert_eq!((session.status, changed.status), (StatusCode::OK, StatusCode::OK), "{:?}", session.body);
        let ended = refresh(&app, &cookie(&session, "qp_refresh")).await.status == StatusCode::UNAUTHORIZED;
        assert!(ended || session.body["user"]["role"] == role, "a live session says {:?}", session.body["user"]);
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_rarely_changes_may_be_kept_and_is_purged_when_it_does(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let state = app.anyone(Method::GET, "/api/v1/setup", &[], None).await;
    assert_eq!(state.body["needed"], true);
    assert_eq!(state.headers["surrogate-key"], "setup");
    assert_eq!(state.headers["cache-control"], "public, max-age=0, s-maxage=60");
    let mut heard = app.app.redis.subscriber().await.unwrap();
    heard.subscribe("qp:cache:purge").await.unwrap();
    set_up(&app).await;
    app.run_jobs().await;
    let word =
        tokio::time::timeout(std::time::Duration::from_secs(10), futures::StreamExt::next(&mut heard.on_message()))
            .await
            .unwrap()
            .unwrap();
    assert_eq!(word.get_payload::<String>().unwrap(), "setup");

    let keys = app.anyone(Method::GET, "/api/v1/auth/jwks.json", &[], None).await;
    assert_eq!(keys.headers["surrogate-key"], "auth:keys");
    assert_eq!(keys.headers["cache-control"], "public, max-age=300");
    let known = ("if-none-match".to_owned(), keys.headers["etag"].to_str().unwrap().to_owned());
    let again = app.anyone(Method::GET, "/api/v1/auth/jwks.json", &[known], None).await;
    assert_eq!((again.status, again.body), (StatusCode::NOT_MODIFIED, Value::Null));
}
