//! What the poller finds by itself.

use common::auth::Role;
use http::{Method, StatusCode};
use sandbox::faults::{Kind, NewFault, Surface};
use serde_json::json;
use sqlx::PgPool;

use crate::kit::TestApp;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_readme_pushed_while_we_were_down_is_found(db: PgPool) {
    let app = TestApp::start(db).await;
    app.repository("todo").await;
    app.poll().await;
    let list = app.person(Role::Viewer, Method::GET, "/api/v1/repositories", None).await.body;
    assert_eq!(
        (&list["items"][0]["state"], &list["items"][0]["state_reason"]),
        (&json!("watching"), &json!("no_readme"))
    );

    // Nobody listens now.
    app.put("demo/todo", "README.md", "# Todo\n\nA list of things to do.\n", None).await;
    app.repository_with_readme("second").await;

    let back = app.twin();
    back.poll().await;
    assert_eq!(back.intakes().await, 2);
    for _ in 0..3 {
        back.poll().await;
    }
    assert_eq!(back.intakes().await, 2, "once each");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_round_that_failed_is_made_up_for_by_the_next(db: PgPool) {
    let app = TestApp::start(db).await;
    app.repository_with_readme("todo").await;
    let broken =
        NewFault::once(Surface::Github, Kind::Status { status: 502 }).on("GET /repos/demo/todo/readme").until_cleared();
    let id = app.sandbox.faults().add(broken).id;
    app.poll().await;
    assert_eq!(app.intakes().await, 0);
    app.sandbox.faults().clear(id);
    app.poll().await;
    assert_eq!(app.intakes().await, 1, "the ETag of a list that was not dealt with is not kept");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn titles_wait_for_text_and_forks_stay_out(db: PgPool) {
    let app = TestApp::start(db).await;
    app.repository("todo").await;
    app.put("demo/todo", "README.md", "# todo\n", None).await;
    app.poll().await;
    assert_eq!(app.intakes().await, 0, "a title asks for nothing");
    let sha = app.read("/repos/demo/todo/contents/README.md").await["sha"].clone();
    let body = json!({"message": "Say what", "content": "IyB0b2RvCgpBIGxpc3QgYXBwLgo=", "sha": sha});
    app.github(Method::PUT, "/repos/demo/todo/contents/README.md", body).await;
    app.poll().await;
    assert_eq!(app.intakes().await, 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn repositories_from_before_us_do_not_start_by_themselves(db: PgPool) {
    let app = TestApp::with(db, &[("GITHUB_START_GRACE_SECONDS", "0")]).await;
    app.repository_with_readme("old").await;
    app.clock.advance(std::time::Duration::from_secs(3600));
    app.poll().await;
    let list = app.person(Role::Viewer, Method::GET, "/api/v1/repositories", None).await.body;
    assert_eq!(
        (&list["items"][0]["state"], &list["items"][0]["state_reason"]),
        (&json!("ignored"), &json!("existed_before"))
    );
    assert_eq!(app.intakes().await, 0);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn our_webhook_is_installed_and_repaired(db: PgPool) {
    let url = ("GITHUB_WEBHOOK_URL", "http://127.0.0.1:9/webhooks/github");
    let app = TestApp::with(db, &[url]).await;
    app.repository_with_readme("todo").await;
    app.poll().await;
    app.run_due_jobs().await;
    let hooks = app.read("/repos/demo/todo/hooks").await;
    assert_eq!(hooks.as_array().unwrap().len(), 1);
    assert_eq!(hooks[0]["config"]["url"], url.1);
    assert!(hooks[0]["events"].as_array().unwrap().contains(&json!("push")));

    // Switched off, then removed altogether.
    let path = format!("/repos/demo/todo/hooks/{}", hooks[0]["id"]);
    app.github(Method::PATCH, &path, json!({"active": false})).await;
    app.clock.advance(std::time::Duration::from_mins(15));
    app.poll().await;
    app.run_due_jobs().await;
    assert_eq!(app.read("/repos/demo/todo/hooks").await[0]["active"], true);
    app.github(Method::DELETE, &path, json!({})).await;
    app.clock.advance(std::time::Duration::from_mins(15));
    app.poll().await;
    app.run_due_jobs().await;
    assert_eq!(app.read("/repos/demo/todo/hooks").await.as_array().unwrap().len(), 1);
    let list = app.person(Role::Viewer, Method::GET, "/api/v1/repositories", None).await.body;
    assert_eq!(list["items"][0]["hook_state"], "installed");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn deliveries_that_never_arrived_are_asked_for_again(db: PgPool) {
    // A door that is known before the service listens behind it.
    let reserved = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = reserved.local_addr().unwrap();
    drop(reserved);
    let url = format!("http://{address}/webhooks/github");
    let app = TestApp::with(db, &[("GITHUB_WEBHOOK_URL", &url)]).await;
    app.repository_with_readme("todo").await;
    app.poll().await;
    app.run_due_jobs().await;
    app.put("demo/todo", "notes.md", "while nobody listens", None).await;
    until("a delivery has failed", || app.sandbox.github().deliveries("demo/todo").iter().any(|d| d.event == "push"))
        .await;

    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = app.router.clone();
    tokio::spawn(async move { axum::serve(listener, router).await });
    app.clock.advance(std::time::Duration::from_mins(15));
    app.poll().await;
    for _ in 0..100 {
        if app.count("SELECT count(*) FROM webhook_deliveries WHERE event = 'push'").await == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the lost push was not delivered again");
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("waited in vain until {what}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn health_tells_whether_github_answers(db: PgPool) {
    let app = TestApp::start(db).await;
    let ready = common::testing::send(&app.router, Method::GET, "/health/ready", &[], None).await;
    assert_eq!((ready.status, &ready.body["checks"]["github"]["ok"]), (StatusCode::OK, &json!(true)));
    app.sandbox.faults().add(NewFault::once(Surface::Github, Kind::Status { status: 503 }).until_cleared());
    app.clock.advance(std::time::Duration::from_secs(31));
    let away = common::testing::send(&app.router, Method::GET, "/health/ready", &[], None).await;
    assert_eq!((away.status, &away.body["status"]), (StatusCode::OK, &json!("degraded")));
    let reason = away.body["checks"]["github"]["error"].as_str().unwrap();
    assert!(!reason.is_empty() && !reason.contains(app.sandbox.context().settings().github.token.as_str()), "{reason}");
    let metrics = common::testing::send(&app.router, Method::GET, "/metrics", &[], None).await;
    assert!(metrics.body.as_str().unwrap().contains("outgoing_requests_total"));
}
