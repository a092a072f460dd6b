//! What is secret or personal goes in and does not come out; and transcripts go when they were kept long enough.

use std::time::Duration;

use common::auth::Role;
use common::ids::UserId;
use common::testing::{Recorded, bait, bearer, send, signed_in};
use http::Method;
use sandbox::faults::Kind;
use serde_json::json;
use sqlx::PgPool;

use crate::kit::TestApp;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn no_secret_and_no_person_comes_out(db: PgPool) {
    let recorded = Recorded::new("json", "trace");
    let guard = tracing::dispatcher::set_default(&recorded.dispatch);
    let test = TestApp::start(db).await;
    let description = serde_json::from_str(include_str!("../../openapi.json")).unwrap();
    let headers = [
        signed_in(UserId::new(), Role::Admin, "cursor-integration", &test.clock),
        bearer("n8n", "cursor-integration", &test.clock),
    ];
    let mut answers = bait::every_door(&test.router, &description, &headers).await;
    // A note that nobody expects is refused; a run goes on after the backend failed once.
    let mut odd = test.body("architect", "plan", "main");
    odd["inputs"]["note"] = json!(format!("{} {}", bait::SECRETS, bait::PEOPLE));
    answers.push(test.ask("plan", &odd).await);
    test.fault(Kind::Status { status: 500 }, None);
    test.run("plan", &test.body("architect", "plan", "main")).await;
    let metrics = send(&test.router, Method::GET, "/metrics", &[], None).await.body;
    drop(guard);
    assert!(recorded.text().contains("the run has ended"), "the lines were recorded");
    bait::assert_none(&[&recorded.text(), metrics.as_str().unwrap()], &answers);
    assert!(!recorded.text().contains(common::testing::SERVICE_SECRET));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_transcript_goes_and_its_run_stays(db: PgPool) {
    let test = TestApp::with(db, &[("CURSOR_KEEP_TRANSCRIPTS_DAYS", "30")]).await;
    test.run("plan", &test.body("architect", "plan", "main")).await;
    let count = async |sql: &'static str| -> i64 { sqlx::query_scalar(sql).fetch_one(&test.app.db).await.unwrap() };
    let said = count("SELECT count(*) FROM agent_messages").await;
    assert!(said > 0);
    for (days, left) in [(29, said), (2, 0)] {
        test.clock.advance(Duration::from_hours(24 * days));
        cursor_integration::worker(&test.app).tidy_up().await;
        assert_eq!(count("SELECT count(*) FROM agent_messages").await, left);
    }
    assert_eq!(count("SELECT count(*) FROM agent_runs WHERE answer IS NOT NULL").await, 1);
    assert!(count("SELECT count(*) FROM token_usage").await > 0, "what it cost stays as well");
}
