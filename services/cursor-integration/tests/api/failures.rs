//! What goes wrong, and what comes of it.

use std::time::Duration;

use common::testing;
use cursor_integration::{SERVICE, refresh_metrics, worker};
use sandbox::faults::{Kind, NewFault, Surface};
use serde_json::json;
use sqlx::PgPool;

use crate::kit::TestApp;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_invalid_answer_is_sent_back_and_then_taken(db: PgPool) {
    let test = TestApp::start(db).await;
    test.fault(Kind::InvalidAnswer, Some("architect/plan"));
    let result = test.run("plan", &test.body("architect", "plan", "main")).await;
    assert_eq!(result["outcome"], "succeeded", "{result}");
    let runs = test.cursor_runs().await;
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["agent_id"], runs[1]["agent_id"], "the same agent repairs its answer");
    let repair: String = sqlx::query_scalar("SELECT content FROM agent_messages WHERE kind = 'repair'")
        .fetch_one(&test.db)
        .await
        .unwrap();
    assert!(repair.contains("is a required property") && repair.contains("\"errors\""), "{repair}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_answer_that_stays_invalid_is_refused_loudly(db: PgPool) {
    let test = TestApp::start(db).await;
    test.sandbox.faults().add(NewFault::once(Surface::Cursor, Kind::InvalidAnswer).until_cleared());
    let result = test.run("plan", &test.body("architect", "plan", "main")).await;
    assert_eq!(result["outcome"], "invalid_answer", "{result}");
    assert!(result["reason"].as_str().unwrap().starts_with("No valid answer after 2 repair prompts"));
    assert_eq!(result["answer"], json!(null));
    assert_eq!(test.cursor_runs().await.len(), 3);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn finished_without_a_push_is_not_success(db: PgPool) {
    let test = TestApp::start(db).await;
    test.make_branch("m1").await;
    test.fault(Kind::NoBranch, None);
    let result = test.run("m1.implement", &test.body("developer", "implement", "m1")).await;
    assert_eq!(result["outcome"], "no_branch", "{result}");
    assert!(result["reason"].as_str().unwrap().contains("where it was before"));

    // Nobody to look at the branch: then the backend's own record counts.
    test.peers.take_github_away();
    test.fault(Kind::NoBranch, None);
    let result = test.run("m1.implement.2", &test.body("developer", "implement", "m1")).await;
    assert_eq!(result["outcome"], "no_branch", "{result}");
    let result = test.run("m1.implement.3", &test.body("developer", "implement", "m1")).await;
    assert_eq!(result["outcome"], "succeeded", "{result}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_silent_agent_is_stopped_and_so_is_one_past_its_deadline(db: PgPool) {
    let test = TestApp::start(db).await;
    test.sandbox.faults().add(NewFault::once(Surface::Cursor, Kind::Stall).until_cleared());
    let silent = test.body("architect", "plan", "main");
    let mut late = silent.clone();
    late["deadline_seconds"] = json!(120);
    for (step, body, pass, outcome) in [("silent", &silent, 901, "stalled"), ("late", &late, 121, "expired")] {
        assert_eq!(test.ask(step, body).await.status, 202);
        test.until("SELECT count(*) = 1 FROM agent_runs WHERE state = 'running'").await;
        test.clock.advance(Duration::from_secs(pass));
        test.until_finished().await;
        let result = test.result(step, body).await;
        assert_eq!(result["outcome"], outcome, "{result}");
        assert_eq!(test.cursor_runs().await[0]["status"], "CANCELLED");
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn prometheus_hears_of_an_agent_that_is_silent(db: PgPool) {
    let test = TestApp::start(db).await;
    test.sandbox.faults().add(NewFault::once(Surface::Cursor, Kind::Stall).until_cleared());
    assert_eq!(test.ask("silent", &test.body("architect", "plan", "main")).await.status, 202);
    test.until("SELECT count(*) = 1 FROM agent_runs WHERE state = 'running'").await;
    test.clock.advance(Duration::from_secs(700));
    refresh_metrics(&test.app).await.unwrap();
    let page = testing::send(&test.router, http::Method::GET, "/metrics", &[], None).await;
    let text = page.body.as_str().unwrap();
    let silence = text.lines().find_map(|line| line.strip_prefix("agent_run_oldest_silence_seconds ")).unwrap();
    assert!((700..900).contains(&silence.parse::<i64>().unwrap()), "{silence}");
    assert!(text.contains("\nagent_run_stall_seconds 900\n"));
    for zero in ["agent_runs_total{outcome=\"expired\",role=\"qa\",task=\"test\"} ", "agent_cost_cents{role=\"qa\"} "] {
        assert!(text.contains(zero), "{zero} is there before it happens");
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn killed_between_any_two_steps_it_goes_on_without_a_second_agent(db: PgPool) {
    let test = TestApp::start(db).await;
    let body = test.body("architect", "plan", "main");
    test.fault(Kind::InvalidAnswer, None);
    assert_eq!(test.ask("plan", &body).await.status, 202);
    // The agent is made and its follow-up is sent, but the answers are lost: as if we had been killed at that moment.
    test.fault(Kind::DropAfter, Some("POST /v1/agents"));
    test.fault(Kind::DropAfter, Some("POST /v1/agents/*/runs"));
    let started = std::time::Instant::now();
    while !test.says("SELECT count(*) = 0 FROM agent_runs WHERE state <> 'finished'").await {
        assert!(started.elapsed() < Duration::from_secs(120), "the run does not end");
        // A new process for every look.
        worker(&test.app).run_due().await;
        test.clock.advance(Duration::from_secs(6));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let result = test.result("plan", &body).await;
    assert_eq!(result["outcome"], "succeeded", "{result}");
    let runs = test.cursor_runs().await;
    assert_eq!(runs.len(), 2, "one agent, one follow-up: {runs:?}");
    assert_eq!(runs[0]["agent_id"], runs[1]["agent_id"]);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_process_that_dies_in_the_middle_of_a_call_is_replaced(db: PgPool) {
    let test = TestApp::start(db).await;
    let body = test.body("architect", "plan", "main");
    assert_eq!(test.ask("plan", &body).await.status, 202);
    test.sandbox
        .faults()
        .add(NewFault::once(Surface::Cursor, Kind::Delay { milliseconds: 1_500 }).on("POST /v1/agents"));
    let doomed = worker(&test.app);
    let process = tokio::spawn(async move { doomed.run_due().await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    process.abort();
    assert!(test.says("SELECT start_tried_at IS NOT NULL FROM agent_runs").await, "it died while it made the agent");
    test.clock.advance(Duration::from_secs(16)); // its lease runs out
    test.until_finished().await;
    assert_eq!(test.result("plan", &body).await["outcome"], "succeeded");
    assert_eq!(test.cursor_runs().await.len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn throttling_and_outages_delay_a_run_and_nothing_else(db: PgPool) {
    let test = TestApp::start(db).await;
    test.fault(Kind::RateLimit { retry_after_seconds: 7 }, Some("POST /v1/agents"));
    test.fault(Kind::Status { status: 503 }, Some("POST /v1/agents"));
    test.fault(Kind::Drop, Some("POST /v1/agents"));
    test.fault(Kind::Status { status: 500 }, Some("GET /v1/agents/*/runs/*"));
    let result = test.run("plan", &test.body("architect", "plan", "main")).await;
    assert_eq!(result["outcome"], "succeeded", "{result}");
    assert_eq!(test.cursor_runs().await.len(), 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_the_backend_refuses_for_good_is_told(db: PgPool) {
    let test = TestApp::with(db, &[("CURSOR_MODEL", "no-such-model")]).await;
    let result = test.run("plan", &test.body("architect", "plan", "main")).await;
    assert_eq!(result["outcome"], "failed", "{result}");
    assert!(result["reason"].as_str().unwrap().contains("no-such-model"), "{result}");
    // A branch that does not exist is asked for again, because Cursor is wrong about that at times.
    let test = TestApp::start(test.db.clone()).await;
    let result = test.run("plan", &test.body("architect", "plan", "no-such-branch")).await;
    assert_eq!(result["outcome"], "failed", "{result}");
    assert!(result["reason"].as_str().unwrap().contains("no-such-branch"), "{result}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_agent_that_fails_is_replaced_once(db: PgPool) {
    let test = TestApp::start(db).await;
    let mut body = test.body("developer", "implement", "main");
    body["milestone"]["key"] = json!("m1");
    test.fault(Kind::Stall, None);
    assert_eq!(test.ask("m1.implement", &body).await.status, 202);
    test.until("SELECT count(*) = 1 FROM agent_runs WHERE state = 'running'").await;
    // The agent vanishes, as when somebody deletes it.
    let agent = test.cursor_runs().await[0]["agent_id"].as_str().unwrap().to_owned();
    let client = common::http::client::Client::new("sandbox");
    let url = format!("{}/v1/agents/{agent}", test.sandbox.url()).parse().unwrap();
    let key = &test.sandbox.context().settings().cursor_api_key;
    client.accept(client.request(http::Method::DELETE, url).basic_auth(key, Some(""))).await.unwrap();
    test.until_finished().await;
    let result = test.result("m1.implement", &body).await;
    assert_eq!(result["outcome"], "succeeded", "{result}");
    assert!(test.says("SELECT generation = 2 FROM agent_runs").await);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_door_is_guarded(db: PgPool) {
    let test = TestApp::start(db).await;
    let body = test.body("architect", "plan", "main");
    let steps = testing::step_headers(test.project, "plan", 1, 1);
    let with = |token| [steps.clone(), vec![token]].concat();

    assert_eq!(test.ask_with(&steps, &body).await.body["code"], "missing_token");
    let foreign = with(testing::bearer("n8n", "notification", &test.clock));
    assert_eq!(test.ask_with(&foreign, &body).await.status, 401);
    let token = testing::bearer("n8n", SERVICE, &test.clock);
    let superseded = [testing::step_headers(test.project, "plan", 1, 0), vec![token.clone()]].concat();
    assert_eq!(test.ask_with(&superseded, &body).await.body["code"], "superseded");
    let other = [testing::step_headers(common::ids::ProjectId::new(), "plan", 1, 1), vec![token]].concat();
    assert_eq!(test.ask_with(&other, &body).await.status, 400);

    for (field, value, code) in [
        ("role", json!("qa"), "role_does_not_fit"),
        ("repository", json!("nonsense"), "invalid_repository"),
        ("branch", json!("--upload-pack=x"), "invalid_branch"),
        ("deadline_seconds", json!(0), "invalid_deadline"),
        ("iteration", json!(0), "invalid_iteration"),
        ("task", json!("dance"), "invalid_body"),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value;
        let answer = test.ask("plan", &wrong).await;
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (422, &json!(code)), "{:?}", answer.body);
    }
    assert!(test.says("SELECT count(*) = 0 FROM agent_runs").await);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_closed_project_stops_its_agents(db: PgPool) {
    let test = TestApp::start(db).await;
    test.fault(Kind::Stall, None);
    assert_eq!(test.ask("plan", &test.body("architect", "plan", "main")).await.status, 202);
    test.until("SELECT count(*) = 1 FROM agent_runs WHERE state = 'running'").await;
    let mut conn = test.db.acquire().await.unwrap();
    common::steps::fence::set_status(&mut conn, test.project, "cancelled", false, test.clock.now()).await.unwrap();
    drop(conn);
    test.until_finished().await;
    assert!(test.says("SELECT outcome = 'cancelled' FROM agent_runs").await);
    assert_eq!(test.cursor_runs().await[0]["status"], "CANCELLED");
}
