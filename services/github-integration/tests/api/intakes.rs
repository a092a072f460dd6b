//! From a README to a running intake workflow.

use std::time::Duration;

use common::auth::Role;
use common::ids::ProjectId;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::kit::{Mode, TestApp};

async fn intake_id(app: &TestApp) -> String {
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM intakes").fetch_one(&app.db).await.unwrap();
    id.to_string()
}

async fn found(app: &TestApp, name: &str) -> String {
    app.repository_with_readme(name).await;
    app.poll().await;
    intake_id(app).await
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn n8n_is_asked_until_the_workflow_itself_answers(db: PgPool) {
    let app = TestApp::start(db).await;
    app.peers.set(Mode::Starting);
    let id = found(&app, "todo").await;
    app.run_due_jobs().await;
    assert_eq!(app.peers.triggers().len(), 1);

    // A 200 of an n8n that is starting is no delivery, nor are its other answers.
    for mode in [Mode::Starting, Mode::NotRegistered, Mode::DatabaseAway] {
        app.peers.set(mode);
        let before = app.peers.triggers().len();
        app.clock.advance(Duration::from_secs(11));
        app.run_due_jobs().await;
        assert_eq!(app.peers.triggers().len(), before + 1, "{mode:?}");
    }
    // An execution may be lost after it was accepted: only the workflow's own call counts.
    app.peers.set(Mode::Ready);
    for _ in 0..2 {
        let before = app.peers.triggers().len();
        app.clock.advance(Duration::from_secs(11));
        app.run_due_jobs().await;
        assert_eq!(app.peers.triggers().len(), before + 1);
    }
    assert_eq!(app.count("SELECT count(*) FROM intakes WHERE state = 'pending' AND execution_id IS NOT NULL").await, 1);

    let project = ProjectId::new();
    let path = format!("/internal/v1/intakes/{id}/accepted");
    let accepted = app.n8n(Method::POST, &path, Some(json!({"project_id": project}))).await;
    assert_eq!((accepted.status, &accepted.body["state"]), (StatusCode::OK, &json!("accepted")));
    let before = app.peers.triggers().len();
    for _ in 0..5 {
        app.clock.advance(Duration::from_secs(60));
        app.run_due_jobs().await;
    }
    assert_eq!(app.peers.triggers().len(), before, "an accepted intake is left alone");
    assert_eq!(app.count("SELECT count(*) FROM jobs WHERE state IN ('ready', 'running', 'dead')").await, 0);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_n8n_that_is_down_gets_the_intake_later(db: PgPool) {
    let app = TestApp::with(db, &[("N8N_URL", "http://127.0.0.1:9")]).await;
    let id = found(&app, "todo").await;
    for _ in 0..3 {
        app.run_due_jobs().await;
        app.clock.advance(Duration::from_secs(11));
    }
    assert_eq!(app.peers.triggers().len(), 0);
    let listed = app.person(Role::Viewer, Method::GET, "/api/v1/intakes", None).await.body;
    assert_eq!(
        (&listed["items"][0]["repository"], &listed["items"][0]["state"]),
        (&json!("demo/todo"), &json!("pending"))
    );
    assert!(listed["items"][0]["trigger_attempts"].as_i64().unwrap() >= 3);
    assert!(listed["items"][0]["last_answer"].as_str().unwrap().contains("did not answer"), "{listed}");

    let back = app.twin(); // the same database, with n8n where it should be
    back.run_due_jobs().await;
    assert_eq!(back.peers.triggers(), [id]);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_intake_tells_what_the_workflow_needs_and_belongs_to_one_project(db: PgPool) {
    let app = TestApp::start(db).await;
    let id = found(&app, "todo").await;
    let path = format!("/internal/v1/intakes/{id}");
    let intake = app.n8n(Method::GET, &path, None).await.body;
    assert_eq!((&intake["state"], &intake["readme"]["path"]), (&json!("pending"), &json!("README.md")));
    let repository = &intake["repository"];
    assert_eq!((&repository["full_name"], &repository["default_branch"]), (&json!("demo/todo"), &json!("main")));
    assert!(repository["clone_url"].as_str().unwrap().ends_with("/demo/todo.git"));
    assert!(repository["id"].as_i64().unwrap() > 0);

    let accept = async |project: ProjectId| {
        app.n8n(Method::POST, &format!("{path}/accepted"), Some(json!({"project_id": project}))).await
    };
    let project = ProjectId::new();
    assert_eq!(accept(project).await.status, StatusCode::OK);
    assert_eq!(accept(project).await.status, StatusCode::OK, "said twice is said once");
    let other = accept(ProjectId::new()).await;
    assert_eq!((other.status, &other.body["code"]), (StatusCode::CONFLICT, &json!("intake_taken")));
    assert_eq!(other.body["project_id"], json!(project));

    let list = app.person(Role::Viewer, Method::GET, "/api/v1/repositories", None).await.body;
    assert_eq!((&list["items"][0]["state"], &list["items"][0]["project_id"]), (&json!("adopted"), &json!(project)));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn only_services_and_n8n_come_in_by_the_inner_doors(db: PgPool) {
    let app = TestApp::start(db).await;
    let path = format!("/internal/v1/intakes/{}", ProjectId::new());
    let nobody = common::testing::send(&app.router, Method::GET, &path, &[], None).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let foreign = [common::testing::bearer("n8n", "notification", &app.clock)];
    assert_eq!(
        common::testing::send(&app.router, Method::GET, &path, &foreign, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(app.person(Role::Admin, Method::GET, &path, None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.n8n(Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_person_can_start_what_does_not_start_by_itself(db: PgPool) {
    let app = TestApp::with(db, &[("GITHUB_START_TOPIC", "quantapilot")]).await;
    app.repository_with_readme("todo").await;
    app.repository("empty").await;
    app.poll().await;
    assert_eq!(app.intakes().await, 0, "the topic is missing");

    let adopt = async |role: Role, repository: &str| {
        app.person(role, Method::POST, "/api/v1/repositories", Some(json!({"repository": repository}))).await
    };
    assert_eq!(adopt(Role::Approver, "demo/todo").await.status, StatusCode::FORBIDDEN);
    let adopted = adopt(Role::Operator, &format!("{}/demo/todo.git", app.sandbox.url())).await;
    assert_eq!((adopted.status, &adopted.body["state"]), (StatusCode::OK, &json!("adopted")));
    assert_eq!(adopt(Role::Operator, "demo/todo").await.status, StatusCode::OK, "asking twice starts once");
    assert_eq!(app.intakes().await, 1);

    let empty = adopt(Role::Operator, "demo/empty").await;
    assert_eq!((empty.status, &empty.body["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("no_readme")));
    assert_eq!(adopt(Role::Operator, "demo/missing").await.status, StatusCode::NOT_FOUND);
    assert_eq!(adopt(Role::Operator, "not a name").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
