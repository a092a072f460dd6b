//! The step protocol, as this service's own steps keep it.

use common::ids::ProjectId;
use common::testing::{bearer, send, step_headers};
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Run, TestApp, analysis, green, plan};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_finished_step_answers_from_the_record(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, _) = app.asked_for_plan().await;
    let events = "SELECT count(*) FROM events WHERE project_id = $1";
    let before = app.count(events, run.project).await;
    for (path, step, body) in [
        ("/stages", "analysis.stage", json!({"stage": "analysis", "milestone": null, "iteration": 1})),
        ("/analysis", "analysis.store", analysis()),
        ("/plan", "plan.store", json!({"plan": plan()})),
    ] {
        let again = app.step(&run, path, step, 1, body).await;
        assert_eq!(again.status, StatusCode::OK, "{step}: {:?}", again.body);
        assert_eq!(again.headers.get("x-qp-replayed").unwrap(), "true", "{step}");
    }
    assert_eq!(app.status(run.project).await, "awaiting_approval", "a replay moves nothing");
    assert_eq!(app.count(events, run.project).await, before, "a replay tells nothing");
    assert_eq!(
        app.count("SELECT count(*) FROM artifacts WHERE project_id = $1 AND kind = 'plan'", run.project).await,
        1
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_superseded_execution_does_nothing(db: PgPool) {
    let app = TestApp::start(db).await;
    let old = app.project().await;
    app.n8n.with(|state| state.executions.insert(old.execution.clone(), "crashed"));
    let new = app.take_over(old.project, "900").await;
    assert_eq!(new.epoch, old.epoch + 1);
    let body = json!({"stage": "analysis", "milestone": null, "iteration": 1});
    let refused = app.step(&old, "/stages", "analysis.stage", 1, body.clone()).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (StatusCode::CONFLICT, Some("superseded")));
    assert_eq!(app.status(old.project).await, "received");
    let future = Run { epoch: new.epoch + 1, ..new.clone() };
    let refused = app.step(&future, "/stages", "analysis.stage", 1, body.clone()).await;
    assert_eq!(refused.body["code"], "unknown_epoch");
    assert_eq!(app.step(&new, "/stages", "analysis.stage", 1, body).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_new_execution_fast_forwards_and_goes_on(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.approved().await;
    app.step(&run, "/milestones/next", "milestones.next", 1, json!({})).await;
    app.n8n.with(|state| state.executions.insert(run.execution.clone(), "crashed"));
    let new = app.take_over(run.project, "900").await;
    let replayed = app
        .step(&new, "/decisions", "plan.decision", 1, json!({"type": "plan", "title": "t", "options": ["approve"]}))
        .await;
    assert_eq!(replayed.body["result"]["choice"], "approve");
    let next = app.step(&new, "/milestones/next", "milestones.next", 1, json!({})).await;
    assert_eq!(next.body["milestone"]["key"], "m1");
    let stage = app
        .step(
            &new,
            "/stages",
            "m1.stage-implementation",
            1,
            json!({"stage": "implementation", "milestone": "m1", "iteration": 1}),
        )
        .await;
    assert_eq!(stage.status, StatusCode::OK);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_same_step_twice_at_once_happens_once(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let body = json!({"stage": "analysis", "milestone": null, "iteration": 1});
    let calls = (0..6).map(|_| app.step(&run, "/stages", "analysis.stage", 1, body.clone()));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK && answer.body == answers[0].body));
    assert_eq!(answers.iter().filter(|answer| !answer.headers.contains_key("x-qp-replayed")).count(), 1);
    assert_eq!(app.count("SELECT count(*) FROM project_stages WHERE project_id = $1", run.project).await, 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn red_evidence_goes_back_and_then_to_people(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.approved().await;
    app.step(&run, "/milestones/next", "milestones.next", 1, json!({})).await;
    for (iteration, verdict) in [(1, "fix"), (2, "fix"), (3, "fix"), (4, "human")] {
        let stage = json!({"stage": "testing", "milestone": "m1", "iteration": iteration});
        if iteration == 1 {
            app.step(
                &run,
                "/stages",
                "m1.stage-implementation",
                1,
                json!({"stage": "implementation", "milestone": "m1", "iteration": 1}),
            )
            .await;
        }
        app.step(&run, "/stages", "m1.stage-testing", iteration, stage).await;
        let mut evidence = green("testing", "m1", iteration);
        evidence["qa"] = json!({"verdict": "fail", "summary": "one bug", "tests": {"command": "t", "passed": 3, "failed": 1},
            "findings": [{"id": "F1", "severity": "major", "title": "Negative amounts are lost", "detail": "-5 reads as 5"}]});
        let gate = app.step(&run, "/gates", "m1.gates-testing", iteration, evidence).await;
        assert_eq!(gate.body["verdict"], verdict, "attempt {iteration}: {:?}", gate.body);
        assert_eq!(gate.body["findings"][0]["id"], "F1");
    }
    let context = app
        .service("cursor-integration", Method::GET, &format!("/internal/v1/projects/{}/context", run.project), None)
        .await;
    assert_eq!(context.body["open_findings"][0]["title"], "Negative amounts are lost");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_plan_that_cannot_be_built_is_refused_with_reasons(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    app.step(&run, "/stages", "analysis.stage", 1, json!({"stage": "analysis", "milestone": null, "iteration": 1}))
        .await;
    app.step(&run, "/analysis", "analysis.store", 1, analysis()).await;
    app.step(&run, "/stages", "plan.stage", 1, json!({"stage": "planning", "milestone": null, "iteration": 1})).await;
    let shapeless = app.step(&run, "/plan", "plan.store", 1, json!({"plan": {"summary": 5}})).await;
    assert_eq!((shapeless.status, shapeless.body["accepted"].as_bool()), (StatusCode::OK, Some(false)));
    let mut hostile = plan();
    hostile["documents"][0]["path"] = json!("../../.ssh/authorized_keys");
    hostile["milestones"][1]["tasks"][0]["requirement_ids"] = json!([]);
    let refused = app.step(&run, "/plan", "plan.store", 2, json!({"plan": hostile})).await;
    assert_eq!(refused.body["accepted"], false);
    let rules: Vec<_> =
        refused.body["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"plan/path") && rules.contains(&"plan-requirement-uncovered"), "{rules:?}");
    let good = app.step(&run, "/plan", "plan.store", 3, json!({"plan": plan()})).await;
    assert_eq!(good.body["accepted"], true, "{:?}", good.body);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_step_needs_its_headers_and_a_service(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let path = format!("/internal/v1/projects/{}/stages", run.project);
    let body = json!({"stage": "analysis"});
    let no_key = app.workflow(&path, body.clone()).await;
    assert_eq!(no_key.body["code"], "idempotency_key_required");
    let nobody =
        send(&app.router, Method::POST, &path, &step_headers(run.project, "s", 1, run.epoch), Some(body.clone())).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let mut foreign = step_headers(ProjectId::new(), "s", 1, 1);
    foreign.push(bearer("n8n", "dashboard-backend", &app.clock));
    let other = send(&app.router, Method::POST, &path, &foreign, Some(body.clone())).await;
    assert_eq!(other.body["code"], "project_mismatch");
    let mut wrong_audience = step_headers(run.project, "s", 1, run.epoch);
    wrong_audience.push(bearer("n8n", "notification", &app.clock));
    let refused = send(&app.router, Method::POST, &path, &wrong_audience, Some(body)).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("invalid_token")));
}
