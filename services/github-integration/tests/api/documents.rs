//! The check of documents on pull requests.

use std::time::Duration;

use common::ids::ProjectId;
use http::{Method, StatusCode};
use sandbox::faults::{Kind, NewFault, Surface};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::kit::TestApp;

const REPO: &str = "demo/todo";
const BROKEN: &str = "# Guide\n\nSee [the list](lists.md).\n";
const SOUND: &str = "# Guide\n\nSee [the README](../README.md).\n";

struct World {
    app: TestApp,
    project: ProjectId,
}

impl World {
    /// A project whose README has a broken link already.
    async fn with(db: PgPool, extra: &[(&str, &str)]) -> Self {
        let app = TestApp::with(db, extra).await;
        app.repository("todo").await;
        app.put(REPO, "README.md", "# Todo\n\nThings to do.\n\n[Old](gone.md)\n", None).await;
        let project = app.project().await;
        Self { app, project }
    }

    async fn ok(&self, path: &str, step: &str, body: Value) -> Value {
        let answer = self.app.step(self.project, path, step, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{step}: {}", answer.body);
        answer.body
    }

    /// A branch with one more document and its pull request; the head.
    async fn propose(&self, branch: &str, text: &str) -> String {
        let step = branch.replace('/', ".");
        self.ok("branches", &step, json!({"repository": REPO, "branch": branch, "from": "main"})).await;
        let sha = self.app.put(REPO, "docs/GUIDE.md", text, Some(branch)).await;
        let pull = json!({"repository": REPO, "head": branch, "base": "main", "title": "A guide", "body": ""});
        self.ok("pull-requests", &format!("pull.{step}"), pull).await;
        sha
    }

    async fn wait(&self, step: &str, sha: &str) -> Value {
        let body =
            json!({"repository": REPO, "sha": sha, "deadline_seconds": 900, "resume_url": null, "execution_id": null});
        for _ in 0..40 {
            let answer = self.app.step(self.project, "checks/await", step, body.clone()).await;
            if answer.status == StatusCode::OK {
                return answer.body["result"].clone();
            }
            self.app.run_due_jobs().await;
            self.app.clock.advance(Duration::from_secs(10));
        }
        panic!("{step} did not end");
    }

    /// What GitHub shows: states of our status, newest first.
    async fn shown(&self, sha: &str) -> Vec<(String, String)> {
        let statuses = self.app.read(&format!("/repos/{REPO}/commits/{sha}/statuses")).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let ours = statuses.as_array().unwrap().iter().filter(|s| s["context"] == "quantapilot/documents");
        ours.map(|s| (text(&s["state"]), text(&s["description"]))).collect()
    }

    /// The repository belongs to the project, as after its intake.
    async fn adopt(&self) {
        self.app.poll().await;
        let intake: uuid::Uuid = sqlx::query_scalar("SELECT id FROM intakes").fetch_one(&self.app.db).await.unwrap();
        let accept = json!({"project_id": self.project});
        let accepted =
            self.app.n8n(Method::POST, &format!("/internal/v1/intakes/{intake}/accepted"), Some(accept)).await;
        assert!(accepted.status.is_success(), "{}", accepted.body);
    }

    /// Somebody opens a pull request without us; its head.
    async fn foreign(&self, branch: &str, text: &str) -> String {
        self.ok("branches", branch, json!({"repository": REPO, "branch": branch, "from": "main"})).await;
        let sha = self.app.put(REPO, "docs/GUIDE.md", text, Some(branch)).await;
        let body = json!({"title": "Mine", "head": branch, "base": "main"});
        let pull = self.app.github(Method::POST, &format!("/repos/{REPO}/pulls"), body).await;
        let repository = self.app.read(&format!("/repos/{REPO}")).await;
        let event = json!({"action": "opened", "pull_request": {"id": pull["id"], "number": pull["number"]},
            "repository": {"id": repository["id"], "full_name": REPO}});
        self.app.deliver("pull_request", &format!("guid-{branch}"), &event).await;
        self.app.run_due_jobs().await;
        sha
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn problems_that_a_branch_brings_fail_its_checks_and_are_told(db: PgPool) {
    let world = World::with(db, &[]).await;
    let sha = world.propose("work", BROKEN).await;
    let result = world.wait("checks", &sha).await;
    assert_eq!(result["conclusion"], "failure", "{result}");
    let check = &result["checks"][0];
    assert_eq!((&check["name"], &check["conclusion"]), (&json!("quantapilot/documents"), &json!("failure")));
    let summary = check["summary"].as_str().unwrap();
    assert!(summary.contains("`docs/GUIDE.md:3` link-file-missing: "), "{summary}");
    assert!(!summary.contains("gone.md"), "the README's own broken link is older: {summary}");
    assert_eq!(world.shown(&sha).await, [("failure".to_owned(), "1 problem in the documents".to_owned())]);

    let repaired = world.app.put(REPO, "docs/lists.md", "# Lists\n\nOne list.\n", Some("work")).await;
    let result = world.wait("checks.2", &repaired).await;
    assert_eq!(result["conclusion"], "none", "documents in order are no proof that anything works");
    assert_eq!(result["checks"][0]["conclusion"], "success");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_commit_is_checked_once_however_often_it_is_asked_for(db: PgPool) {
    let world = World::with(db, &[]).await;
    let sha = world.propose("work", BROKEN).await;
    world.wait("checks", &sha).await;
    let first = world.shown(&sha).await;
    // The same pull request again, a webhook about it, another wait, and a crash between the report and its record.
    sqlx::query("DELETE FROM steps").execute(&world.app.db).await.unwrap();
    let pull = json!({"repository": REPO, "head": "work", "base": "main", "title": "A guide", "body": ""});
    world.ok("pull-requests", "pull.work", pull).await;
    world.wait("checks.2", &sha).await;
    sqlx::query("UPDATE document_checks SET checked_at = NULL, conclusion = NULL")
        .execute(&world.app.db)
        .await
        .unwrap();
    world.wait("checks.3", &sha).await;
    assert_eq!(world.shown(&sha).await, first, "the same report is found again");
    assert_eq!(world.app.count("SELECT count(*) FROM document_checks").await, 1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_foundation_is_shown_its_problems_and_not_held_up(db: PgPool) {
    let world = World::with(db, &[]).await;
    let sha = world.propose("quantapilot/foundation", BROKEN).await;
    let result = world.wait("checks", &sha).await;
    assert_eq!(result["conclusion"], "none", "{result}");
    assert_eq!(result["checks"][0]["conclusion"], "neutral");
    assert_eq!(world.shown(&sha).await[0].1, "1 problem in the documents");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn pull_requests_of_others_are_checked_by_their_own_policy(db: PgPool) {
    let world = World::with(db.clone(), &[]).await;
    world.adopt().await;
    let sha = world.foreign("theirs", BROKEN).await;
    assert_eq!(world.shown(&sha).await, [("success".to_owned(), "1 problem in the documents".to_owned())]);

    // Under a stricter policy the same commit is checked again, and counts.
    let strict =
        World { app: world.app.twin_with(&[("GITHUB_FOREIGN_DOCUMENT_CHECKS", "require")]), project: world.project };
    let sha = strict.foreign("theirs-too", BROKEN).await;
    assert_eq!(strict.shown(&sha).await[0].0, "failure");
    let off = World { app: world.app.twin_with(&[("GITHUB_FOREIGN_DOCUMENT_CHECKS", "off")]), project: world.project };
    // Another text: two commits of the same text in the same second are one.
    let sha = off.foreign("theirs-unseen", &format!("{BROKEN}\nMore.\n")).await;
    assert_eq!(off.shown(&sha).await, []);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_strangers_repository_is_left_alone(db: PgPool) {
    let world = World::with(db, &[("GITHUB_FOREIGN_DOCUMENT_CHECKS", "require")]).await;
    let sha = world.foreign("theirs", BROKEN).await;
    assert_eq!(world.shown(&sha).await, [], "no project is here");
    assert_eq!(world.app.count("SELECT count(*) FROM document_checks").await, 0);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_tree_that_cannot_be_had_holds_nobody_up_for_ever(db: PgPool) {
    let world = World::with(db, &[]).await;
    for _ in 0..40 {
        world
            .app
            .sandbox
            .faults()
            .add(NewFault::once(Surface::Github, Kind::Status { status: 404 }).on("GET /repos/*/tarball/*"));
    }
    let sha = world.propose("work", SOUND).await;
    let mut result = Value::Null;
    let body =
        json!({"repository": REPO, "sha": sha, "deadline_seconds": 80000, "resume_url": null, "execution_id": null});
    for _ in 0..30 {
        let answer = world.app.step(world.project, "checks/await", "checks", body.clone()).await;
        if answer.status == StatusCode::OK {
            result = answer.body["result"].clone();
            break;
        }
        world.app.run_due_jobs().await;
        world.app.clock.advance(Duration::from_secs(600));
    }
    assert_eq!((&result["conclusion"], &result["checks"][0]["conclusion"]), (&json!("none"), &json!("neutral")));
    let summary = result["checks"][0]["summary"].as_str().unwrap();
    assert!(summary.starts_with("The documents were not checked: "), "{summary}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn waivers_are_honoured_and_the_check_can_be_switched_off(db: PgPool) {
    let world = World::with(db, &[]).await;
    let branch = json!({"repository": REPO, "branch": "work", "from": "main"});
    world.ok("branches", "branch", branch).await;
    let waiver = "[[waiver]]\nrule = \"link-file-missing\"\npath = \"docs/GUIDE.md\"\nreason = \"Written next\"\nowner = \"ann\"\nexpires = \"2999-01-31\"\n";
    world.app.put(REPO, "compliance-waivers.toml", waiver, Some("work")).await;
    let sha = world.app.put(REPO, "docs/GUIDE.md", BROKEN, Some("work")).await;
    let result = world.wait("checks", &sha).await;
    assert_eq!(result["checks"][0]["conclusion"], "success", "{result}");
    assert!(result["checks"][0]["summary"].as_str().unwrap().contains("1 waived"), "{result}");

    let off = World { app: world.app.twin_with(&[("GITHUB_DOCUMENT_CHECKS", "off")]), project: world.project };
    let sha = off.app.put(REPO, "docs/MORE.md", BROKEN, Some("work")).await;
    let result = off.wait("checks.off", &sha).await;
    assert_eq!((&result["conclusion"], &result["checks"]), (&json!("none"), &json!([])));
}
