//! What Prometheus is told of decisions and budgets. Asked of the store: the metrics themselves belong to the whole process.

use common::auth::Role;
use dashboard_backend::store::{budgets, decisions, metrics};
use http::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{TestApp, noon};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn decisions_are_counted_by_how_they_ended_and_how_long_people_took(db: PgPool) {
    let app = TestApp::start(db).await;
    let (_, decision) = app.asked_for_plan().await;
    let numbers = async || {
        let mut conn = app.app.db.acquire().await.unwrap();
        let rows = decisions::numbers(&mut conn, app.clock.now() - time::Duration::days(7)).await.unwrap();
        rows.into_iter().find(|row| row.decision_type == "plan").unwrap()
    };
    let waiting = numbers().await;
    assert_eq!((waiting.pending, waiting.oldest_pending, waiting.answered), (1, Some(noon()), 0));
    assert_eq!(waiting.median_wait_seconds, None);

    app.advance(600);
    let ada = app.user("Ada", Role::Approver).await;
    let path = format!("/api/v1/decisions/{decision}/answers");
    let answer = app.person(ada, Role::Approver, Method::POST, &path, Some(json!({"choice": "approve"}))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let over = numbers().await;
    assert_eq!((over.pending, over.oldest_pending, over.answered, over.by_policy), (0, None, 1, 0));
    assert_eq!(over.median_wait_seconds, Some(600.0));

    app.advance(8 * 86_400);
    assert_eq!(numbers().await.median_wait_seconds, None, "what was long ago does not count");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_budget_nearest_to_its_limit_is_told(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let mut conn = app.app.db.acquire().await.unwrap();
    let used = async |conn: &mut sqlx::PgConnection, scope: &str, period: &str| {
        let rows = budgets::used(conn, app.clock.now()).await.unwrap();
        rows.into_iter()
            .find(|row| row.scope == scope && row.period == period)
            .map(|row| (row.used_ratio, row.near_limit))
    };
    assert_eq!(used(&mut conn, "project", "project").await, None, "without a budget nothing is near");

    let spend = async |name: &str, value: f64, at: time::OffsetDateTime| {
        let metric = metrics::NewMetric {
            project_id: run.project,
            stage_id: None,
            name,
            subject: &format!("{name}{at}"),
            value,
            unit: "",
        };
        let mut conn = app.app.db.acquire().await.unwrap();
        metrics::upsert(&mut conn, &metric, at).await.unwrap();
    };
    spend(metrics::COST, 30.0, noon() - time::Duration::days(2)).await;
    spend(metrics::COST, 45.0, noon()).await;
    spend(metrics::TOKENS, 900.0, noon()).await;
    for (project, period, cents, tokens) in [
        (None, "project", Some(1_000_i64), None),
        (Some(run.project.0), "project", Some(100), Some(1_000_i64)),
        (None, "day", Some(90), None),
        (None, "month", Some(300), None),
    ] {
        sqlx::query(
            "INSERT INTO budgets (id, project_id, period, limit_cents, limit_tokens, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, now(), now())",
        )
        .bind(uuid::Uuid::now_v7())
        .bind(project)
        .bind(period)
        .bind(cents)
        .bind(tokens)
        .execute(&mut *conn)
        .await
        .unwrap();
    }
    assert_eq!(
        used(&mut conn, "project", "project").await,
        Some((0.9, 1)),
        "its own budget, by tokens, which are nearer than cents"
    );
    assert_eq!(used(&mut conn, "installation", "day").await, Some((0.5, 0)), "only today's");
    assert_eq!(used(&mut conn, "installation", "month").await, Some((0.25, 0)));

    // What is set aside for runs under way counts like what was spent.
    let path = format!("/internal/v1/projects/{}/budget/reservations", run.project);
    let body = json!({"run_id": uuid::Uuid::now_v7(), "role": "qa", "task": "test", "deadline_seconds": 60});
    sqlx::query("UPDATE budgets SET limit_cents = limit_cents * 100, limit_tokens = limit_tokens * 1000")
        .execute(&mut *conn)
        .await
        .unwrap();
    let answer = app.service("cursor-integration", Method::POST, &path, Some(body)).await;
    assert_eq!(answer.body["status"], "reserved", "{}", answer.body);
    let (ratio, _) = used(&mut conn, "installation", "day").await.unwrap();
    assert!((ratio - 145.0 / 9_000.0).abs() < 1e-9, "a dollar is set aside: {ratio}");
}
