//! No run starts before there is money for it.

use std::time::Duration;

use common::auth::Role;
use cursor_integration::worker;
use http::Method;
use sandbox::faults::Kind;
use serde_json::json;
use sqlx::PgPool;

use crate::kit::TestApp;

const WAITING: &str = "SELECT count(*) = 1 FROM agent_runs WHERE state = 'queued'";

/// Many looks, over more than a minute.
async fn look_again_and_again(test: &TestApp) {
    for _ in 0..10 {
        worker(&test.app).run_due().await;
        test.clock.advance(Duration::from_secs(7));
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_held_run_reaches_no_agent_and_starts_once_when_there_is_money(db: PgPool) {
    let test = TestApp::start(db).await;
    test.peers.fund(false);
    let body = test.body("architect", "plan", "main");
    assert_eq!(test.ask("plan", &body).await.status, 202);
    look_again_and_again(&test).await;
    assert!(test.says(WAITING).await);
    assert!(test.cursor_runs().await.is_empty(), "the backend has heard nothing");
    let answer = test.ask("plan", &body).await;
    assert_eq!((answer.status.as_u16(), answer.body["status"].as_str()), (202, Some("pending")), "the workflow waits");
    assert!(test.peers.events("agent_run.started").is_empty());

    let asked = test.peers.reservations();
    assert!(asked.len() > 3, "it asks again and again: {}", asked.len());
    assert!(asked.iter().all(|reservation| *reservation == asked[0]), "always for the same run");
    assert_eq!((&asked[0]["role"], &asked[0]["task"]), (&json!("architect"), &json!("plan")));
    assert_eq!(asked[0]["deadline_seconds"], 3600);

    test.peers.fund(true);
    test.until_finished().await;
    assert_eq!(test.result("plan", &body).await["outcome"], "succeeded");
    assert_eq!(test.cursor_runs().await.len(), 1, "started once");
    assert_eq!(test.peers.events("agent_run.started").len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn killed_after_it_reserved_it_asks_again_and_starts_once(db: PgPool) {
    let test = TestApp::start(db).await;
    let body = test.body("architect", "plan", "main");
    assert_eq!(test.ask("plan", &body).await.status, 202);
    test.sandbox.faults().add(
        sandbox::faults::NewFault::once(sandbox::faults::Surface::Cursor, Kind::Delay { milliseconds: 1_500 })
            .on("POST /v1/agents"),
    );
    let doomed = worker(&test.app);
    let process = tokio::spawn(async move { doomed.run_due().await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    process.abort();
    assert_eq!(test.peers.reservations().len(), 1, "it had its money");
    test.clock.advance(Duration::from_secs(16)); // its lease runs out
    test.until_finished().await;
    assert_eq!(test.result("plan", &body).await["outcome"], "succeeded");
    assert_eq!(test.cursor_runs().await.len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_run_that_is_stopped_while_it_waits_says_that_it_took_nothing(db: PgPool) {
    let test = TestApp::start(db).await;
    test.peers.fund(false);
    let body = test.body("architect", "plan", "main");
    let id = test.ask("plan", &body).await.body["id"].as_str().unwrap().to_owned();
    look_again_and_again(&test).await;
    let path = format!("/api/v1/agent-runs/{id}/cancel");
    assert_eq!(test.person(Role::Operator, Method::POST, &path, None).await.status, 200);
    test.until_finished().await;
    assert_eq!(test.result("plan", &body).await["outcome"], "cancelled");
    let data = test.peers.events("agent_run.finished")[0]["data"].clone();
    assert_eq!((&data["usage"]["total_tokens"], &data["usage_final"]), (&json!(0), &json!(true)), "{data}");
    assert!(test.cursor_runs().await.is_empty());
}
