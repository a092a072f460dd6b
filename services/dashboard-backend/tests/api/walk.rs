//! The whole way of a project, as the workflow, a person and the services walk it.

use common::auth::Role;
use http::{Method, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{TestApp, green};

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn from_a_readme_to_a_finished_project(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    assert_eq!(app.status(run.project).await, "awaiting_approval");

    // Nobody is built for before the plan is approved.
    let early = app.step(&run, "/foundation", "foundation.files", 1, json!({})).await;
    assert_eq!((early.status, early.body["code"].as_str()), (StatusCode::CONFLICT, Some("plan_not_approved")));
    let early = app
        .step(
            &run,
            "/stages",
            "m1.stage-implementation",
            1,
            json!({"stage": "implementation", "milestone": "m1", "iteration": 1}),
        )
        .await;
    assert_eq!(early.body["code"], "plan_not_approved");

    let ada = app.user("Ada", Role::Approver).await;
    app.run_jobs().await;
    let sent = app.notification.sent();
    assert_eq!(sent.len(), 1, "people are asked once: {sent:?}");
    assert_eq!(sent[0].0, "/internal/v1/notifications");
    assert_eq!(sent[0].1["kind"], "approval_request");
    assert_eq!(sent[0].1["recipients"][0]["name"], "Ada");
    assert_eq!(sent[0].1["link"], format!("https://qp.example.org/decisions/{decision}"));

    let detail = app.person(ada, Role::Approver, Method::GET, &format!("/api/v1/decisions/{decision}"), None).await;
    assert_eq!(detail.body["summary_html"], "<p>A <strong>ledger</strong></p>\n");
    assert_eq!(detail.body["evidence_current"], true);
    let sha = detail.body["decision"]["artifact"]["sha"].clone();
    let answer = app
        .person(
            ada,
            Role::Approver,
            Method::POST,
            &format!("/api/v1/decisions/{decision}/answers"),
            Some(json!({"choice": "approve", "evidence_sha": sha})),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    assert_eq!(answer.body["decision"]["status"], "answered");
    app.n8n.with(|state| state.executions.insert(run.execution.clone(), "waiting"));
    app.run_jobs().await;
    assert_eq!(
        app.n8n.with(|state| state.resumes.clone()),
        std::slice::from_ref(&run.execution),
        "the workflow is woken"
    );
    assert!(app.notification.sent().iter().any(|(path, _)| path.ends_with("/closed")), "every channel is told");

    // The workflow comes back: that is the proof.
    let asked = app
        .step(&run, "/decisions", "plan.decision", 1, json!({"type": "plan", "title": "t", "options": ["approve"]}))
        .await;
    assert_eq!(asked.status, StatusCode::OK);
    assert_eq!(asked.body["result"]["choice"], "approve");
    assert_eq!(asked.body["result"]["decided_by"]["name"], "Ada");
    let applied = app.person(ada, Role::Approver, Method::GET, &format!("/api/v1/decisions/{decision}"), None).await;
    assert_eq!(applied.body["decision"]["status"], "applied");

    let foundation = app.step(&run, "/foundation", "foundation.files", 1, json!({})).await;
    assert_eq!(foundation.body["branch"], "quantapilot/foundation");
    assert!(foundation.body["files"].as_array().unwrap().iter().any(|file| file["path"] == "AGENTS.md"));

    for (index, (key, branch)) in
        [("m1", "quantapilot/m1-add-entries"), ("m2", "quantapilot/m2-list-entries")].into_iter().enumerate()
    {
        let round = i32::try_from(index).unwrap() + 1;
        let next = app.step(&run, "/milestones/next", "milestones.next", round, json!({})).await;
        assert_eq!(
            (next.body["done"].as_bool(), next.body["milestone"]["key"].as_str()),
            (Some(false), Some(key)),
            "{:?}",
            next.body
        );
        assert_eq!(next.body["milestone"]["branch"], branch);
        assert_eq!(next.body["milestone"]["tasks"].as_array().unwrap().len(), 1);
        for (stage, status) in [("implementation", "building"), ("testing", "testing"), ("review", "reviewing")] {
            let opened = app
                .step(
                    &run,
                    "/stages",
                    &format!("{key}.stage-{stage}"),
                    1,
                    json!({"stage": stage, "milestone": key, "iteration": 1}),
                )
                .await;
            assert_eq!(opened.status, StatusCode::OK, "{:?}", opened.body);
            assert_eq!(app.status(run.project).await, status);
            let gate = app.step(&run, "/gates", &format!("{key}.gates-{stage}"), 1, green(stage, key, 1)).await;
            assert_eq!(gate.body["verdict"], "pass", "{:?}", gate.body);
        }
        let done = app
            .step(
                &run,
                &format!("/milestones/{key}/complete"),
                &format!("{key}.complete"),
                1,
                json!({"pull_request": round, "merge_sha": "m"}),
            )
            .await;
        assert_eq!(done.status, StatusCode::OK);
    }
    let last = app.step(&run, "/milestones/next", "milestones.next", 3, json!({})).await;
    assert_eq!(last.body, json!({"done": true, "milestone": null}));

    app.step(&run, "/stages", "release.stage", 1, json!({"stage": "release", "milestone": null, "iteration": 1})).await;
    // The policy for releases answers by itself.
    let release = json!({"type": "release", "title": "Release 0.1.0", "options": ["approve", "reject"], "risk": "high", "resume_url": null, "execution_id": "101"});
    let released = app.step(&run, "/decisions", "release.decision", 1, release).await;
    assert_eq!(
        (released.status, released.body["result"]["auto"].as_bool()),
        (StatusCode::OK, Some(true)),
        "{:?}",
        released.body
    );
    let finished = app
        .step(
            &run,
            "/finish",
            "finish",
            1,
            json!({"outcome": "completed", "release": {"tag": "v0.1.0", "html_url": "https://r"}}),
        )
        .await;
    assert_eq!(finished.status, StatusCode::OK);
    assert_eq!(app.status(run.project).await, "completed");
    app.run_jobs().await;
    assert!(app.notification.sent().iter().any(|(_, body)| body["kind"] == "completed"));

    let page = app.person(ada, Role::Viewer, Method::GET, &format!("/api/v1/projects/{}", run.project), None).await;
    assert_eq!(page.body["status"], "completed");
    assert_eq!(page.body["spend"], json!({"tokens": 6000, "cost_cents": 15.0}));
    assert_eq!(page.body["links"]["release"], "https://r");
    assert!(
        page.body["stages"].as_array().unwrap().iter().all(|item| item["state"] == "completed"),
        "{:?}",
        page.body["stages"]
    );
    let wanted = app
        .person(ada, Role::Viewer, Method::GET, &format!("/api/v1/projects/{}/requirements", run.project), None)
        .await;
    assert!(
        wanted.body.as_array().unwrap().iter().all(|requirement| requirement["status"] == "built"),
        "{:?}",
        wanted.body
    );
    let home = app.person(ada, Role::Viewer, Method::GET, "/api/v1/home", None).await;
    assert_eq!(home.body["counts"]["completed"], 1);
    assert_eq!(home.body["today"]["tokens"], 6000);
    let context = app
        .service("cursor-integration", Method::GET, &format!("/internal/v1/projects/{}/context", run.project), None)
        .await;
    assert_eq!(context.body["plan"]["summary"], "A ledger in the terminal");
    assert_eq!(context.body["decisions"][0]["choice"], "approve");
}
