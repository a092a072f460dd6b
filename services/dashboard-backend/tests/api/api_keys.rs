//! API keys: made, shown once, verified for the gateway, revoked.

use common::auth::{IDENTITY_HEADER, Identity, Role};
use common::clients::Peer;
use common::clients::dashboard::DashboardClient;
use common::ids::{SessionId, UserId};
use common::testing::{Answer, send, tokens};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

use crate::support::TestApp;

fn sha256(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

async fn create(app: &TestApp, user: UserId, role: Role, body: Value) -> Answer {
    app.person(user, role, Method::POST, "/api/v1/api-keys", Some(body)).await
}

/// A key of `user`, and its id.
async fn key(app: &TestApp, user: UserId, role: Role, scopes: &[&str]) -> (String, String) {
    let made = create(app, user, role, json!({"name": "ci", "scopes": scopes})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made.body["key"]), text(&made.body["api_key"]["id"]))
}

async fn verify(app: &TestApp, key: &str) -> Answer {
    let body = json!({"key_sha256": sha256(key)});
    app.service("api-gateway", Method::POST, "/internal/v1/api-keys/verify", Some(body)).await
}

async fn revoke(app: &TestApp, user: UserId, role: Role, id: &str) -> Answer {
    app.person(user, role, Method::DELETE, &format!("/api/v1/api-keys/{id}"), None).await
}

#[track_caller]
fn refused(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{:?}", answer.body);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_key_is_shown_once_and_acts_as_its_owner_within_its_scopes(db: PgPool) {
    let app = TestApp::start(db).await;
    let ann = app.user("Ann", Role::Operator).await;
    let body = json!({"name": " nightly build ", "scopes": ["projects:write", "decisions:read", "projects:write"]});
    let made = create(&app, ann, Role::Operator, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:?}", made.body);
    assert_eq!(made.headers["cache-control"], "no-store");
    let key = made.body["key"].as_str().unwrap();
    let shown = &made.body["api_key"];
    assert_eq!((key.len(), shown["prefix"].as_str().unwrap()), (55, &key[..11]));
    assert_eq!(
        (&shown["name"], &shown["scopes"]),
        (&json!("nightly build"), &json!(["projects:write", "decisions:read"]))
    );
    assert_eq!((&shown["state"], &shown["last_used_at"]), (&json!("active"), &Value::Null));
    assert_eq!(shown["expires_at"], "2026-06-15T12:00:00Z", "90 days, when nobody says");

    let stored: Vec<u8> = sqlx::query_scalar("SELECT key_hash FROM api_keys").fetch_one(&app.app.db).await.unwrap();
    assert_eq!(stored, Sha256::digest(key.as_bytes()).to_vec());
    let list = app.person(ann, Role::Operator, Method::GET, "/api/v1/api-keys", None).await;
    assert_eq!(list.body, json!([shown]));
    assert!(!list.body.to_string().contains(key), "the key itself is never shown again");

    let good = verify(&app, key).await;
    assert_eq!(
        good.body,
        json!({"key_id": shown["id"], "user_id": ann, "email": "ann@example.org", "role": "operator",
               "scopes": ["projects:write", "decisions:read"], "expires_at": "2026-06-15T12:00:00Z"})
    );
    let events: Vec<String> =
        sqlx::query_scalar("SELECT kind || ': ' || summary FROM events WHERE kind LIKE 'api_key.%'")
            .fetch_all(&app.app.db)
            .await
            .unwrap();
    assert_eq!(events.len(), 1);
    assert!(events[0].contains("`nightly build`") && !events[0].contains(&key[12..]), "{events:?}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_cannot_be_a_key_is_refused_with_the_reason(db: PgPool) {
    let app = TestApp::start(db).await;
    let (vic, ada) = (app.user("Vic", Role::Viewer).await, app.user("Ada", Role::Admin).await);
    let beyond = create(
        &app,
        vic,
        Role::Viewer,
        json!({"name": "x", "scopes": ["projects:read", "projects:write", "admin:read"]}),
    )
    .await;
    refused(&beyond, StatusCode::FORBIDDEN, "scope_not_allowed");
    assert_eq!(beyond.body["detail"], "`projects:write` needs the role `operator`; the owner of this key is `viewer`");
    assert_eq!(beyond.body["errors"][1]["message"], "`admin:read` needs the role `admin`");
    for (body, code) in [
        (json!({"name": "x", "scopes": []}), "no_scopes"),
        (json!({"name": "  ", "scopes": ["*"]}), "invalid_name"),
        (json!({"name": "x".repeat(101), "scopes": ["*"]}), "invalid_name"),
        (json!({"name": "x", "scopes": ["projects:delete"]}), "invalid_body"),
        (json!({"name": "x", "scopes": ["*"], "expires_at": "2026-03-17T12:00:00Z"}), "invalid_expiry"),
        (json!({"name": "x", "scopes": ["*"], "expires_at": "2027-04-01T12:00:00Z"}), "invalid_expiry"),
        (json!({"name": "x", "scopes": ["*"], "expires_at": null}), "invalid_expiry"),
        (json!({"name": "x", "scopes": ["*"], "expires_at": "tomorrow"}), "invalid_body"),
    ] {
        refused(&create(&app, vic, Role::Viewer, body).await, StatusCode::UNPROCESSABLE_ENTITY, code);
    }
    let year = json!({"name": "x", "scopes": ["*"], "expires_at": "2027-03-17T12:00:00Z"});
    assert_eq!(create(&app, vic, Role::Viewer, year).await.status, StatusCode::CREATED);
    for expires_at in [json!(null), json!("2036-01-01T00:00:00+02:00")] {
        let body = json!({"name": "x", "scopes": ["admin:write"], "expires_at": expires_at});
        assert_eq!(create(&app, ada, Role::Admin, body).await.status, StatusCode::CREATED, "an admin may");
    }
    // Who the table knows counts, not what the token says.
    refused(
        &create(&app, UserId::new(), Role::Admin, json!({"name": "x", "scopes": ["*"]})).await,
        StatusCode::NOT_FOUND,
        "no_such_user",
    );
    refused(
        &create(&app, vic, Role::Admin, json!({"name": "x", "scopes": ["admin:read"]})).await,
        StatusCode::FORBIDDEN,
        "scope_not_allowed",
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn nobody_has_more_than_fifty_keys(db: PgPool) {
    let app = TestApp::start(db).await;
    let ann = app.user("Ann", Role::Viewer).await;
    let body = json!({"name": "x", "scopes": ["projects:read"], "expires_at": "2026-03-18T12:00:00Z"});
    for _ in 0..48 {
        assert_eq!(create(&app, ann, Role::Viewer, body.clone()).await.status, StatusCode::CREATED);
    }
    let at_once = (0..5).map(|_| create(&app, ann, Role::Viewer, body.clone()));
    let answers = futures::future::join_all(at_once).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 2, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.body["code"] == "too_many_api_keys").count(), 3);
    app.advance(86_400);
    assert_eq!(
        create(&app, ann, Role::Viewer, json!({"name": "x", "scopes": ["*"]})).await.status,
        StatusCode::CREATED,
        "expired ones do not count"
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_revoked_key_is_dead_here_and_told_to_the_gateway(db: PgPool) {
    let app = TestApp::start(db).await;
    let (ann, bob, ada) = (
        app.user("Ann", Role::Viewer).await,
        app.user("Bob", Role::Operator).await,
        app.user("Ada", Role::Admin).await,
    );
    let (secret, id) = key(&app, ann, Role::Viewer, &["*"]).await;
    refused(&revoke(&app, bob, Role::Operator, &id).await, StatusCode::NOT_FOUND, "no_such_api_key");
    assert_eq!(verify(&app, &secret).await.status, StatusCode::OK);
    let mut heard = app.app.redis.subscriber().await.unwrap();
    heard.subscribe("qp:auth:revoked").await.unwrap();

    assert_eq!(revoke(&app, ann, Role::Viewer, &id).await.status, StatusCode::NO_CONTENT);
    refused(&verify(&app, &secret).await, StatusCode::NOT_FOUND, "unknown_api_key");
    refused(&revoke(&app, ann, Role::Viewer, &id).await, StatusCode::NOT_FOUND, "no_such_api_key");
    assert_eq!(app.person(ann, Role::Viewer, Method::GET, "/api/v1/api-keys", None).await.body, json!([]));

    app.run_jobs().await;
    let subject = format!("key:{id}");
    let word = futures::StreamExt::filter(heard.on_message(), |word| {
        futures::future::ready(word.get_payload::<String>().is_ok_and(|text| text == subject))
    });
    let word =
        tokio::time::timeout(std::time::Duration::from_secs(10), futures::StreamExt::next(&mut Box::pin(word))).await;
    assert!(word.is_ok(), "the gateway hears it");
    let mut redis = app.app.redis.connection();
    let until: Option<i64> = redis::AsyncCommands::zscore(&mut redis, "qp:auth:revocations", &subject).await.unwrap();
    assert_eq!(until, Some(app.clock.now().unix_timestamp() + 960));

    // An admin ends anybody's.
    let (secret, id) = key(&app, ann, Role::Viewer, &["*"]).await;
    assert_eq!(revoke(&app, ada, Role::Admin, &id).await.status, StatusCode::NO_CONTENT);
    refused(&verify(&app, &secret).await, StatusCode::NOT_FOUND, "unknown_api_key");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn admins_see_everybodys_keys_and_others_their_own(db: PgPool) {
    let app = TestApp::start(db).await;
    let (ann, ada) = (app.user("Ann", Role::Viewer).await, app.user("Ada", Role::Admin).await);
    key(&app, ann, Role::Viewer, &["*"]).await;
    key(&app, ada, Role::Admin, &["admin:read"]).await;
    let owners = async |user, role, path| -> Vec<Value> {
        let list = app.person(user, role, Method::GET, path, None).await;
        list.body.as_array().unwrap().iter().map(|key| key["owner"]["display_name"].clone()).collect()
    };
    assert_eq!(owners(ann, Role::Viewer, "/api/v1/api-keys").await, ["Ann"]);
    assert_eq!(owners(ada, Role::Admin, "/api/v1/api-keys").await, ["Ada"]);
    assert_eq!(owners(ada, Role::Admin, "/api/v1/api-keys?all=true").await, ["Ada", "Ann"]);
    let all = app.person(ann, Role::Operator, Method::GET, "/api/v1/api-keys?all=true", None).await;
    refused(&all, StatusCode::FORBIDDEN, "role_required");
    let odd = app.person(ada, Role::Admin, Method::GET, "/api/v1/api-keys?all=perhaps", None).await;
    refused(&odd, StatusCode::BAD_REQUEST, "invalid_query");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_owners_role_and_state_count_at_each_check(db: PgPool) {
    let app = TestApp::start(db).await;
    let (ann, ada) = (app.user("Ann", Role::Operator).await, app.user("Ada", Role::Admin).await);
    let (all, id) = key(&app, ann, Role::Operator, &["*"]).await;
    let (narrow, _) = key(&app, ann, Role::Operator, &["decisions:write"]).await;
    let (reading, _) = key(&app, ann, Role::Operator, &["projects:read"]).await;
    let roles = async || {
        let mut roles = Vec::new();
        for key in [&all, &narrow, &reading] {
            roles.push(verify(&app, key).await.body["role"].as_str().unwrap_or("none").to_owned());
        }
        roles
    };
    assert_eq!(roles().await, ["operator", "approver", "viewer"]);
    let path = format!("/api/v1/users/{ann}");
    let change = async |body: Value| app.person(ada, Role::Admin, Method::PATCH, &path, Some(body)).await;
    assert_eq!(change(json!({"role": "viewer"})).await.status, StatusCode::OK);
    assert_eq!(roles().await, ["viewer", "viewer", "viewer"]);
    assert_eq!(change(json!({"disabled": true})).await.status, StatusCode::OK);
    assert_eq!(roles().await, ["none", "none", "none"], "a disabled owner's keys are dead at once");
    let list = app.person(ada, Role::Admin, Method::GET, "/api/v1/api-keys?all=true", None).await;
    assert!(list.body.as_array().unwrap().iter().all(|key| key["state"] == "owner_disabled"), "{:?}", list.body);
    assert_eq!(change(json!({"disabled": false, "role": "admin"})).await.status, StatusCode::OK);
    assert_eq!(roles().await, ["admin", "approver", "viewer"]);
    assert_eq!(revoke(&app, ann, Role::Admin, &id).await.status, StatusCode::NO_CONTENT);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_expired_key_opens_nothing_and_use_is_noted_once_a_minute(db: PgPool) {
    let app = TestApp::start(db).await;
    let ann = app.user("Ann", Role::Viewer).await;
    let body = json!({"name": "x", "scopes": ["projects:read"], "expires_at": "2026-03-17T13:00:00Z"});
    let made = create(&app, ann, Role::Viewer, body).await;
    let key = made.body["key"].as_str().unwrap();
    let used = async || {
        let list = app.person(ann, Role::Viewer, Method::GET, "/api/v1/api-keys", None).await;
        (list.body[0]["last_used_at"].as_str().unwrap_or("never").to_owned(), list.body[0]["state"].clone())
    };
    assert_eq!(used().await, ("never".to_owned(), json!("active")));
    for (wait, last) in [(0, "2026-03-17T12:00:00Z"), (59, "2026-03-17T12:00:00Z"), (1, "2026-03-17T12:01:00Z")] {
        app.advance(wait);
        assert_eq!(verify(&app, key).await.status, StatusCode::OK);
        assert_eq!(used().await.0, last);
    }
    app.advance(3539);
    assert_eq!(verify(&app, key).await.status, StatusCode::OK, "a second before");
    app.advance(1);
    refused(&verify(&app, key).await, StatusCode::NOT_FOUND, "unknown_api_key");
    assert_eq!(used().await.1, "expired");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_key_that_is_revoked_while_it_is_checked_is_dead_for_every_later_check(db: PgPool) {
    let app = TestApp::start(db).await;
    let ann = app.user("Ann", Role::Viewer).await;
    let (secret, id) = key(&app, ann, Role::Viewer, &["*"]).await;
    let (at_once, before) = tokio::join!(
        async {
            let twice = tokio::join!(revoke(&app, ann, Role::Viewer, &id), revoke(&app, ann, Role::Viewer, &id));
            (twice.0.status, twice.1.status, verify(&app, &secret).await.status)
        },
        futures::future::join_all((0..20).map(|_| verify(&app, &secret))),
    );
    let ends = [at_once.0, at_once.1];
    assert!(
        ends.contains(&StatusCode::NO_CONTENT) && ends.contains(&StatusCode::NOT_FOUND),
        "one of two ends it: {ends:?}"
    );
    assert_eq!(at_once.2, StatusCode::NOT_FOUND);
    assert!(before.iter().all(|answer| matches!(answer.status, StatusCode::OK | StatusCode::NOT_FOUND)), "{before:?}");
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM jobs WHERE queue = 'dashboard-backend.publish_revocation'")
            .fetch_one(&app.app.db)
            .await
            .unwrap();
    assert_eq!(told, 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_key_manages_no_keys_passwords_or_sessions(db: PgPool) {
    let app = TestApp::start(db).await;
    let ada = app.user("Ada", Role::Admin).await;
    let (_, id) = key(&app, ada, Role::Admin, &["*"]).await;
    let identity = Identity {
        user_id: ada,
        role: Role::Admin,
        email: "ada@example.org".to_owned(),
        session_id: format!("key:{id}"),
    };
    let header =
        (IDENTITY_HEADER.to_owned(), tokens("api-gateway", &app.clock).identity_for("dashboard-backend", &identity));
    let calls = [
        (Method::POST, "/api/v1/api-keys".to_owned(), Some(json!({"name": "x", "scopes": ["*"]}))),
        (Method::DELETE, format!("/api/v1/api-keys/{id}"), None),
        (
            Method::POST,
            "/api/v1/users/me/password".to_owned(),
            Some(json!({"current": "x", "new": "a long enough one"})),
        ),
        (Method::DELETE, "/api/v1/users/me/sessions".to_owned(), None),
    ];
    for (method, path, body) in calls {
        let answer = send(&app.router, method, &path, std::slice::from_ref(&header), body).await;
        refused(&answer, StatusCode::FORBIDDEN, "sign_in_required");
    }
    let list = send(&app.router, Method::GET, "/api/v1/api-keys", &[header], None).await;
    assert_eq!(list.status, StatusCode::OK, "looking is fine");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn only_the_gateway_asks_and_only_with_a_hash(db: PgPool) {
    let app = TestApp::start(db).await;
    let good = json!({"key_sha256": sha256("qp_unknown")});
    let other = app.service("notification", Method::POST, "/internal/v1/api-keys/verify", Some(good.clone())).await;
    refused(&other, StatusCode::FORBIDDEN, "not_the_gateway");
    let other = app.service("n8n", Method::GET, "/internal/v1/auth/revocations", None).await;
    refused(&other, StatusCode::FORBIDDEN, "not_the_gateway");
    let unknown = app.service("api-gateway", Method::POST, "/internal/v1/api-keys/verify", Some(good)).await;
    refused(&unknown, StatusCode::NOT_FOUND, "unknown_api_key");
    for odd in ["", "abc", &"g".repeat(64), &"a".repeat(66), "qp_abcdefgh_secret"] {
        let body = json!({"key_sha256": odd});
        let answer = app.service("api-gateway", Method::POST, "/internal/v1/api-keys/verify", Some(body)).await;
        refused(&answer, StatusCode::UNPROCESSABLE_ENTITY, "invalid_hash");
        assert!(!answer.body.to_string().contains("qp_abcdefgh_secret"), "what was sent by mistake is not repeated");
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn revocations_are_told_without_redis_until_they_no_longer_matter(db: PgPool) {
    let nowhere = [("REDIS_URL", "redis://127.0.0.1:9")];
    let app = TestApp::start_with(db, &nowhere).await;
    let (ann, ada) = (app.user("Ann", Role::Operator).await, app.user("Ada", Role::Admin).await);
    let session = SessionId::new();
    sqlx::query(
        "INSERT INTO user_sessions (id, user_id, created_at, last_used_at, expires_at) VALUES ($1, $2, $3, $3, $4)",
    )
    .bind(session)
    .bind(ann)
    .bind(app.clock.now())
    .bind(app.clock.now() + time::Duration::days(1))
    .execute(&app.app.db)
    .await
    .unwrap();
    let (_, id) = key(&app, ann, Role::Operator, &["*"]).await;
    let ask = async |query: &str| {
        let path = format!("/internal/v1/auth/revocations{query}");
        let answer = app.service("api-gateway", Method::GET, &path, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        let subjects = answer.body["revoked"].as_array().unwrap().iter();
        let subjects: Vec<_> = subjects.map(|item| item["subject"].as_str().unwrap().to_owned()).collect();
        (answer.body["now"].as_i64().unwrap(), subjects, answer.body)
    };
    let (start, none, _) = ask("").await;
    assert_eq!((start, none.len()), (app.clock.now().unix_timestamp(), 0));

    assert_eq!(revoke(&app, ann, Role::Operator, &id).await.status, StatusCode::NO_CONTENT);
    let (_, first, body) = ask(&format!("?since={start}")).await;
    assert_eq!(first, [format!("key:{id}")]);
    assert_eq!(body["revoked"][0]["until"], start + 960);

    app.advance(100);
    let path = format!("/api/v1/users/{ann}");
    app.person(ada, Role::Admin, Method::PATCH, &path, Some(json!({"role": "viewer"}))).await;
    let changed = [session.to_string(), format!("user:{ann}:{}", start + 100)];
    let (_, newer, _) = ask(&format!("?since={}", start + 100)).await;
    assert_eq!(newer.len(), 2, "{newer:?}");
    assert!(changed.iter().all(|subject| newer.contains(subject)), "{newer:?}");
    assert_eq!(ask("").await.1.len(), 3);
    assert_eq!(ask(&format!("?since={}", start + 20)).await.1.len(), 3, "what may have committed late is told again");

    // Redis is away: the job stays, and nothing else is hurt.
    app.run_jobs().await;
    let waiting: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM jobs WHERE queue = 'dashboard-backend.publish_revocation' AND state = 'ready'",
    )
    .fetch_one(&app.app.db)
    .await
    .unwrap();
    assert_eq!(waiting, 3);
    app.advance(860);
    assert_eq!(ask("").await.1.len(), 2, "a key's last verdict is long over");
    app.advance(100);
    assert_eq!(ask("").await.1.len(), 0);
    app.reconcile().await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM auth_revocations").fetch_one(&app.app.db).await.unwrap();
    assert_eq!(kept, 0, "forgotten");
    for odd in ["?since=soon", "?since=99999999999999"] {
        let answer =
            app.service("api-gateway", Method::GET, &format!("/internal/v1/auth/revocations{odd}"), None).await;
        refused(&answer, StatusCode::BAD_REQUEST, "invalid_query");
    }
    assert_eq!(ask("?since=-5").await.1.len(), 0);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_typed_client_speaks_the_same(db: PgPool) {
    let app = TestApp::start(db).await;
    let ann = app.user("Ann", Role::Approver).await;
    let (secret, id) = key(&app, ann, Role::Approver, &["decisions:write"]).await;
    let url = app.listen().await.parse().unwrap();
    let client = DashboardClient(Peer::new("dashboard-backend", url, tokens("api-gateway", &app.clock)));
    let good = client.verify_api_key(&sha256(&secret)).await.unwrap().unwrap();
    assert_eq!((good.key_id.to_string(), good.user_id, good.role), (id.clone(), ann, Role::Approver));
    assert_eq!(client.verify_api_key(&sha256("nonsense")).await.unwrap(), None);
    assert!(client.verify_api_key("nonsense").await.is_err());
    revoke(&app, ann, Role::Approver, &id).await;
    assert_eq!(client.verify_api_key(&sha256(&secret)).await.unwrap(), None);
    let told = client.revocations(Some(app.clock.now().unix_timestamp())).await.unwrap();
    assert_eq!(
        (told.now, told.revoked[0].subject.as_str()),
        (app.clock.now().unix_timestamp(), format!("key:{id}").as_str())
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_command_line_makes_lists_and_revokes_keys(db: PgPool) {
    let app = TestApp::start(db).await;
    app.user("Ann", Role::Operator).await;
    let body = json!({"email": "ANN@example.org", "name": "deploy", "scopes": ["projects:write"], "expires_at": null});
    let other = app.service("notification", Method::POST, "/internal/v1/api-keys", Some(body.clone())).await;
    refused(&other, StatusCode::FORBIDDEN, "not_the_command_line");
    let made = app.service("cli", Method::POST, "/internal/v1/api-keys", Some(body)).await;
    assert_eq!(
        (made.status, &made.body["api_key"]["expires_at"]),
        (StatusCode::CREATED, &Value::Null),
        "{:?}",
        made.body
    );
    let beyond = json!({"email": "ann@example.org", "name": "x", "scopes": ["admin:read"]});
    refused(
        &app.service("cli", Method::POST, "/internal/v1/api-keys", Some(beyond)).await,
        StatusCode::FORBIDDEN,
        "scope_not_allowed",
    );
    let nobody = json!({"email": "eve@example.org", "name": "x", "scopes": ["*"]});
    refused(
        &app.service("cli", Method::POST, "/internal/v1/api-keys", Some(nobody)).await,
        StatusCode::NOT_FOUND,
        "no_such_user",
    );
    let list = app.service("cli", Method::GET, "/internal/v1/api-keys", None).await;
    assert_eq!(list.body["api_keys"], json!([made.body["api_key"]]));
    let path = format!("/internal/v1/api-keys/{}/revoke", made.body["api_key"]["id"].as_str().unwrap());
    assert_eq!(app.service("cli", Method::POST, &path, Some(json!({}))).await.status, StatusCode::OK);
    refused(&app.service("cli", Method::POST, &path, Some(json!({}))).await, StatusCode::NOT_FOUND, "no_such_api_key");
    refused(&verify(&app, made.body["key"].as_str().unwrap()).await, StatusCode::NOT_FOUND, "unknown_api_key");
}
