//! The door for webhooks.

use common::auth::Role;
use github_integration::webhooks::signature;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::kit::{SECRET, TestApp};

fn push(repository: &Value) -> Value {
    json!({"ref": "refs/heads/main", "repository": repository, "sender": {"id": 1, "login": "demo"},
        "commits": [{"message": "Add a README", "added": ["README.md"]}]})
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn one_delivery_sent_ten_times_to_two_instances_starts_one_project(db: PgPool) {
    let one = TestApp::start(db).await;
    let two = one.twin();
    let repository = one.repository_with_readme("todo").await;
    let body = push(&repository);

    let (a, b) = (one.deliver("push", "guid-1", &body), two.deliver("push", "guid-1", &body));
    let (a, b) = tokio::join!(a, b);
    let mut answers = vec![a, b];
    for _ in 0..4 {
        answers.push(one.deliver("push", "guid-1", &body).await);
        answers.push(two.deliver("push", "guid-1", &body).await);
    }
    assert!(answers.iter().all(|a| a.status == StatusCode::ACCEPTED));
    assert_eq!(answers.iter().filter(|a| a.body["duplicate"] == false).count(), 1);

    // The same news in other words, too.
    one.deliver("repository", "guid-2", &json!({"action": "created", "repository": repository})).await;
    two.deliver("create", "guid-3", &json!({"ref": "main", "ref_type": "branch", "repository": repository})).await;
    tokio::join!(one.run_due_jobs(), two.run_due_jobs());
    one.poll().await;
    one.run_due_jobs().await;

    assert_eq!(one.intakes().await, 1);
    assert_eq!(
        one.count("SELECT times_received::bigint FROM webhook_deliveries WHERE delivery_id = 'guid-1'").await,
        10
    );
    let started: Vec<String> = one.peers.triggers();
    assert!(
        !started.is_empty() && started.iter().all(|id| *id == started[0]),
        "n8n heard of one intake only: {started:?}"
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_is_not_signed_with_our_secret_leaves_no_trace(db: PgPool) {
    let app = TestApp::start(db).await;
    let body = r#"{"zen":"Keep it simple"}"#;
    let ours = signature::sign(SECRET.as_bytes(), body.as_bytes());
    let theirs = signature::sign(b"another-secret-altogether", body.as_bytes());
    let base = [("x-github-event", "ping"), ("x-github-delivery", "guid-1")];
    for (header, sent) in [
        (None, body.to_owned()),
        (Some("sha256=nonsense"), body.to_owned()),
        (Some(theirs.as_str()), body.to_owned()),
        (Some(ours.as_str()), body.replace("simple", "Simple")),
    ] {
        let mut headers = base.to_vec();
        headers.extend(header.map(|value| ("x-hub-signature-256", value)));
        let answer = app.deliver_raw(&headers, sent).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header:?}");
        assert_eq!(answer.body["code"], "invalid_signature");
    }
    assert_eq!(app.count("SELECT count(*) FROM webhook_deliveries").await, 0);
    let good = [base[0], base[1], ("x-hub-signature-256", ours.as_str())];
    assert_eq!(app.deliver_raw(&good, body).await.status, StatusCode::ACCEPTED);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_well_signed_body_that_is_not_json_is_refused_and_kept(db: PgPool) {
    let app = TestApp::start(db).await;
    for (n, body) in ["{\"ref\":", "[1,2]", "", "null"].into_iter().enumerate() {
        let signed = signature::sign(SECRET.as_bytes(), body.as_bytes());
        let delivery = format!("guid-{n}");
        let headers =
            [("x-github-event", "push"), ("x-github-delivery", &*delivery), ("x-hub-signature-256", &*signed)];
        let answer = app.deliver_raw(&headers, body).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (StatusCode::BAD_REQUEST, &json!("malformed_body")),
            "{body:?}"
        );
    }
    assert_eq!(
        app.count("SELECT count(*) FROM webhook_deliveries WHERE state = 'invalid' AND error IS NOT NULL").await,
        4
    );
    assert_eq!(app.run_due_jobs().await, 0);

    let list = app.person(Role::Viewer, Method::GET, "/api/v1/webhook-deliveries?state=invalid", None).await;
    let id = list.body["items"][0]["id"].as_str().unwrap().to_owned();
    let again =
        app.person(Role::Operator, Method::POST, &format!("/api/v1/webhook-deliveries/{id}/replay"), None).await;
    assert_eq!((again.status, &again.body["code"]), (StatusCode::CONFLICT, &json!("delivery_unreadable")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_body_beyond_githubs_limit_is_refused_and_one_below_it_is_taken(db: PgPool) {
    let app = TestApp::start(db).await;
    let large = vec![b'x'; 30 * 1024 * 1024];
    let headers = [("x-github-event", "push"), ("x-github-delivery", "guid-1"), ("x-hub-signature-256", "sha256=00")];
    let answer = app.deliver_raw(&headers, large).await;
    assert_eq!((answer.status, &answer.body["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &json!("body_too_large")));

    let below = json!({"zen": "x".repeat(20 * 1024 * 1024)});
    assert_eq!(app.deliver("ping", "guid-2", &below).await.status, StatusCode::ACCEPTED);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_form_is_as_good_as_json_and_headers_must_be_there(db: PgPool) {
    let app = TestApp::start(db).await;
    let body = "payload=%7B%22zen%22%3A%22a+b%22%7D";
    let signed = signature::sign(SECRET.as_bytes(), body.as_bytes());
    let form = ("content-type", "application/x-www-form-urlencoded");
    let signature = ("x-hub-signature-256", &*signed);
    let answer =
        app.deliver_raw(&[form, ("x-github-event", "ping"), ("x-github-delivery", "guid-1"), signature], body).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    app.run_due_jobs().await;
    assert_eq!(app.count("SELECT count(*) FROM webhook_deliveries WHERE outcome = 'pong'").await, 1);

    let nameless = app.deliver_raw(&[form, ("x-github-event", "ping"), signature], body).await;
    assert_eq!((nameless.status, &nameless.body["code"]), (StatusCode::BAD_REQUEST, &json!("missing_header")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn without_a_secret_the_door_is_closed(db: PgPool) {
    let app = TestApp::with(db, &[("GITHUB_WEBHOOK_SECRET", "")]).await;
    let answer = app.deliver("ping", "guid-1", &json!({"zen": "x"})).await;
    assert_eq!((answer.status, &answer.body["code"]), (StatusCode::FORBIDDEN, &json!("webhooks_disabled")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_operator_can_have_a_delivery_worked_on_again(db: PgPool) {
    let app = TestApp::start(db).await;
    let repository = app.repository_with_readme("todo").await;
    app.deliver("push", "guid-1", &push(&repository)).await;
    app.run_due_jobs().await;
    let list = app.person(Role::Viewer, Method::GET, "/api/v1/webhook-deliveries", None).await;
    let first = &list.body["items"][0];
    assert_eq!((&first["outcome"], &first["repository_name"]), (&json!("intake"), &json!("demo/todo")));

    let path = format!("/api/v1/webhook-deliveries/{}/replay", first["id"].as_str().unwrap());
    assert_eq!(app.person(Role::Viewer, Method::POST, &path, None).await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.person(Role::Operator, Method::POST, &path, None).await.status, StatusCode::ACCEPTED);
    app.run_due_jobs().await;
    let list = app.person(Role::Viewer, Method::GET, "/api/v1/webhook-deliveries", None).await;
    assert_eq!(list.body["items"][0]["outcome"], "known", "what it led to is found, not repeated");
    assert_eq!((app.intakes().await, &list.body["items"][0]["replays"]), (1, &json!(1)));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn events_that_say_nothing_about_the_readme_start_nothing(db: PgPool) {
    let app = TestApp::start(db).await;
    let empty = app.repository("empty").await;
    let full = app.repository_with_readme("todo").await;
    let other_branch = json!({"ref": "refs/heads/feature", "repository": full});
    let by_a_step = json!({"ref": "refs/heads/main", "repository": full, "head_commit": {"message": "x\n\nQuantaPilot-Step: p/s/1"}});
    let stale_name = json!({"ref": "refs/heads/main", "repository": {"id": 999_999, "full_name": "demo/todo", "default_branch": "main"}});
    for (n, body) in [push(&empty), other_branch, by_a_step, stale_name].iter().enumerate() {
        app.deliver("push", &format!("guid-{n}"), body).await;
    }
    app.run_due_jobs().await;
    let outcomes: Vec<String> = sqlx::query_scalar("SELECT outcome FROM webhook_deliveries ORDER BY delivery_id")
        .fetch_all(&app.db)
        .await
        .unwrap();
    assert_eq!(outcomes, ["watching", "other_branch", "own_push", "gone"]);
    assert_eq!(app.intakes().await, 0);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_rotated_secret_reaches_the_webhooks_and_the_one_before_still_counts(db: PgPool) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (old, new) = ("the-secret-before-0123456789", "the-secret-after-0123456789");
    std::fs::write(file.path(), old).unwrap();
    let settings = [
        ("GITHUB_WEBHOOK_SECRET", ""),
        ("GITHUB_WEBHOOK_SECRET_FILE", file.path().to_str().unwrap()),
        ("GITHUB_WEBHOOK_URL", "http://127.0.0.1:9/webhooks/github"),
    ];
    let app = TestApp::with(db, &settings).await;
    app.repository_with_readme("todo").await;
    app.poll().await;
    app.run_due_jobs().await;
    let given = "SELECT count(*) FROM repositories WHERE hook_state = 'installed' AND hook_secret_version IS NOT NULL";
    assert_eq!(app.count(given).await, 1);
    let version: String =
        sqlx::query_scalar("SELECT hook_secret_version FROM repositories").fetch_one(&app.db).await.unwrap();

    let body = r#"{"zen":"Keep it simple"}"#;
    let deliver = async |secret: &str, guid: &str| {
        let signed = signature::sign(secret.as_bytes(), body.as_bytes());
        let headers =
            [("x-github-event", "ping"), ("x-github-delivery", guid), ("x-hub-signature-256", signed.as_str())];
        app.deliver_raw(&headers, body).await.status
    };
    assert_eq!(deliver(old, "guid-1").await, StatusCode::ACCEPTED);
    assert_eq!(deliver(new, "guid-2").await, StatusCode::UNAUTHORIZED);

    std::fs::write(file.path(), format!("{new}\n{old}\n")).unwrap();
    assert_eq!(deliver(new, "guid-3").await, StatusCode::ACCEPTED, "at once, without a restart");
    assert_eq!(deliver(old, "guid-4").await, StatusCode::ACCEPTED, "what GitHub signed before still counts");
    // The next round brings the new one to the webhook, long before it would be looked after again.
    app.poll().await;
    app.poll().await;
    app.run_due_jobs().await;
    let now: String =
        sqlx::query_scalar("SELECT hook_secret_version FROM repositories").fetch_one(&app.db).await.unwrap();
    assert_ne!(now, version, "the webhook was told");

    std::fs::write(file.path(), new).unwrap();
    assert_eq!(deliver("a-third-one-0123456789", "guid-5").await, StatusCode::UNAUTHORIZED);
    assert_eq!(deliver(old, "guid-6").await, StatusCode::UNAUTHORIZED, "the one before is retired");
}
