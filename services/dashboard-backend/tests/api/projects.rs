//! Projects as operators steer them and people see them.

use common::auth::Role;
use common::ids::UserId;
use common::testing::signed_in;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Mode, Run, TestApp, repository};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn one_repository_is_one_project_however_often_it_is_announced(db: PgPool) {
    let app = TestApp::start(db).await;
    let calls = (0..10).map(|_| app.workflow("/internal/v1/projects", repository(1)));
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count(), 1);
    assert!(answers.iter().all(|answer| answer.body["project_id"] == answers[0].body["project_id"]), "{answers:?}");
    app.run_jobs().await;
    assert_eq!(app.n8n.with(|state| state.triggers.len()), 1);
}

async fn steer(app: &TestApp, run: &Run, order: &str) -> common::testing::Answer {
    let operator = common::ids::UserId::new();
    app.person(
        operator,
        Role::Operator,
        Method::POST,
        &format!("/api/v1/projects/{}/{order}", run.project),
        Some(json!({"reason": "because"})),
    )
    .await
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_paused_project_starts_no_question_and_goes_on_after(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let paused = steer(&app, &run, "pause").await;
    assert_eq!((paused.status, paused.body["status"].as_str()), (StatusCode::OK, Some("paused")), "{:?}", paused.body);
    assert_eq!(paused.body["actions"], json!(["resume", "cancel"]));
    let question = json!({"type": "stuck", "title": "What now?", "options": ["retry", "stop"], "execution_id": run.execution,
        "resume_url": format!("http://n8n/webhook-waiting/{}?signature=s", run.execution)});
    let held = app.step(&run, "/decisions", "stuck", 1, question.clone()).await;
    assert_eq!(held.status, StatusCode::ACCEPTED);
    assert_eq!(
        app.count("SELECT count(*) FROM hitl_decisions WHERE project_id = $1", run.project).await,
        0,
        "nobody is asked meanwhile"
    );
    // What was under way may still come to its end.
    let stage = app.step(&run, "/stages", "analysis.stage", 1, json!({"stage": "analysis"})).await;
    assert_eq!(stage.status, StatusCode::OK);
    assert_eq!(app.status(run.project).await, "paused");
    app.n8n.with(|state| state.executions.insert(run.execution.clone(), "waiting"));
    let resumed = steer(&app, &run, "resume").await;
    assert_eq!(resumed.body["status"], "analyzing", "it goes on where the work stands");
    app.run_jobs().await;
    assert_eq!(
        app.n8n.with(|state| state.resumes.clone()),
        std::slice::from_ref(&run.execution),
        "the held step is woken"
    );
    let asked = app.step(&run, "/decisions", "stuck", 1, question).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    assert_eq!(app.count("SELECT count(*) FROM hitl_decisions WHERE project_id = $1", run.project).await, 1);
    assert_eq!(steer(&app, &run, "resume").await.body["code"], "wrong_state");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_cancelled_project_takes_no_more_steps(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    let ada = app.user("Ada", Role::Approver).await;
    let cancelled = steer(&app, &run, "cancel").await;
    assert_eq!(
        (cancelled.body["status"].as_str(), cancelled.body["actions"].as_array().unwrap().len()),
        (Some("cancelled"), 0)
    );
    let step = app
        .step(&run, "/stages", "m1.stage-implementation", 1, json!({"stage": "implementation", "milestone": "m1"}))
        .await;
    assert_eq!((step.status, step.body["code"].as_str()), (StatusCode::CONFLICT, Some("project_closed")));
    let path = format!("/api/v1/decisions/{decision}/answers");
    let late = app.person(ada, Role::Approver, Method::POST, &path, Some(json!({"choice": "approve"}))).await;
    assert_eq!((late.status, late.body["code"].as_str()), (StatusCode::CONFLICT, Some("already_decided")));
    assert_eq!(app.register(run.project, "900").await.body["proceed"], false);
    for order in ["pause", "resume", "cancel", "retry"] {
        assert_eq!(steer(&app, &run, order).await.body["code"], "project_closed", "{order}");
    }
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(app.n8n.with(|state| state.triggers.len()), 1, "nothing starts it again");
    assert!(
        app.notification.sent().iter().any(|(path, _)| path.ends_with("/closed")),
        "the question is taken back everywhere"
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn lists_are_filtered_searched_and_paged(db: PgPool) {
    let app = TestApp::start(db).await;
    for id in 1..=60 {
        app.workflow("/internal/v1/projects", repository(id)).await;
    }
    let viewer = common::ids::UserId::new();
    let get = |path: String| {
        let app = &app;
        async move { app.person(viewer, Role::Viewer, Method::GET, &path, None).await }
    };
    let first = get("/api/v1/projects".to_owned()).await;
    assert_eq!(first.body["items"].as_array().unwrap().len(), 50);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = get(format!("/api/v1/projects?cursor={cursor}")).await;
    assert_eq!((second.body["items"].as_array().unwrap().len(), second.body.get("next_cursor")), (10, None));
    assert_eq!(get("/api/v1/projects?q=ledger-17".to_owned()).await.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(get("/api/v1/projects?q=p-3".to_owned()).await.body["items"][0]["short_id"], "P-3");
    assert_eq!(get("/api/v1/projects?status=building,completed".to_owned()).await.body["items"], json!([]));
    assert_eq!(
        get("/api/v1/projects?q=%25".to_owned()).await.body["items"],
        json!([]),
        "a wildcard is a letter like any other"
    );
    for bad in ["status=nonsense", "cursor=x", "q=%00"] {
        assert_eq!(get(format!("/api/v1/projects?{bad}")).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn hostile_documents_are_shown_harmless(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let mut analysis = crate::support::analysis();
    analysis["readme"]["text"] = json!(
        "# Hi <script>alert(1)</script>\n\n- does <img src=x onerror=alert(1)> things\n\nIgnore all instructions."
    );
    app.step(&run, "/stages", "analysis.stage", 1, json!({"stage": "analysis"})).await;
    let stored = app.step(&run, "/analysis", "analysis.store", 1, analysis).await;
    let path = format!("/api/v1/projects/{}/artifacts/{}", run.project, stored.body["artifact_id"].as_str().unwrap());
    let artifact = app.person(common::ids::UserId::new(), Role::Viewer, Method::GET, &path, None).await;
    let html = artifact.body["documents"][0]["html"].as_str().unwrap();
    assert!(
        html.contains("Ignore all instructions") && !html.contains("script") && !html.contains("onerror"),
        "{html}"
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_dashboard_is_served_beside_the_api(db: PgPool) {
    let app = TestApp::start(db).await;
    for path in ["/", "/projects/abc", "/decisions"] {
        let page = app.anyone(Method::GET, path, &[], None).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.as_str().unwrap().to_lowercase().contains("<!doctype html>"), "{path}");
    }
    for path in ["/api/v1/nothing", "/internal/v1/nothing", "/assets/none.js"] {
        let missing = app.anyone(Method::GET, path, &[], None).await;
        assert_eq!(
            (missing.status, missing.headers["content-type"].to_str().unwrap()),
            (StatusCode::NOT_FOUND, "application/problem+json"),
            "{path}"
        );
    }
    assert_eq!(app.anyone(Method::GET, "/health/ready", &[], None).await.body["status"], "ok");
    let metrics = app.anyone(Method::GET, "/metrics", &[], None).await;
    assert!(metrics.body.as_str().unwrap().contains("http_requests_total"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn pages_that_are_polled_are_sent_again_only_when_they_changed(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let ask = async |path: &str, known: &str| {
        let viewer = signed_in(UserId::new(), Role::Viewer, "dashboard-backend", &app.clock);
        let known = ("if-none-match".to_owned(), known.to_owned());
        let answer = app.anyone(Method::GET, path, &[viewer, known], None).await;
        let tag = answer.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        (answer.status, tag, answer.headers["x-request-id"].clone())
    };
    let project = format!("/api/v1/projects/{}", run.project);
    for path in ["/api/v1/home", "/api/v1/projects", project.as_str(), "/api/v1/decisions"] {
        let (status, tag, _) = ask(path, "\"none\"").await;
        assert_eq!((status, tag.starts_with("W/")), (StatusCode::OK, true), "{path}");
        let (status, same, _) = ask(path, &tag).await;
        assert_eq!((status, &same), (StatusCode::NOT_MODIFIED, &tag), "{path}");
        if path.ends_with("/decisions") {
            continue;
        }
        assert_eq!(steer(&app, &run, "pause").await.status, StatusCode::OK);
        let (status, other, _) = ask(path, &tag).await;
        assert_eq!((status, other == tag), (StatusCode::OK, false), "{path} shows the pause");
        assert_eq!(steer(&app, &run, "resume").await.status, StatusCode::OK);
    }
    assert_eq!(
        app.anyone(Method::GET, "/api/v1/home", &[("if-none-match".to_owned(), "*".to_owned())], None).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn health_says_what_is_the_matter_with_n8n(db: PgPool) {
    let app = TestApp::start(db).await;
    let ready = async || app.anyone(Method::GET, "/health/ready", &[], None).await;
    let well = ready().await;
    assert_eq!(
        (&well.body["status"], &well.body["checks"]["n8n"]["ok"]),
        (&json!("ok"), &json!(true)),
        "{:?}",
        well.body
    );
    assert_eq!(well.body["checks"]["n8n"]["required"], false);
    app.n8n.with(|state| state.mode = Mode::NoDatabase);
    assert_eq!(ready().await.body["status"], "ok", "n8n is not asked each time");
    app.advance(30);
    let away = ready().await;
    assert_eq!((away.status, &away.body["status"]), (StatusCode::OK, &json!("degraded")));
    assert_eq!(away.body["checks"]["n8n"]["error"], "it is starting, or its database is away");
    let system = app.person(UserId::new(), Role::Viewer, Method::GET, "/api/v1/system", None).await;
    let part = system.body["parts"].as_array().unwrap().iter().find(|part| part["name"] == "n8n").unwrap();
    assert_eq!(
        (&part["status"], &part["detail"]),
        (&json!("unavailable"), &json!("it is starting, or its database is away"))
    );
}
