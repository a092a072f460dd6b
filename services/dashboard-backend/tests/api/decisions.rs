//! Answers: one wins, others are told, nothing is lost.

use common::auth::Role;
use common::ids::UserId;
use common::testing::Answer;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{TestApp, analysis, plan};

async fn from_dashboard(app: &TestApp, decision: &str, user: UserId, body: Value) -> Answer {
    app.person(user, Role::Approver, Method::POST, &format!("/api/v1/decisions/{decision}/answers"), Some(body)).await
}

async fn from_telegram(app: &TestApp, decision: &str, user: UserId, choice: &str) -> Answer {
    let body = json!({"user_id": user, "choice": choice, "comment": "from my phone", "channel": "telegram"});
    app.service("notification", Method::POST, &format!("/internal/v1/decisions/{decision}/answers"), Some(body)).await
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn of_two_answers_at_once_one_wins_and_the_other_is_told(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    let (ada, bob) = (app.user("Ada", Role::Approver).await, app.user("Bob", Role::Operator).await);
    let (one, other) = tokio::join!(
        from_dashboard(&app, &decision, ada, json!({"choice": "approve"})),
        from_telegram(&app, &decision, bob, "reject"),
    );
    let statuses = [one.status, other.status];
    assert!(statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::CONFLICT), "{statuses:?}");
    let (winner, loser) = if one.status == StatusCode::OK { (&one, &other) } else { (&other, &one) };
    assert_eq!(loser.body["code"], "already_decided");
    let name = winner.body["decision"]["decided_by"]["name"].as_str().unwrap();
    let choice = winner.body["decision"]["choice"].as_str().unwrap();
    let detail = loser.body["detail"].as_str().unwrap();
    assert!(detail.contains(name) && detail.contains(choice) && detail.contains("2026-03-17"), "{detail}");
    assert_eq!(loser.body["decision"]["status"], "answered");
    assert_eq!(
        app.count("SELECT count(*) FROM jobs WHERE queue = 'steps.resume' AND key LIKE $1::text || '%'", run.project)
            .await,
        1,
        "woken once"
    );
    let attempts = app.person(ada, Role::Viewer, Method::GET, &format!("/api/v1/decisions/{decision}"), None).await;
    let accepted: Vec<_> = attempts.body["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["accepted"].as_bool().unwrap())
        .collect();
    assert_eq!(accepted, [true, false], "both attempts are kept");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn many_answers_at_once_make_one_decision(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    let ada = app.user("Ada", Role::Approver).await;
    let answers = futures::future::join_all((0..8).map(|_| from_telegram(&app, &decision, ada, "approve"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
    assert!(answers.iter().all(|answer| matches!(answer.status, StatusCode::OK | StatusCode::CONFLICT)), "{answers:?}");
    assert_eq!(
        app.count("SELECT count(*) FROM events WHERE project_id = $1 AND kind = 'decision.answered'", run.project)
            .await,
        1
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn only_an_approver_answers_and_only_what_was_asked(db: PgPool) {
    let app = TestApp::start(db).await;
    let (_, decision) = app.asked_for_plan().await;
    let (ada, viewer) = (app.user("Ada", Role::Approver).await, app.user("Vic", Role::Viewer).await);
    assert_eq!(from_telegram(&app, &decision, viewer, "approve").await.body["code"], "not_an_approver");
    assert_eq!(from_telegram(&app, &decision, UserId::new(), "approve").await.body["code"], "not_an_approver");
    // A token that says more than the account may is not believed.
    assert_eq!(
        from_dashboard(&app, &decision, viewer, json!({"choice": "approve"})).await.body["code"],
        "not_an_approver"
    );
    let other = app
        .service(
            "github-integration",
            Method::POST,
            &format!("/internal/v1/decisions/{decision}/answers"),
            Some(json!({"user_id": ada, "choice": "approve", "channel": "telegram"})),
        )
        .await;
    assert_eq!((other.status, other.body["code"].as_str()), (StatusCode::FORBIDDEN, Some("not_a_channel")));
    for (body, code) in [
        (json!({"choice": "burn"}), "invalid_choice"),
        (json!({"choice": "reject"}), "comment_required"),
        (json!({"choice": "change", "comment": "  "}), "comment_required"),
        (json!({"choice": "approve", "evidence_sha": "0".repeat(64)}), "artifact_changed"),
    ] {
        let refused = from_dashboard(&app, &decision, ada, body).await;
        assert_eq!(refused.body["code"], code, "{:?}", refused.body);
    }
    assert_eq!(
        from_dashboard(&app, &decision, ada, json!({"choice": "change", "comment": "use SQLite"})).await.status,
        StatusCode::OK
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_was_shown_is_what_is_approved(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    let ada = app.user("Ada", Role::Approver).await;
    let mut other = plan();
    other["summary"] = json!("Another plan altogether");
    app.step(&run, "/plan", "plan.store", 2, json!({"plan": other})).await;
    let refused = from_dashboard(&app, &decision, ada, json!({"choice": "approve"})).await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (StatusCode::CONFLICT, Some("artifact_changed")));
    let detail = app.person(ada, Role::Viewer, Method::GET, &format!("/api/v1/decisions/{decision}"), None).await;
    assert_eq!(detail.body["evidence_current"], false);
    // Nor can the workflow ask about a plan that is not the newest.
    let stale = json!({"type": "plan", "title": "t", "options": ["approve"], "artifact": {"kind": "plan", "sha": "0".repeat(64)}});
    assert_eq!(app.step(&run, "/decisions", "plan.decision.2", 1, stale).await.body["code"], "artifact_changed");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_decision_expires_without_being_a_refusal(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    let ada = app.user("Ada", Role::Approver).await;
    app.run_jobs().await;
    app.advance(37 * 3600);
    app.reconcile().await;
    app.run_jobs().await;
    assert_eq!(
        app.notification.sent().iter().filter(|(_, body)| body["kind"] == "reminder").count(),
        1,
        "a reminder at half time"
    );
    app.advance(36 * 3600);
    let late = from_dashboard(&app, &decision, ada, json!({"choice": "approve"})).await;
    assert_eq!((late.status, late.body["code"].as_str()), (StatusCode::GONE, Some("decision_expired")));
    app.reconcile().await;
    let asked = app
        .step(&run, "/decisions", "plan.decision", 1, json!({"type": "plan", "title": "t", "options": ["approve"]}))
        .await;
    assert_eq!(asked.body["result"]["choice"], "expired");
    let again = app
        .step(
            &run,
            "/decisions",
            "plan.decision",
            2,
            json!({"type": "plan", "title": "Once more", "options": ["approve"]}),
        )
        .await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "the workflow asks anew");
    assert_ne!(again.body["id"], decision);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn asking_again_finds_the_same_decision_and_the_new_place_to_wait(db: PgPool) {
    let app = TestApp::start(db).await;
    let (run, decision) = app.asked_for_plan().await;
    let ada = app.user("Ada", Role::Approver).await;
    app.n8n.with(|state| state.executions.insert(run.execution.clone(), "crashed"));
    app.n8n.with(|state| state.executions.insert("900".to_owned(), "waiting"));
    let new = app.take_over(run.project, "900").await;
    let body = json!({"type": "plan", "title": "t", "options": ["approve"], "resume_url": "http://n8n/webhook-waiting/900?signature=x", "execution_id": "900"});
    let asked = app.step(&new, "/decisions", "plan.decision", 1, body).await;
    assert_eq!((asked.status, asked.body["id"].as_str()), (StatusCode::ACCEPTED, Some(decision.as_str())));
    from_dashboard(&app, &decision, ada, json!({"choice": "approve"})).await;
    app.run_jobs().await;
    assert_eq!(app.n8n.with(|state| state.resumes.clone()), ["900"], "the new execution is woken, not the old one");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn two_have_to_approve_where_the_policy_says_so(db: PgPool) {
    let app = TestApp::start(db).await;
    let run = app.project().await;
    let (ada, bob) = (app.user("Ada", Role::Approver).await, app.user("Bob", Role::Approver).await);
    let path = format!("/api/v1/projects/{}/policies/plan", run.project);
    let set = app.person(bob, Role::Operator, Method::PUT, &path, Some(json!({"mode": "ask", "quorum": 2}))).await;
    assert_eq!(set.status, StatusCode::OK, "{:?}", set.body);
    app.step(&run, "/stages", "analysis.stage", 1, json!({"stage": "analysis", "milestone": null, "iteration": 1}))
        .await;
    app.step(&run, "/analysis", "analysis.store", 1, analysis()).await;
    app.step(&run, "/stages", "plan.stage", 1, json!({"stage": "planning", "milestone": null, "iteration": 1})).await;
    let stored = app.step(&run, "/plan", "plan.store", 1, json!({"plan": plan()})).await;
    let asked = app.step(&run, "/decisions", "plan.decision", 1, TestApp::question(&run, &stored.body)).await;
    let decision = asked.body["id"].as_str().unwrap();
    for _ in 0..2 {
        let first = from_dashboard(&app, decision, ada, json!({"choice": "approve"})).await;
        assert_eq!(first.body["decision"]["status"], "pending", "the same person twice is one person");
    }
    let second = from_dashboard(&app, decision, bob, json!({"choice": "approve"})).await;
    assert_eq!(second.body["decision"]["status"], "answered");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_went_wrong_is_never_answered_by_a_rule(db: PgPool) {
    let app = TestApp::start(db).await;
    let admin = app.user("Ann", Role::Admin).await;
    for kind in ["stuck", "error", "budget"] {
        let refused = app
            .person(admin, Role::Admin, Method::PUT, &format!("/api/v1/policies/{kind}"), Some(json!({"mode": "auto"})))
            .await;
        assert_eq!(refused.body["code"], "invalid_policy", "{kind}");
    }
    let set = app.person(admin, Role::Admin, Method::PUT, "/api/v1/policies/plan", Some(json!({"mode": "auto"}))).await;
    assert_eq!(set.status, StatusCode::OK);
    let run = app.project().await;
    app.step(&run, "/stages", "analysis.stage", 1, json!({"stage": "analysis"})).await;
    app.step(&run, "/stages", "plan.stage", 1, json!({"stage": "planning"})).await;
    let stored = app.step(&run, "/plan", "plan.store", 1, json!({"plan": plan()})).await;
    let asked = app.step(&run, "/decisions", "plan.decision", 1, TestApp::question(&run, &stored.body)).await;
    assert_eq!((asked.status, asked.body["result"]["choice"].as_str()), (StatusCode::OK, Some("approve")));
    assert_eq!(asked.body["result"]["channel"], "policy");
    assert_eq!(app.status(run.project).await, "planning");
    assert_eq!(
        app.count(
            "SELECT count(*) FROM jobs WHERE queue = 'dashboard-backend.request_approval' AND $1::uuid IS NOT NULL",
            run.project
        )
        .await,
        0
    );
}
