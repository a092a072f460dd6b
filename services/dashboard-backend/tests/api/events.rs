//! The timeline: kept once, for ever, and provably.

use common::auth::Role;
use common::ids::UserId;
use dashboard_backend::store::events::broken_link;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Run, TestApp};

fn report(run: &Run, key: &str) -> Value {
    json!({"key": key, "project_id": run.project, "kind": "agent_run.finished", "actor": "developer", "summary": "The developer is done",
        "data": {"run_id": "0199", "usage": {"total_tokens": 1200, "cost_cents": 3.5}, "big": 1e16, "text": "ü\n\"x\"", "list": [1, 2.5, null]},
        "occurred_at": "2026-03-17T11:59:00Z"})
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_event_is_kept_once(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    for _ in 0..3 {
        let kept =
            app.service("cursor-integration", Method::POST, "/internal/v1/events", Some(report(&run, "k1"))).await;
        assert_eq!(kept.status, StatusCode::ACCEPTED, "{:?}", kept.body);
    }
    app.service("github-integration", Method::POST, "/internal/v1/events", Some(report(&run, "k1"))).await;
    let path = format!("/api/v1/projects/{}/events?kind=agent_run", run.project);
    let events = app.person(UserId::new(), Role::Viewer, Method::GET, &path, None).await;
    assert_eq!(events.body["items"].as_array().unwrap().len(), 1, "whoever delivers it");
    let page =
        app.person(UserId::new(), Role::Viewer, Method::GET, &format!("/api/v1/projects/{}", run.project), None).await;
    assert_eq!(page.body["spend"], json!({"tokens": 1200, "cost_cents": 3.5}), "the same run is counted once");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_past_cannot_be_changed_and_a_change_would_show(db: PgPool) {
    let app = TestApp::start(db.clone()).await;
    let (run, _) = app.asked_for_plan().await;
    app.service("cursor-integration", Method::POST, "/internal/v1/events", Some(report(&run, "k1"))).await;
    for statement in ["UPDATE events SET summary = 'x'", "DELETE FROM events", "TRUNCATE events"] {
        let error = sqlx::query(statement).execute(&db).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{statement}: {error}");
    }
    let mut conn = db.acquire().await.unwrap();
    assert_eq!(broken_link(&mut conn, run.project).await.unwrap(), None, "the chain holds");
    // Somebody with all rights of the database switches the trigger off.
    sqlx::query("ALTER TABLE events DISABLE TRIGGER events_append_only").execute(&db).await.unwrap();
    let changed: i64 = sqlx::query_scalar("UPDATE events SET summary = 'It was nothing' WHERE project_id = $1 AND kind = 'plan.stored' RETURNING sequence")
        .bind(run.project)
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(broken_link(&mut conn, run.project).await.unwrap(), Some(changed));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn many_writers_at_once_leave_no_gap(db: PgPool) {
    let app = TestApp::start(db.clone()).await;
    let run = app.project().await;
    let reports: Vec<_> = (0..30).map(|number| report(&run, &format!("k{number}"))).collect();
    let calls = reports
        .into_iter()
        .map(|body| app.service("cursor-integration", Method::POST, "/internal/v1/events", Some(body)));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::ACCEPTED), "{answers:?}");
    assert_eq!(broken_link(&mut db.acquire().await.unwrap(), run.project).await.unwrap(), None);
}
