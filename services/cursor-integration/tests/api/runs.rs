//! Every task, from the workflow's call to its result.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::kit::TestApp;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_plan_comes_back_validated_and_is_replayed(db: PgPool) {
    let test = TestApp::start(db).await;
    let body = test.body("architect", "plan", "main");
    let result = test.run("plan", &body).await;
    assert_eq!(result["outcome"], "succeeded", "{result}");
    assert_eq!(result["answer"]["project_type"], "cli");
    let requirements = result["answer"]["requirements"].as_array().unwrap();
    assert!(requirements.len() > 5 && requirements[0]["id"] == "REQ-1", "ours are kept: {requirements:?}");
    assert!(result["usage"]["total_tokens"].as_i64() > Some(500), "{}", result["usage"]);
    assert_eq!(result["usage"]["source"], "api");

    let again = test.ask("plan", &body).await;
    assert_eq!(again.headers.get("x-qp-replayed").unwrap(), "true");
    assert_eq!(again.body["result"], result);
    assert_eq!(test.cursor_runs().await.len(), 1, "one run, however often it is asked for");
    assert!(test.peers.resumes() >= 1, "the workflow was woken");
    let (started, finished) = (test.peers.events("agent_run.started"), test.peers.events("agent_run.finished"));
    assert_eq!((started.len(), finished.len()), (1, 1));
    assert_eq!(finished[0]["data"]["outcome"], "succeeded");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_milestone_is_built_tested_repaired_and_reviewed(db: PgPool) {
    let test = TestApp::start(db).await;
    test.make_branch("quantapilot/m1").await;
    let before = test.head("quantapilot/m1").await;

    let built = test.run("m1.implement", &test.body("developer", "implement", "quantapilot/m1")).await;
    assert_eq!(built["outcome"], "succeeded", "{built}");
    let pushed = test.head("quantapilot/m1").await;
    assert_ne!(pushed, before);
    assert_eq!(built["answer"]["commit"], pushed);

    let tested = test.run("m1.test", &test.body("qa", "test", "quantapilot/m1")).await;
    assert_eq!((&tested["outcome"], &tested["answer"]["verdict"]), (&json!("succeeded"), &json!("fail")), "{tested}");
    let findings = tested["answer"]["findings"].clone();

    let mut fix = test.body("developer", "fix", "quantapilot/m1");
    fix["inputs"]["findings"] = findings.clone();
    let fixed = test.run("m1.fix", &fix).await;
    assert_eq!(fixed["outcome"], "succeeded", "{fixed}");
    assert_eq!(fixed["answer"]["addressed"].as_array().unwrap().len(), findings.as_array().unwrap().len());

    let retested = test.run("m1.test.2", &test.body("qa", "test", "quantapilot/m1")).await;
    assert_eq!(retested["outcome"], "succeeded", "{retested}");
    assert_eq!((&retested["answer"]["verdict"], &retested["answer"]["commit"]), (&json!("pass"), &Value::Null));

    let review = test.run("m1.review", &test.body("architect", "review", "quantapilot/m1")).await;
    assert_eq!(review["answer"]["verdict"], "approve", "{review}");
    assert_eq!(test.cursor_runs().await.len(), 5);
    assert!(test.cursor_runs().await.iter().all(|run| run["archived"] == true), "agents are released");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn places_are_limited_and_the_next_run_waits(db: PgPool) {
    let test = TestApp::with(db, &[("CURSOR_MAX_RUNNING", "1")]).await;
    let body = test.body("architect", "plan", "main");
    test.fault(sandbox::faults::Kind::Stall, Some("architect/plan"));
    assert_eq!(test.ask("plan.a", &body).await.status, 202);
    test.until("SELECT count(*) = 1 FROM agent_runs WHERE state = 'running'").await;
    assert_eq!(test.ask("plan.b", &body).await.status, 202);
    for _ in 0..5 {
        test.worker.run_due().await;
        test.clock.advance(std::time::Duration::from_secs(3));
    }
    assert!(test.says("SELECT count(*) = 1 FROM agent_runs WHERE state = 'queued'").await);
    assert_eq!(test.cursor_runs().await.len(), 1);
    test.clock.advance(std::time::Duration::from_secs(1000));
    test.until_finished().await;
    assert_eq!(test.result("plan.a", &body).await["outcome"], "stalled");
    assert_eq!(test.result("plan.b", &body).await["outcome"], "succeeded");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn cost_comes_late_and_is_read_again(db: PgPool) {
    let test = TestApp::start(db).await;
    let result = test.run("plan", &test.body("architect", "plan", "main")).await;
    assert_eq!(result["usage"]["cost_cents"], Value::Null, "not settled yet");
    assert!(test.peers.events("agent_run.usage").is_empty());
    assert_eq!(test.peers.events("agent_run.finished")[0]["data"]["usage_final"], false, "the cost is still to come");
    // The sandbox stands for the world outside: its five seconds are real ones.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    test.clock.advance(std::time::Duration::from_secs(61));
    test.worker.run_due().await;
    let events = test.peers.events("agent_run.usage");
    assert_eq!(events.len(), 1);
    assert!(events[0]["data"]["usage"]["cost_cents"].as_f64() > Some(0.0), "{}", events[0]);
    assert_eq!(events[0]["data"]["usage_final"], true);
    assert!(test.says("SELECT bool_and(final AND cost_cents > 0) FROM token_usage").await);
}
