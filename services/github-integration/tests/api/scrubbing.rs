//! What is secret or personal goes in and does not come out.

use common::auth::Role;
use common::ids::UserId;
use common::testing::{Recorded, bait, bearer, send, signed_in};
use http::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::kit::{SECRET, TestApp};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn no_secret_and_no_person_comes_out(db: PgPool) {
    let recorded = Recorded::new("json", "trace");
    let guard = tracing::dispatcher::set_default(&recorded.dispatch);
    let app = TestApp::start(db).await;
    let description = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let headers = [
        signed_in(UserId::new(), Role::Admin, "github-integration", &app.clock),
        bearer("n8n", "github-integration", &app.clock),
    ];
    let mut answers = bait::every_door(&app.router, &description, &headers).await;
    let payload = json!({"ref": bait::SECRETS, "repository": {"id": 1, "full_name": bait::PEOPLE, "name": bait::REGISTERED},
        "sender": {"id": 1, "login": "demo", "email": bait::EMAIL},
        "commits": [{"message": bait::SECRETS, "author": {"email": bait::EMAIL, "name": bait::PEOPLE}}]});
    answers.push(app.deliver("push", "guid-1", &payload).await);
    answers
        .push(app.deliver("issues", bait::REGISTERED, &json!({"action": bait::SECRETS, "body": bait::PEOPLE})).await);
    answers.push(app.deliver_raw(&[("x-hub-signature-256", bait::SECRETS)], bait::SECRETS).await);
    app.run_due_jobs().await;
    let metrics = send(&app.router, Method::GET, "/metrics", &[], None).await.body;
    drop(guard);
    assert!(recorded.text().contains("answered"), "the lines were recorded");
    bait::assert_none(&[&recorded.text(), metrics.as_str().unwrap()], &answers);
    for secret in [SECRET, common::testing::SERVICE_SECRET] {
        assert!(!recorded.text().contains(secret));
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn webhooks_go_when_they_were_kept_long_enough(db: PgPool) {
    let app = TestApp::with(db, &[("GITHUB_KEEP_DELIVERIES_DAYS", "10")]).await;
    app.deliver("ping", "old", &json!({"zen": "Keep it simple"})).await;
    app.deliver("ping", "failed", &json!({"zen": "Keep it simple"})).await;
    app.run_due_jobs().await;
    sqlx::query("UPDATE webhook_deliveries SET state = 'failed' WHERE delivery_id = 'failed'")
        .execute(&app.db)
        .await
        .unwrap();
    app.clock.advance(std::time::Duration::from_hours(24 * 9));
    app.deliver("ping", "new", &json!({"zen": "Keep it simple"})).await;
    app.run_due_jobs().await;
    github_integration::worker(&app.app).tidy_up().await;
    assert_eq!(app.count("SELECT count(*) FROM webhook_deliveries").await, 3, "nothing is old enough");
    app.clock.advance(std::time::Duration::from_hours(24 * 2));
    github_integration::worker(&app.app).tidy_up().await;
    assert_eq!(app.count("SELECT count(*) FROM webhook_deliveries WHERE delivery_id IN ('failed', 'new')").await, 2);
    assert_eq!(app.count("SELECT count(*) FROM webhook_deliveries").await, 2, "what failed waits for somebody");
}
