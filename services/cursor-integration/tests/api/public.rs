//! What people see and may do.

use common::auth::Role;
use http::Method;
use sandbox::faults::Kind;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::kit::TestApp;

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn runs_transcripts_and_usage_can_be_read(db: PgPool) {
    let test = TestApp::start(db).await;
    let result = test.run("plan", &test.body("architect", "plan", "main")).await;
    let id = result["run_id"].as_str().unwrap();

    let path = format!("/api/v1/agent-runs?project_id={}", test.project);
    let list = test.person(Role::Viewer, Method::GET, &path, None).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1, "{:?}", list.body);
    let run = test.person(Role::Viewer, Method::GET, &format!("/api/v1/agent-runs/{id}"), None).await;
    assert_eq!(run.body, list.body["items"][0]);
    assert_eq!((&run.body["state"], &run.body["outcome"]), (&json!("finished"), &json!("succeeded")));
    assert_eq!(run.body["total_tokens"], result["usage"]["total_tokens"]);

    let path = format!("/api/v1/agent-runs/{id}/messages");
    let messages = test.person(Role::Viewer, Method::GET, &path, None).await;
    let items = messages.body["items"].as_array().unwrap();
    let kinds: Vec<&str> = items.iter().map(|message| message["kind"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"prompt"), Some(&"answer")), "{kinds:?}");
    assert!(kinds.contains(&"tool_call") && kinds.contains(&"progress"), "{kinds:?}");
    let prompt = items[0]["content"].as_str().unwrap();
    assert!(prompt.contains("REQ-1") && prompt.contains("A project b"), "foreign names lose their marks: {prompt}");

    let usage = test.person(Role::Viewer, Method::GET, "/api/v1/usage", None).await;
    assert_eq!((&usage.body["runs"], &usage.body["by_task"][0]["task"]), (&json!(1), &json!("plan")));
    assert_eq!(usage.body["total_tokens"], result["usage"]["total_tokens"]);

    let missing = format!("/api/v1/agent-runs/{}", uuid::Uuid::now_v7());
    assert_eq!(test.person(Role::Viewer, Method::GET, &missing, None).await.status, 404);
    assert_eq!(test.person(Role::Viewer, Method::GET, "/api/v1/agent-runs/nonsense", None).await.status, 404);
    let anonymous = common::testing::send(&test.router, Method::GET, "/api/v1/agent-runs", &[], None).await;
    assert_eq!(anonymous.status, 401);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_operator_stops_a_run(db: PgPool) {
    let test = TestApp::start(db).await;
    test.fault(Kind::Stall, None);
    let body = test.body("architect", "plan", "main");
    let id = test.ask("plan", &body).await.body["id"].as_str().unwrap().to_owned();
    test.until("SELECT count(*) = 1 FROM agent_runs WHERE state = 'running'").await;
    let path = format!("/api/v1/agent-runs/{id}/cancel");
    assert_eq!(test.person(Role::Approver, Method::POST, &path, None).await.body["code"], "role_required");
    let stopping = test.person(Role::Operator, Method::POST, &path, None).await;
    assert_eq!((stopping.status.as_u16(), &stopping.body["cancel_reason"]), (200, &json!("cancelled")));
    test.until_finished().await;
    assert_eq!(test.result("plan", &body).await["outcome"], "cancelled");
    assert_eq!(test.cursor_runs().await[0]["status"], "CANCELLED");
    assert_eq!(test.person(Role::Operator, Method::POST, &path, None).await.body["code"], "run_has_ended");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn prompt_templates_can_be_replaced_and_put_back(db: PgPool) {
    let test = TestApp::start(db).await;
    let path = "/api/v1/prompt-templates/plan/versions";
    let template = |body: &str| Some(json!({"body": body}));
    let refused = test.person(Role::Admin, Method::POST, path, template("{{{context}}} {{nonsense}}")).await;
    assert_eq!(refused.body["code"], "template_unusable");
    let refused = test.person(Role::Admin, Method::POST, path, template("no context")).await;
    assert_eq!(refused.body["code"], "template_unusable");
    let taken =
        test.person(Role::Admin, Method::POST, path, template("Our own way for {{project}}.\n\n{{{context}}}")).await;
    assert_eq!((taken.status.as_u16(), &taken.body["version"]), (201, &json!(1)));

    let result = test.run("plan", &test.body("architect", "plan", "main")).await;
    assert_eq!(result["outcome"], "succeeded", "the task block is ours, whatever the template says: {result}");
    let messages = format!("/api/v1/agent-runs/{}/messages?limit=1", result["run_id"].as_str().unwrap());
    let first = test.person(Role::Viewer, Method::GET, &messages, None).await;
    assert!(first.body["items"][0]["content"].as_str().unwrap().starts_with("Our own way for A project b."));

    let reset = test.person(Role::Admin, Method::DELETE, "/api/v1/prompt-templates/plan", None).await;
    assert_eq!(reset.status, 204);
    let list = test.person(Role::Viewer, Method::GET, "/api/v1/prompt-templates", None).await;
    assert_eq!(list.body["items"][0]["version"], Value::Null);
    assert_eq!(list.body["items"][0]["versions"][0]["active"], false);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn readiness_tells_whether_cursor_can_be_reached(db: PgPool) {
    let test = TestApp::start(db).await;
    let get = |path| common::testing::send(&test.router, Method::GET, path, &[], None);
    let ready = get("/health/ready").await;
    assert_eq!((ready.status.as_u16(), &ready.body["status"]), (200, &json!("ok")), "{:?}", ready.body);
    test.fault(Kind::Status { status: 503 }, Some("GET /v1/me"));
    assert_eq!(get("/health/ready").await.body["status"], "ok", "Cursor is not asked each time");
    test.clock.advance(std::time::Duration::from_secs(30));
    let degraded = get("/health/ready").await;
    assert_eq!((degraded.status.as_u16(), &degraded.body["status"]), (200, &json!("degraded")));
}
