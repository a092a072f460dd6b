//! Steps of a workflow on GitHub.

use std::time::Duration;

use common::ids::ProjectId;
use http::{Method, StatusCode};
use sandbox::faults::{Kind, NewFault, Surface};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::kit::TestApp;

const REPO: &str = "demo/todo";

struct World {
    app: TestApp,
    project: ProjectId,
}

impl World {
    async fn new(db: PgPool) -> Self {
        let app = TestApp::start(db).await;
        app.repository_with_readme("todo").await;
        let project = app.project().await;
        Self { app, project }
    }

    /// A step that must succeed.
    async fn ok(&self, path: &str, step: &str, body: Value) -> Value {
        let answer = self.app.step(self.project, path, step, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{step}: {}", answer.body);
        answer.body
    }

    async fn branch(&self, name: &str) -> Value {
        self.ok("branches", &format!("branch.{name}"), json!({"repository": REPO, "branch": name, "from": "main"}))
            .await
    }

    async fn commit(&self, branch: &str, step: &str, path: &str) -> Value {
        self.ok("commits", step, commit_of(branch, path)).await
    }

    async fn pull(&self, branch: &str) -> Value {
        self.ok("pull-requests", &format!("pull.{branch}"), pull_of(branch)).await
    }

    async fn merge(&self, step: &str, number: &Value, head: &Value) -> Value {
        let body = json!({"repository": REPO, "number": number, "expected_head_sha": head, "method": "squash"});
        self.ok("pull-requests/merge", step, body).await
    }

    /// As after a kill -9 between the effect and its record: the step is unknown, the effect is there.
    async fn forget_steps(&self) {
        sqlx::query("DELETE FROM steps").execute(&self.app.db).await.unwrap();
    }
}

fn commit_of(branch: &str, path: &str) -> Value {
    json!({"repository": REPO, "branch": branch, "message": "Add the foundation", "delete": ["not/there.txt"],
        "files": [{"path": path, "content": "hello\n"}, {"path": "logo.bin", "content": "AAH/", "encoding": "base64"}]})
}

fn pull_of(branch: &str) -> Value {
    json!({"repository": REPO, "head": branch, "base": "main", "title": "The foundation", "body": "What it is."})
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn from_analysis_to_release_each_step_happens_once(db: PgPool) {
    let world = World::new(db).await;
    let analysis = world.ok("analyse", "analyse", json!({"repository": REPO})).await;
    assert_eq!((&analysis["default_branch"], &analysis["is_empty_but_readme"]), (&json!("main"), &json!(true)));
    assert!(analysis["readme"]["text"].as_str().unwrap().contains("things to do"));
    assert_eq!(analysis["tree"][0]["path"], "README.md");

    let branch = world.branch("work").await;
    assert_eq!((&branch["created"], &branch["sha"]), (&json!(true), &analysis["head_sha"]));
    let level = world
        .ok(
            "branches/verify",
            "verify.level",
            json!({"repository": REPO, "branch": "work", "base": "main", "expect_ahead": true}),
        )
        .await;
    assert_eq!(level["ok"], false);

    let commit = world.commit("work", "commit", "src/a file.txt").await;
    assert_eq!(commit["changed"], true);
    let evidence = world
        .ok(
            "branches/verify",
            "verify",
            json!({"repository": REPO, "branch": "work", "base": "main", "expect_ahead": true}),
        )
        .await;
    assert_eq!(
        (&evidence["ok"], &evidence["head_sha"], &evidence["ahead_by"]),
        (&json!(true), &commit["sha"], &json!(1))
    );
    assert_eq!(evidence["files"].as_array().unwrap().len(), 2);
    let message = world.app.read(&format!("/repos/{REPO}/commits/{}", commit["sha"].as_str().unwrap())).await["commit"]
        ["message"]
        .clone();
    assert!(
        message.as_str().unwrap().trim_end().ends_with(&format!("QuantaPilot-Step: {}/commit/1", world.project)),
        "{message}"
    );

    let same = world.commit("work", "commit.again", "src/a file.txt").await;
    assert_eq!((&same["changed"], &same["sha"]), (&json!(false), &commit["sha"]));

    let pull = world.pull("work").await;
    assert_eq!((&pull["created"], &pull["head_sha"]), (&json!(true), &commit["sha"]));
    let report = json!({"repository": REPO, "sha": commit["sha"], "name": "quantapilot/gates", "conclusion": "success", "summary": "All gates passed"});
    world.ok("checks/report", "report", report).await;

    let merged = world.merge("merge", &pull["number"], &commit["sha"]).await;
    assert_eq!((&merged["merged"], &merged["reason"]), (&json!(true), &Value::Null));
    let release =
        json!({"repository": REPO, "tag": "v0.1.0", "target": merged["merge_sha"], "name": "First", "body": "Notes"});
    let released = world.ok("releases", "release", release.clone()).await;
    assert_eq!((&released["created"], &released["tag"]), (&json!(true), &json!("v0.1.0")));

    let replayed = world.app.step(world.project, "releases", "release", release).await;
    assert_eq!((replayed.headers["x-qp-replayed"].to_str().unwrap(), &replayed.body), ("true", &released));
    world.app.run_due_jobs().await;
    let mut kinds = world.app.peers.event_kinds();
    kinds.sort();
    assert_eq!(
        kinds,
        ["branch.created", "commit.pushed", "pull_request.merged", "pull_request.opened", "release.published"]
    );
    let listed = world
        .app
        .person(
            common::auth::Role::Viewer,
            Method::GET,
            &format!("/api/v1/pull-requests?project_id={}", world.project),
            None,
        )
        .await;
    assert_eq!(
        (&listed.body["items"][0]["state"], &listed.body["items"][0]["merge_sha"]),
        (&json!("merged"), &merged["merge_sha"])
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_step_repeated_after_a_crash_finds_what_it_made(db: PgPool) {
    let world = World::new(db).await;
    let branch = world.branch("work").await;
    let commit = world.commit("work", "commit", "a.txt").await;
    let pull = world.pull("work").await;
    world.forget_steps().await;
    let again = world.branch("work").await;
    assert_eq!(again["created"], false);
    assert_ne!(again["sha"], branch["sha"], "it tells where the branch stands now");
    assert_eq!(world.commit("work", "commit", "a.txt").await, commit, "the commit is found by its trailer");
    let found = world.pull("work").await;
    assert_eq!((&found["number"], &found["created"]), (&pull["number"], &json!(false)));

    // Even one that a person has closed meanwhile is the one this step made.
    world
        .app
        .github(Method::PATCH, &format!("/repos/{REPO}/pulls/{}", pull["number"]), json!({"state": "closed"}))
        .await;
    world.forget_steps().await;
    assert_eq!(world.pull("work").await["number"], pull["number"]);
    world.app.github(Method::PATCH, &format!("/repos/{REPO}/pulls/{}", pull["number"]), json!({"state": "open"})).await;

    let merged = world.merge("merge", &pull["number"], &commit["sha"]).await;
    world.forget_steps().await;
    assert_eq!(world.merge("merge", &pull["number"], &commit["sha"]).await, merged);
    let body = json!({"repository": REPO, "tag": "v0.1.0", "target": merged["merge_sha"], "name": "First"});
    let release = world.ok("releases", "release", body.clone()).await;
    world.forget_steps().await;
    let again = world.ok("releases", "release", body).await;
    assert_eq!((&again["id"], &again["created"]), (&release["id"], &json!(false)));

    assert_eq!(world.app.read(&format!("/repos/{REPO}/pulls?state=all")).await.as_array().unwrap().len(), 1);
    assert_eq!(world.app.read(&format!("/repos/{REPO}/releases")).await.as_array().unwrap().len(), 1);
    assert_eq!(world.app.read(&format!("/repos/{REPO}/commits?sha=main")).await.as_array().unwrap().len(), 2);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_change_whose_answer_is_lost_is_looked_for_and_not_repeated(db: PgPool) {
    let world = World::new(db).await;
    let lose = |route: &str| NewFault::once(Surface::Github, Kind::DropAfter).on(route);
    for route in [
        "POST /repos/*/git/refs",
        "PATCH /repos/*/git/refs/*",
        "POST /repos/*/pulls",
        "PUT /repos/*/merge",
        "POST /repos/*/releases",
    ] {
        world.app.sandbox.faults().add(lose(route));
    }
    assert_eq!(world.branch("work").await["created"], false, "found when looking again");
    let commit = world.commit("work", "commit", "a.txt").await;
    let pull = world.pull("work").await;
    let merged = world.merge("merge", &pull["number"], &commit["sha"]).await;
    assert_eq!(merged["merged"], true);
    let body = json!({"repository": REPO, "tag": "v1", "target": merged["merge_sha"], "name": "First"});
    world.ok("releases", "release", body).await;
    assert_eq!(world.app.read(&format!("/repos/{REPO}/pulls?state=all")).await.as_array().unwrap().len(), 1);
    assert_eq!(world.app.read(&format!("/repos/{REPO}/releases")).await.as_array().unwrap().len(), 1);
    assert_eq!(world.app.read(&format!("/repos/{REPO}/commits?sha=work")).await.as_array().unwrap().len(), 2);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_was_not_approved_is_not_merged(db: PgPool) {
    let world = World::new(db).await;
    world.branch("work").await;
    let approved = world.commit("work", "commit", "a.txt").await;
    let pull = world.pull("work").await;
    world.app.put(REPO, "sneaked-in.txt", "surprise", Some("work")).await;
    let moved = world.merge("merge", &pull["number"], &approved["sha"]).await;
    assert_eq!((&moved["merged"], &moved["reason"]), (&json!(false), &json!("head_moved")));

    let head = world
        .ok("branches/verify", "verify", json!({"repository": REPO, "branch": "work", "base": "main"}))
        .await["head_sha"]
        .clone();
    world
        .app
        .github(Method::PATCH, &format!("/repos/{REPO}/pulls/{}", pull["number"]), json!({"state": "closed"}))
        .await;
    assert_eq!(world.merge("merge.closed", &pull["number"], &head).await["reason"], "closed");

    // Both sides write the same file: nothing that GitHub could merge.
    world.branch("left").await;
    world.app.put(REPO, "clash.txt", "left", Some("left")).await;
    world.app.put(REPO, "clash.txt", "right", None).await;
    let clash = world.pull("left").await;
    let refused = world.merge("merge.clash", &clash["number"], &clash["head_sha"]).await;
    assert_eq!((&refused["merged"], &refused["reason"]), (&json!(false), &json!("not_mergeable")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn rate_limits_are_waited_for_by_the_clock(db: PgPool) {
    let world = World::new(db).await;
    let limit = |seconds| NewFault::once(Surface::Github, Kind::RateLimit { retry_after_seconds: seconds });
    world.app.sandbox.faults().add(limit(7));
    let before = world.app.clock.now();
    world.branch("work").await;
    let waited = world.app.clock.now() - before;
    assert!((7..12).contains(&waited.whole_seconds()), "{waited}");

    // Too long for a request: the caller is told when to come back, and GitHub is left alone until then.
    world.app.sandbox.faults().add(limit(600));
    let body = json!({"repository": REPO, "branch": "late", "from": "main"});
    let refused = world.app.step(world.project, "branches", "late", body.clone()).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("github_rate_limited"))
    );
    let seconds: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((590..=600).contains(&seconds), "{seconds}");
    world.app.clock.advance(Duration::from_secs(seconds));
    assert_eq!(world.ok("branches", "late", body).await["created"], true);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn checks_are_awaited_until_they_are_done(db: PgPool) {
    let world = World::new(db).await;
    world.branch("work").await;
    let commit = world.commit("work", "commit", "a.txt").await;
    let sha = commit["sha"].as_str().unwrap();
    let status = async |state: &str| {
        let body = json!({"state": state, "context": "external/ci", "description": "2 of 3 tests failed"});
        world.app.github(Method::POST, &format!("/repos/{REPO}/statuses/{sha}"), body).await;
    };
    status("pending").await;
    let body = json!({"repository": REPO, "sha": sha, "deadline_seconds": 600, "resume_url": "http://n8n:5678/webhook-waiting/7?signature=x", "execution_id": "7"});
    let ask = async || world.app.step(world.project, "checks/await", "checks", body.clone()).await;
    let pending = ask().await;
    assert_eq!((pending.status, &pending.body["status"]), (StatusCode::ACCEPTED, &json!("pending")));
    world.app.run_due_jobs().await;
    assert_eq!(ask().await.status, StatusCode::ACCEPTED);

    status("failure").await;
    // The webhook makes us look at once, long before the next look is due.
    let event = json!({"sha": sha, "state": "failure", "repository": {"id": 1, "full_name": REPO}});
    world.app.deliver("status", "guid-1", &event).await;
    world.app.run_due_jobs().await;
    let done = ask().await;
    assert_eq!(
        (done.status, &done.body["status"], &done.body["id"]),
        (StatusCode::OK, &json!("done"), &pending.body["id"])
    );
    let result = &done.body["result"];
    assert_eq!((&result["conclusion"], &result["checks"][0]["name"]), (&json!("failure"), &json!("external/ci")));
    assert_eq!(result["checks"][0]["summary"], "2 of 3 tests failed");
    world.app.run_due_jobs().await;
    assert!(world.app.peers.event_kinds().contains(&"checks.finished".to_owned()));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn without_anything_that_checks_the_conclusion_is_none_and_a_deadline_ends_every_wait(db: PgPool) {
    let world = World::new(db).await;
    world.branch("bare").await;
    let bare = world.commit("bare", "commit.bare", "a.txt").await;
    let wait = async |step: &str, sha: &Value| {
        let body =
            json!({"repository": REPO, "sha": sha, "deadline_seconds": 60, "resume_url": null, "execution_id": null});
        world.app.step(world.project, "checks/await", step, body).await
    };
    // Our own report is no evidence.
    let report = json!({"repository": REPO, "sha": bare["sha"], "name": "quantapilot/gates", "conclusion": "failure", "summary": "x"});
    world.ok("checks/report", "report", report).await;
    wait("checks.bare", &bare["sha"]).await;
    for _ in 0..8 {
        world.app.run_due_jobs().await;
        world.app.clock.advance(Duration::from_secs(2));
    }
    assert_eq!(wait("checks.bare", &bare["sha"]).await.body["result"]["conclusion"], "none");

    world.branch("stuck").await;
    let stuck = world.commit("stuck", "commit.stuck", "b.txt").await;
    let path = format!("/repos/{REPO}/statuses/{}", stuck["sha"].as_str().unwrap());
    world.app.github(Method::POST, &path, json!({"state": "pending", "context": "external/ci"})).await;
    wait("checks.stuck", &stuck["sha"]).await;
    for _ in 0..40 {
        world.app.run_due_jobs().await;
        world.app.clock.advance(Duration::from_secs(2));
    }
    let result = wait("checks.stuck", &stuck["sha"]).await.body["result"].clone();
    assert_eq!((&result["conclusion"], &result["checks"][0]["conclusion"]), (&json!("timed_out"), &json!("pending")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn steps_are_fenced_and_bad_input_is_named(db: PgPool) {
    let world = World::new(db).await;
    let body = json!({"repository": REPO, "branch": "work", "from": "main"});
    let at = async |epoch: i64| world.app.step_at(epoch, world.project, "branches", "fenced", body.clone()).await;
    assert_eq!(at(0).await.body["code"], "superseded");
    assert_eq!(at(2).await.body["code"], "unknown_epoch");
    let unknown = world.app.step(ProjectId::new(), "branches", "x", body.clone()).await;
    assert_eq!((unknown.status, &unknown.body["code"]), (StatusCode::NOT_FOUND, &json!("no_such_project")));

    let refused = async |path: &str, body: Value| {
        let answer = world.app.step(world.project, path, "bad", body).await;
        (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let commit = |path: &str| json!({"repository": REPO, "branch": "main", "message": "x", "files": [{"path": path, "content": ""}]});
    for (path, body, status, code) in [
        ("branches", json!({"repository": "no-slash", "branch": "x", "from": "main"}), 422, "invalid_repository"),
        ("branches", json!({"repository": REPO, "branch": "a..b", "from": "main"}), 422, "invalid_branch"),
        ("branches", json!({"repository": REPO, "branch": 7, "from": "main"}), 422, "invalid_body"),
        ("branches", json!({"repository": "demo/missing", "branch": "x", "from": "main"}), 404, "github_not_found"),
        ("commits", commit("../../etc/passwd"), 422, "invalid_commit"),
        ("commits", commit(".git/config"), 422, "invalid_commit"),
        (
            "commits",
            json!({"repository": REPO, "branch": "nowhere", "message": "x", "files": [{"path": "a", "content": ""}]}),
            404,
            "github_not_found",
        ),
        (
            "pull-requests",
            json!({"repository": REPO, "head": "main", "base": "main", "title": "x"}),
            422,
            "github_refused",
        ),
        (
            "pull-requests/merge",
            json!({"repository": REPO, "number": 1, "expected_head_sha": "short"}),
            422,
            "invalid_sha",
        ),
        (
            "pull-requests/merge",
            json!({"repository": REPO, "number": 999, "expected_head_sha": "a".repeat(40)}),
            404,
            "github_not_found",
        ),
        (
            "checks/await",
            json!({"repository": REPO, "sha": "a".repeat(40), "deadline_seconds": 0}),
            422,
            "invalid_deadline",
        ),
    ] {
        assert_eq!(refused(path, body.clone()).await, (status, code.to_owned()), "{path} {body}");
    }
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_workflow_that_fails_is_told_with_what_it_printed(db: PgPool) {
    let world = World::new(db).await;
    world.branch("work").await;
    let workflow = "name: CI\non: [push]\njobs:\n  tests:\n    runs-on: ubuntu-latest\n    steps:\n      - run: |\n          echo expected 1 but got 2\n          exit 1\n";
    let body = json!({"repository": REPO, "branch": "work", "message": "Add CI", "files": [{"path": ".github/workflows/ci.yml", "content": workflow}]});
    let commit = world.ok("commits", "commit", body).await;
    let sha = commit["sha"].as_str().unwrap();
    let body =
        json!({"repository": REPO, "sha": sha, "deadline_seconds": 3600, "resume_url": null, "execution_id": null});
    let mut result = Value::Null;
    for _ in 0..200 {
        let answer = world.app.step(world.project, "checks/await", "checks", body.clone()).await;
        if answer.status == StatusCode::OK {
            result = answer.body["result"].clone();
            break;
        }
        world.app.run_due_jobs().await;
        world.app.clock.advance(Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((&result["conclusion"], &result["checks"][0]["name"]), (&json!("failure"), &json!("tests")), "{result}");
    assert!(result["checks"][0]["summary"].as_str().unwrap().contains("expected 1 but got 2"), "{result}");

    let name = REPO.parse().unwrap();
    let evidence = world.app.app.github.evidence(&name, sha).await.unwrap();
    let log = world.app.app.github.failed_log(&name, evidence.checks[0].actions.unwrap()).await.unwrap();
    assert!(log.contains("expected 1 but got 2"), "{log}");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_renamed_repository_is_still_worked_on(db: PgPool) {
    let world = World::new(db).await;
    world.app.poll().await;
    world.app.github(Method::PATCH, &format!("/repos/{REPO}"), json!({"name": "tasks"})).await;
    // The workflow goes on with the name it began with: reads are sent on with 301, changes with 307.
    assert_eq!(world.branch("work").await["created"], true);
    let commit = world.commit("work", "commit", "a.txt").await;
    let pull = world.pull("work").await;
    assert_eq!(world.merge("merge", &pull["number"], &commit["sha"]).await["merged"], true);
    assert_eq!(world.app.read("/repos/demo/tasks/commits?sha=main").await.as_array().unwrap().len(), 2);

    world.app.poll().await;
    let list = world.app.person(common::auth::Role::Viewer, Method::GET, "/api/v1/repositories", None).await.body;
    assert_eq!((&list["items"][0]["full_name"], list["items"].as_array().unwrap().len()), (&json!("demo/tasks"), 1));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_step_may_not_touch_the_repository_of_another_project(db: PgPool) {
    let world = World::new(db).await;
    world.app.poll().await;
    let intake: uuid::Uuid = sqlx::query_scalar("SELECT id FROM intakes").fetch_one(&world.app.db).await.unwrap();
    let accept = json!({"project_id": world.project});
    world.app.n8n(Method::POST, &format!("/internal/v1/intakes/{intake}/accepted"), Some(accept)).await;
    assert_eq!(world.branch("work").await["created"], true);

    let stranger = world.app.project().await;
    let body = json!({"repository": REPO, "branch": "theirs", "from": "main"});
    let refused = world.app.step(stranger, "branches", "branch", body).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("repository_of_another_project"))
    );
}
