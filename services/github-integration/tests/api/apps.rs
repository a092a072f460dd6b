//! Signed in as a GitHub App, made by the manifest flow.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::kit::TestApp;

/// Register an App as a browser would, and install it on the demo person's account; its id and private key.
async fn register(app: &TestApp) -> (String, String) {
    let manifest = json!({
        "name": "QuantaPilot of tests",
        "redirect_url": "http://localhost/done",
        "default_permissions": {"metadata": "read", "contents": "write", "pull_requests": "write", "checks": "write",
            "statuses": "write", "actions": "read"},
        "default_events": ["push", "repository"],
    });
    let form = [("manifest", manifest.to_string())];
    let to = app.redirect(Method::POST, "/settings/apps/new", Some(&form)).await;
    let code = to.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    let made = app.github(Method::POST, &format!("/app-manifests/{code}/conversions"), json!({})).await;
    app.redirect(Method::GET, &format!("/apps/{}/installations/new", made["slug"].as_str().unwrap()), None).await;
    (made["id"].to_string(), made["pem"].as_str().unwrap().to_owned())
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn an_app_sees_its_installations_and_reports_check_runs(db: PgPool) {
    let person = TestApp::start(db).await;
    person.repository_with_readme("todo").await;
    let (id, key) = register(&person).await;
    let app = person.twin_with(&[("GITHUB_TOKEN", ""), ("GITHUB_APP_ID", &id), ("GITHUB_APP_PRIVATE_KEY", &key)]);

    app.poll().await;
    assert_eq!(app.intakes().await, 1, "found among the repositories of the installation");

    let project = app.project().await;
    let step = async |path: &str, name: &str, body: Value| {
        let answer = app.step(project, path, name, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.body);
        answer.body
    };
    step("branches", "branch", json!({"repository": "demo/todo", "branch": "work", "from": "main"})).await;
    let files = json!([{"path": "a.txt", "content": "a"}]);
    let commit = step(
        "commits",
        "commit",
        json!({"repository": "demo/todo", "branch": "work", "message": "Add a", "files": files}),
    )
    .await;
    let sha = commit["sha"].as_str().unwrap();
    let report = json!({"repository": "demo/todo", "sha": sha, "name": "quantapilot/gates", "conclusion": "neutral",
        "summary": "Nothing to test yet\n\nDetails follow."});
    step("checks/report", "report.1", report.clone()).await;
    step("checks/report", "report.2", report).await;
    let runs = app.read(&format!("/repos/demo/todo/commits/{sha}/check-runs")).await;
    assert_eq!(runs["total_count"], 1, "the same report is found again");
    let run = &runs["check_runs"][0];
    assert_eq!((&run["conclusion"], &run["output"]["title"]), (&json!("neutral"), &json!("Nothing to test yet")));

    // Problems in documents are shown at their lines.
    let files = json!([{"path": "docs/GUIDE.md", "content": "# Guide\n\nSee [the list](lists.md).\n"}]);
    let body = json!({"repository": "demo/todo", "branch": "work", "message": "Add a guide", "files": files});
    let sha = step("commits", "commit.2", body).await["sha"].as_str().unwrap().to_owned();
    step(
        "pull-requests",
        "pull",
        json!({"repository": "demo/todo", "head": "work", "base": "main", "title": "A guide"}),
    )
    .await;
    app.run_due_jobs().await;
    let runs = app.read(&format!("/repos/demo/todo/commits/{sha}/check-runs")).await;
    let run = runs["check_runs"].as_array().unwrap().iter().find(|run| run["name"] == "quantapilot/documents").unwrap();
    assert_eq!((&run["conclusion"], &run["output"]["annotations_count"]), (&json!("failure"), &json!(1)), "{run}");
    let notes = app.read(&format!("/repos/demo/todo/check-runs/{}/annotations", run["id"])).await;
    let place = (&notes[0]["path"], &notes[0]["start_line"], &notes[0]["annotation_level"], &notes[0]["title"]);
    assert_eq!(place, (&json!("docs/GUIDE.md"), &json!(3), &json!("failure"), &json!("link-file-missing")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_wrong_key_is_told_as_what_it_is(db: PgPool) {
    let person = TestApp::start(db).await;
    person.repository_with_readme("todo").await;
    let wrong = person.twin_with(&[("GITHUB_TOKEN", "not-a-token-of-anybody")]);
    let project = wrong.project().await;
    let answer = wrong.step(project, "analyse", "analyse", json!({"repository": "demo/todo"})).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.body["code"], "github_credentials");
    assert!(answer.body["detail"].as_str().unwrap().contains("GITHUB_TOKEN"), "{}", answer.body);
}
