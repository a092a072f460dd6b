//! Bad input at every door is a clear error and never ours.

use axum::body::Body;
use common::auth::Role;
use common::clock::Clock;
use common::ids::UserId;
use common::testing::{bearer, send, send_raw, signed_in};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{TestApp, noon, serve};

/// Every endpoint of the description that takes a body, and the internal ones.
fn doors() -> Vec<(Method, String)> {
    let (_, spec) = dashboard_backend::routes::public().split_for_parts();
    let spec = serde_json::to_value(&spec).unwrap();
    let id = "0199d6ff-0000-7000-8000-000000000000";
    let mut doors = Vec::new();
    for (path, operations) in spec["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation.get("requestBody").is_some() {
                doors.push((
                    method.to_uppercase().parse().unwrap(),
                    path.replace("{id}", id).replace("{decision_type}", "plan"),
                ));
            }
        }
    }
    let internal = [
        "projects",
        "projects/{id}/executions",
        "executions/errors",
        "events",
        "decisions/{id}/answers",
        "api-keys",
        "api-keys/verify",
    ];
    doors.extend(internal.map(|path| (Method::POST, format!("/internal/v1/{}", path.replace("{id}", id)))));
    let steps = [
        "stages",
        "analysis",
        "plan",
        "foundation",
        "milestones/next",
        "milestones/m1/complete",
        "gates",
        "decisions",
        "finish",
    ];
    doors.extend(steps.map(|path| (Method::POST, format!("/internal/v1/projects/{id}/{path}"))));
    doors
}

fn headers(clock: &Clock) -> Vec<(String, String)> {
    vec![
        signed_in(UserId::new(), Role::Admin, "dashboard-backend", clock),
        bearer("n8n", "dashboard-backend", clock),
        ("idempotency-key".to_owned(), "0199d6ff-0000-7000-8000-000000000000/s/1".to_owned()),
        ("x-qp-epoch".to_owned(), "1".to_owned()),
    ]
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_demo_of_an_unknown_readme_is_refused_in_the_sandboxs_words(db: PgPool) {
    let refuse = || async {
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            axum::Json(json!({"message": "There is no bundled README `x`; there are: y."})),
        )
    };
    let sandbox = serve(axum::Router::new().route("/_sandbox/api/demo", axum::routing::post(refuse))).await;
    let app = TestApp::start_with(db, &[("SANDBOX_URL", &sandbox)]).await;
    let answer =
        app.person(UserId::new(), Role::Operator, Method::POST, "/api/v1/demo", Some(json!({"readme": "x"}))).await;
    assert_eq!(
        (answer.status, answer.body["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("unknown_readme"))
    );
    assert!(answer.body["detail"].as_str().unwrap().contains("there are: y"), "{}", answer.body);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn nonsense_is_refused_at_every_door(db: PgPool) {
    let app = TestApp::start(db).await;
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"{\"email\": 5, \"choice\": {}, \"stage\": []}",
        b"\xff\xfe\x00",
        b"{\"a\":{\"a\":{\"a\":1}}}",
    ];
    for (method, path) in doors() {
        for body in bodies {
            for content_type in ["application/json", "text/plain"] {
                let mut request = Request::builder().method(&method).uri(&path).header("content-type", content_type);
                for (name, value) in headers(&app.clock) {
                    request = request.header(name, value);
                }
                let answer = send_raw(&app.router, request.body(Body::from(body)).unwrap()).await;
                let status = answer.status.as_u16();
                assert!(
                    (400..500).contains(&status),
                    "{method} {path} {:?}: {status} {:?}",
                    String::from_utf8_lossy(body),
                    answer.body
                );
                assert!(
                    answer.body["code"].is_string() && answer.body["detail"].as_str().unwrap().len() > 5,
                    "{path}: {:?}",
                    answer.body
                );
                assert_eq!(answer.body["correlation_id"], answer.headers["x-request-id"].to_str().unwrap());
            }
        }
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_body_of_30_mb_is_refused(db: PgPool) {
    let app = TestApp::start(db).await;
    let big = Value::String("x".repeat(30 * 1024 * 1024)).to_string();
    for path in ["/api/v1/auth/login", "/api/v1/setup", "/internal/v1/projects", "/internal/v1/events"] {
        let mut request = Request::builder().method(Method::POST).uri(path).header("content-type", "application/json");
        for (name, value) in headers(&app.clock) {
            request = request.header(name, value);
        }
        let answer = send_raw(&app.router, request.body(Body::from(big.clone())).unwrap()).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (StatusCode::PAYLOAD_TOO_LARGE, Some("body_too_large")),
            "{path}"
        );
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn tokens_that_are_over_or_for_others_are_refused(db: PgPool) {
    let app = TestApp::start(db).await;
    let later = Clock::fixed(noon() - time::Duration::minutes(10));
    let expired = signed_in(UserId::new(), Role::Admin, "dashboard-backend", &later);
    let foreign = signed_in(UserId::new(), Role::Admin, "notification", &app.clock);
    let (_, service) = bearer("n8n", "dashboard-backend", &app.clock);
    let not_a_person = ("x-quantapilot-identity".to_owned(), service.replace("Bearer ", ""));
    let garbage = ("x-quantapilot-identity".to_owned(), "a.b.c".to_owned());
    for (header, code) in [
        (expired, "expired_token"),
        (foreign, "invalid_token"),
        (not_a_person, "invalid_token"),
        (garbage, "invalid_token"),
    ] {
        let answer = send(&app.router, Method::GET, "/api/v1/home", &[header], None).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (StatusCode::UNAUTHORIZED, Some(code)));
    }
    let old = bearer("n8n", "dashboard-backend", &later);
    let answer = send(&app.router, Method::POST, "/internal/v1/events", &[old], Some(json!({}))).await;
    assert_eq!(answer.body["code"], "expired_token");
    // A person's identity does not open the services' door, nor the other way round.
    let (_, person) = signed_in(UserId::new(), Role::Admin, "dashboard-backend", &app.clock);
    let answer = send(
        &app.router,
        Method::POST,
        "/internal/v1/events",
        &[("authorization".to_owned(), format!("Bearer {person}"))],
        Some(json!({})),
    )
    .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn unknown_things_are_404_and_odd_text_is_refused(db: PgPool) {
    let app = TestApp::start_with(db, &[("SETUP_OPEN", "true")]).await;
    let admin = UserId::new();
    for path in [
        "/api/v1/projects/0199d6ff-0000-7000-8000-000000000000",
        "/api/v1/projects/nonsense",
        "/api/v1/decisions/0199d6ff-0000-7000-8000-000000000000",
        "/api/v1/nothing",
    ] {
        assert_eq!(
            app.person(admin, Role::Admin, Method::GET, path, None).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let nul = json!({"email": "a\u{0}b@example.org", "display_name": "A", "password": "a password of some length"});
    assert!(app.anyone(Method::POST, "/api/v1/setup", &[], Some(nul.clone())).await.status.is_client_error());
    assert!(app.anyone(Method::POST, "/api/v1/auth/login", &[], Some(nul)).await.status.is_client_error());
    let run = app.project().await;
    let event = json!({"key": "k\u{0}", "project_id": run.project, "kind": "a.b", "summary": "s\u{0}", "data": {"x": "\u{0}"}, "occurred_at": "2026-03-17T11:59:00Z"});
    let refused = app.service("cursor-integration", Method::POST, "/internal/v1/events", Some(event)).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (StatusCode::BAD_REQUEST, Some("invalid_text")));
    let wrong_method = app.anyone(Method::DELETE, "/api/v1/home", &[], None).await;
    assert_eq!(
        (wrong_method.status, wrong_method.body["code"].as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, Some("method_not_allowed"))
    );
}
