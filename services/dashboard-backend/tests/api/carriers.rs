//! Executions are lost, and projects go on.

use common::auth::Role;
use common::ids::ProjectId;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Mode, TestApp, repository};

async fn new_project(app: &TestApp) -> ProjectId {
    let answer = app.workflow("/internal/v1/projects", repository(4711)).await;
    answer.body["project_id"].as_str().unwrap().parse().unwrap()
}

fn triggers(app: &TestApp) -> usize {
    app.n8n.with(|state| state.triggers.len())
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_starting_n8n_is_never_believed(db: PgPool) {
    let app = TestApp::start(db).await;
    app.n8n.with(|state| state.mode = Mode::StartingText);
    let project = new_project(&app).await;
    for mode in [Mode::StartingText, Mode::StartingHtml, Mode::NoDatabase] {
        app.n8n.with(|state| state.mode = mode);
        app.run_jobs().await;
        app.advance(60);
        let execution: Option<String> = sqlx::query_scalar("SELECT carrier_execution_id FROM projects WHERE id = $1")
            .bind(project)
            .fetch_one(&app.app.db)
            .await
            .unwrap();
        assert_eq!(execution, None, "{mode:?} started nothing");
    }
    app.n8n.with(|state| state.mode = Mode::Up);
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1);
    assert_eq!(app.n8n.with(|state| state.triggers[0].clone()), json!({"project_id": project}));
    app.take_over(project, "101").await;
    app.advance(5);
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1, "a registered execution needs no other");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_trigger_that_leads_to_nothing_is_made_again(db: PgPool) {
    let app = TestApp::start(db).await;
    let project = new_project(&app).await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1);
    app.advance(2);
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1, "it may still register");
    app.n8n.with(|state| state.executions.insert("101".to_owned(), "crashed"));
    app.advance(2);
    app.run_jobs().await;
    assert_eq!(triggers(&app), 2, "n8n says that it is dead");
    app.advance(30);
    app.run_jobs().await;
    assert_eq!(triggers(&app), 3, "nobody registered in time");
    assert_eq!(app.status(project).await, "received");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn of_two_executions_one_gets_the_project(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let same = app.register(run.project, &run.execution).await;
    assert_eq!(
        (same.body["proceed"].as_bool(), same.body["epoch"].as_i64()),
        (Some(true), Some(run.epoch)),
        "the same one gets the same answer"
    );
    app.n8n.with(|state| state.executions.insert("900".to_owned(), "running"));
    let other = app.register(run.project, "900").await;
    assert_eq!(other.body["proceed"], false);
    assert!(other.body["reason"].as_str().unwrap().contains(&run.execution), "{:?}", other.body);
    assert_eq!(other.body["project"]["repository"]["full_name"], "acme/pocket-ledger-4711");
    app.n8n.with(|state| state.mode = Mode::StartingHtml);
    assert_eq!(app.register(run.project, "901").await.body["proceed"], false, "no word from n8n is no word of death");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_lost_execution_is_replaced(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    for alive in ["running", "waiting", "new"] {
        app.n8n.with(|state| state.executions.insert(run.execution.clone(), alive));
        app.reconcile().await;
    }
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1, "one that lives is left alone");
    for mode in [Mode::StartingText, Mode::StartingHtml, Mode::NoDatabase] {
        app.n8n.with(|state| state.mode = mode);
        app.reconcile().await;
    }
    app.n8n.with(|state| state.mode = Mode::Up);
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1, "an n8n that does not answer has not lost anything");
    app.n8n.with(|state| state.executions.remove(&run.execution));
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 2, "one that n8n no longer knows is replaced");
    let new = app.take_over(run.project, "102").await;
    assert_eq!(new.epoch, run.epoch + 1);
    app.n8n.with(|state| state.executions.insert("102".to_owned(), "crashed"));
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 3);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_answer_that_nobody_fetches_brings_a_new_execution(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    let ada = app.user("Ada", Role::Approver).await;
    app.n8n.with(|state| state.executions.insert(run.execution.clone(), "running"));
    let path = format!("/api/v1/decisions/{decision}/answers");
    app.person(ada, Role::Approver, Method::POST, &path, Some(json!({"choice": "approve"}))).await;
    app.run_jobs().await;
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1, "it may be on its way");
    app.advance(90);
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 2);
    assert_eq!(app.n8n.with(|state| state.stops.clone()), std::slice::from_ref(&run.execution), "the old one is ended");
    let new = app.take_over(run.project, "102").await;
    let asked = app
        .step(&new, "/decisions", "plan.decision", 1, json!({"type": "plan", "title": "t", "options": ["approve"]}))
        .await;
    assert_eq!(asked.body["result"]["choice"], "approve", "the answer was not lost");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_execution_that_stands_still_is_replaced(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    let ada = app.user("Ada", Role::Approver).await;
    let set = |execution: &str, status| {
        app.n8n.with(|state| state.executions.insert(execution.to_owned(), status));
    };
    app.n8n.with(|state| state.waits_for.insert(run.execution.clone(), "sub".to_owned()));
    set(&run.execution, "waiting");
    set("sub", "waiting");
    app.advance(3600);
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1, "a question is open: people take their time");

    let path = format!("/api/v1/decisions/{decision}/answers");
    app.person(ada, Role::Approver, Method::POST, &path, Some(json!({"choice": "approve"}))).await;
    let question = json!({"type": "plan", "title": "t", "options": ["approve"]});
    app.step(&run, "/decisions", "plan.decision", 1, question).await; // it has fetched the answer
    app.advance(3600);
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1, "the sub-workflow sits in a Wait node of its own");

    // The sub-workflow has ended, and n8n could not write that down.
    set("sub", "running");
    app.step(&run, "/milestones/next", "milestones.next", 1, json!({})).await;
    app.advance(300);
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 1, "a node may take that long");
    app.advance(90);
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 2);
    assert_eq!(app.n8n.with(|state| state.stops.clone()), std::slice::from_ref(&run.execution));
    let new = app.take_over(run.project, "102").await;
    assert_eq!(new.epoch, run.epoch + 1);
    set("102", "running");
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(triggers(&app), 2, "the new one has just begun");
}

async fn fail(app: &TestApp, execution: &str, name: &str) {
    let body = json!({"execution_id": execution, "workflow": "w", "node": "Commit the files", "error": {"name": name, "message": "it broke"}});
    let reported = app.workflow("/internal/v1/executions/errors", body).await;
    assert_eq!(reported.status, StatusCode::ACCEPTED);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn three_failures_at_one_node_are_put_to_people(db: PgPool) {
    let app = TestApp::start(db).await;
    let ada = app.user("Ada", Role::Approver).await;
    let run = app.project().await;
    let mut execution = run.execution.clone();
    for round in 2..=4 {
        fail(&app, &execution, "NodeApiError").await;
        fail(&app, &execution, "NodeApiError").await; // reported twice, counted once
        app.advance(10);
        app.run_jobs().await;
        if round < 4 {
            assert_eq!(triggers(&app), round, "another try");
            execution = (100 + round).to_string();
            app.take_over(run.project, &execution).await;
        }
    }
    assert_eq!(app.status(run.project).await, "failed");
    assert_eq!(triggers(&app), 3, "no fourth try by itself");
    assert_eq!(app.register(run.project, "990").await.body["proceed"], false);
    let page = app.person(ada, Role::Operator, Method::GET, &format!("/api/v1/projects/{}", run.project), None).await;
    assert!(
        page.body["status_reason"].as_str().unwrap().contains("Commit the files"),
        "{:?}",
        page.body["status_reason"]
    );
    let decision = page.body["waiting_decision_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/decisions/{decision}/answers");
    let answered = app.person(ada, Role::Approver, Method::POST, &path, Some(json!({"choice": "retry"}))).await;
    assert_eq!(answered.body["decision"]["status"], "applied", "{:?}", answered.body);
    assert_eq!(app.status(run.project).await, "received");
    app.run_jobs().await;
    assert_eq!(triggers(&app), 4);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_operator_retries_and_the_question_is_withdrawn(db: PgPool) {
    let app = TestApp::start(db).await;
    let ada = app.user("Ada", Role::Operator).await;
    let run = app.project().await;
    for execution in [run.execution.as_str(), "102", "103"] {
        if execution != run.execution {
            app.take_over(run.project, execution).await;
        }
        fail(&app, execution, "NodeApiError").await;
    }
    assert_eq!(app.status(run.project).await, "failed");
    let retried = app
        .person(ada, Role::Operator, Method::POST, &format!("/api/v1/projects/{}/retry", run.project), Some(json!({})))
        .await;
    assert_eq!(
        (retried.status, retried.body["status"].as_str()),
        (StatusCode::OK, Some("received")),
        "{:?}",
        retried.body
    );
    assert_eq!(retried.body["waiting_decision_id"], json!(null));
    let again = app
        .person(ada, Role::Operator, Method::POST, &format!("/api/v1/projects/{}/retry", run.project), Some(json!({})))
        .await;
    assert_eq!((again.status, again.body["code"].as_str()), (StatusCode::CONFLICT, Some("wrong_state")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_crash_of_n8n_is_nobodys_failure(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let mut execution = run.execution.clone();
    for round in 2..=6 {
        fail(&app, &execution, "WorkflowCrashedError").await;
        app.run_jobs().await;
        execution = (100 + round).to_string();
        app.take_over(run.project, &execution).await;
    }
    assert_eq!(app.status(run.project).await, "received");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_skipped_milestone_is_gone_around(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.approved().await;
    let ada: common::ids::UserId = sqlx::query_scalar("SELECT id FROM users WHERE email = 'ada@example.org'")
        .fetch_one(&app.app.db)
        .await
        .unwrap();
    app.step(&run, "/milestones/next", "milestones.next", 1, json!({})).await;
    for execution in [run.execution.as_str(), "902", "903"] {
        if execution != run.execution {
            app.take_over(run.project, execution).await;
        }
        fail(&app, execution, "NodeApiError").await;
    }
    let page = app.person(ada, Role::Viewer, Method::GET, &format!("/api/v1/projects/{}", run.project), None).await;
    let path = format!("/api/v1/decisions/{}/answers", page.body["waiting_decision_id"].as_str().unwrap());
    let answered = app.person(ada, Role::Approver, Method::POST, &path, Some(json!({"choice": "skip"}))).await;
    assert_eq!(answered.status, StatusCode::OK, "{:?}", answered.body);
    let new = app.take_over(run.project, "904").await;
    let next = app.step(&new, "/milestones/next", "milestones.next", 1, json!({})).await;
    assert_eq!(next.body["milestone"]["key"], "m2");
    let last = app.step(&new, "/milestones/next", "milestones.next", 2, json!({})).await;
    assert_eq!(last.body["milestone"]["key"], "m2", "not built yet, so still the next one");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_error_of_an_execution_nobody_knows_is_kept_quietly(db: PgPool) {
    let app = TestApp::start(db).await;
    fail(&app, "31337", "NodeApiError").await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM execution_errors").fetch_one(&app.app.db).await.unwrap();
    assert_eq!(kept, 1);
}
