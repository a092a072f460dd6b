//! Money is a lock: what does not fit waits and asks, and the last of it is given out once.

use common::auth::Role;
use common::ids::{ProjectId, UserId};
use common::testing::Answer;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Run, TestApp, repository};

/// A run is thought to take a dollar and a thousand tokens.
const SETTINGS: [(&str, &str); 2] =
    [("DASHBOARD_RUN_ESTIMATE_CENTS", "100"), ("DASHBOARD_RUN_ESTIMATE_TOKENS", "1000")];

async fn start(db: PgPool) -> TestApp {
    TestApp::start_with(db, &SETTINGS).await
}

/// Another project beside the usual one.
async fn project(app: &TestApp, repository_id: i64) -> ProjectId {
    let answer = app.workflow("/internal/v1/projects", repository(repository_id)).await;
    answer.body["project_id"].as_str().unwrap().parse().unwrap()
}

async fn reserve(app: &TestApp, project: ProjectId, run: Uuid) -> Answer {
    let path = format!("/internal/v1/projects/{project}/budget/reservations");
    let body = json!({"run_id": run, "role": "developer", "task": "implement", "deadline_seconds": 3600});
    app.service("cursor-integration", Method::POST, &path, Some(body)).await
}

/// Asks for money, and says whether there was some.
async fn fits(app: &TestApp, project: ProjectId, run: Uuid) -> bool {
    let answer = reserve(app, project, run).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    answer.body["status"] == "reserved"
}

/// A run tells what it took.
async fn tell(app: &TestApp, project: ProjectId, run: Uuid, kind: &str, usage: (i64, Option<f64>), last: bool) {
    let body = json!({
        "key": Uuid::now_v7(), "project_id": project, "kind": kind, "summary": "told", "occurred_at": "2026-03-17T11:59:00Z",
        "data": {"run_id": run, "usage": {"total_tokens": usage.0, "cost_cents": usage.1}, "usage_final": last},
    });
    let answer = app.service("cursor-integration", Method::POST, "/internal/v1/events", Some(body)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{:?}", answer.body);
}

/// Something that was spent before.
async fn spend(app: &TestApp, project: ProjectId, tokens: i64, cents: f64) {
    tell(app, project, Uuid::now_v7(), "agent_run.finished", (tokens, Some(cents)), true).await;
}

async fn set(app: &TestApp, project: Option<ProjectId>, period: &str, body: Value) -> Answer {
    let path = project
        .map_or_else(|| format!("/api/v1/budgets/{period}"), |id| format!("/api/v1/projects/{id}/budgets/{period}"));
    let answer = app.person(UserId::new(), Role::Admin, Method::PUT, &path, Some(body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    answer
}

async fn remove(app: &TestApp, project: Option<ProjectId>, period: &str) -> Answer {
    let path = project
        .map_or_else(|| format!("/api/v1/budgets/{period}"), |id| format!("/api/v1/projects/{id}/budgets/{period}"));
    app.person(UserId::new(), Role::Admin, Method::DELETE, &path, None).await
}

/// Questions about a project's budget, the newest first.
async fn questions(app: &TestApp, project: ProjectId) -> Vec<Value> {
    let path = format!("/api/v1/projects/{project}/decisions");
    let answer = app.person(UserId::new(), Role::Viewer, Method::GET, &path, None).await;
    let all = answer.body.as_array().unwrap().clone();
    all.into_iter().filter(|decision| decision["type"] == "budget").collect()
}

async fn answer(app: &TestApp, user: UserId, question: &Value, body: Value) -> Answer {
    let path = format!("/api/v1/decisions/{}/answers", question["id"].as_str().unwrap());
    app.person(user, Role::Approver, Method::POST, &path, Some(body)).await
}

async fn state(app: &TestApp, run: Uuid) -> (String, f64, i64) {
    sqlx::query_as("SELECT state, open_cents, open_tokens FROM budget_reservations WHERE run_id = $1")
        .bind(run)
        .fetch_one(&app.app.db)
        .await
        .unwrap()
}

/// A project that waits for money: of its budget of $1.50, $1.00 is set aside for `first`, and `second` does not fit.
async fn held(app: &TestApp) -> (Run, Uuid, Uuid) {
    let run = app.project().await;
    set(app, Some(run.project), "project", json!({"limit_cents": 150})).await;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    assert!(fits(app, run.project, first).await);
    assert!(!fits(app, run.project, second).await);
    assert_eq!(app.status(run.project).await, "budget_hold");
    (run, first, second)
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn without_a_budget_nothing_is_held(db: PgPool) {
    let app = start(db).await;
    let run = app.project().await;
    let before = app.status(run.project).await;
    spend(&app, run.project, 1_000_000_000, 1_000_000.0).await;
    for _ in 0..3 {
        assert!(fits(&app, run.project, Uuid::now_v7()).await);
    }
    assert_eq!(app.status(run.project).await, before);
    assert!(questions(&app, run.project).await.is_empty());
    app.reconcile().await;
    assert_eq!(app.status(run.project).await, before);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn every_limit_holds_in_money_and_in_tokens(db: PgPool) {
    let app = start(db).await;
    let run = app.project().await;
    let other = project(&app, 4712).await;
    app.step(&run, "/stages", "analysis.stage", 1, json!({"stage": "analysis", "milestone": null, "iteration": 1}))
        .await;
    spend(&app, run.project, 600, 60.0).await;
    spend(&app, other, 300, 30.0).await;
    // Whose budget, what for, and what is used of it before a run that takes 100 cents and 1000 tokens.
    let cases = [
        (None, "run", 0),
        (None, "stage", 60),
        (None, "project", 60),
        (None, "day", 90),
        (None, "month", 90),
        (Some(run.project), "run", 0),
        (Some(run.project), "stage", 60),
        (Some(run.project), "project", 60),
        (Some(run.project), "day", 60),
        (Some(run.project), "month", 60),
    ];
    for (owner, period, used) in cases {
        let exact = used + 100;
        for (least, short) in [
            (json!({"limit_cents": exact}), json!({"limit_cents": exact - 1})),
            (json!({"limit_tokens": exact * 10}), json!({"limit_tokens": exact * 10 - 1})),
        ] {
            let id = Uuid::now_v7();
            set(&app, owner, period, short).await;
            assert!(!fits(&app, run.project, id).await, "{owner:?} {period}: one too little");
            set(&app, owner, period, least).await;
            assert_eq!(state(&app, id).await.0, "open", "{owner:?} {period}: just enough");
            tell(&app, run.project, id, "agent_run.finished", (0, None), true).await;
            assert_eq!(remove(&app, owner, period).await.status, StatusCode::OK);
        }
    }
    assert_eq!(app.status(run.project).await, "analyzing");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_projects_own_budget_goes_before_the_default_but_not_before_what_all_share(db: PgPool) {
    let app = start(db).await;
    let run = app.project().await;
    set(&app, None, "project", json!({"limit_cents": 10})).await;
    set(&app, Some(run.project), "project", json!({"limit_cents": 1_000})).await;
    assert!(fits(&app, run.project, Uuid::now_v7()).await, "its own counts");
    set(&app, Some(run.project), "day", json!({"limit_cents": 1_000})).await;
    set(&app, None, "day", json!({"limit_cents": 150})).await;
    assert!(!fits(&app, run.project, Uuid::now_v7()).await, "nobody gets more than what all share");
    let list = app
        .person(UserId::new(), Role::Viewer, Method::GET, &format!("/api/v1/projects/{}/budgets", run.project), None)
        .await;
    let rows: Vec<_> = list
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (row["period"].as_str().unwrap(), row["own"] == true, row["shared"] == true, &row["reserved"]["cost_cents"])
        })
        .collect();
    let reserved = json!(100.0);
    assert_eq!(
        rows,
        [("project", true, false, &reserved), ("day", true, false, &reserved), ("day", false, true, &reserved)]
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn of_two_who_want_the_last_money_one_gets_it(db: PgPool) {
    let app = start(db).await;
    set(&app, None, "day", json!({"limit_cents": 250})).await;
    let mut projects = Vec::new();
    for id in 0..6 {
        projects.push(project(&app, 5_000 + id).await);
    }
    let asked = futures::future::join_all(projects.iter().map(|id| fits(&app, *id, Uuid::now_v7()))).await;
    assert_eq!(asked.iter().filter(|got| **got).count(), 2, "{asked:?}");
    // And of two runs of one project.
    let one = project(&app, 6_000).await;
    set(&app, None, "day", json!({"limit_cents": 300})).await;
    assert_eq!(
        app.count("SELECT count(*) FROM budget_reservations WHERE state = 'open' AND $1::uuid IS NOT NULL", one).await,
        3
    );
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    let (left, right) = tokio::join!(fits(&app, one, first), fits(&app, one, second));
    assert!(!left && !right, "there is nothing left");
    assert_eq!(questions(&app, one).await.len(), 1, "one question, however many runs wait");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_same_run_asked_for_again_takes_nothing_more(db: PgPool) {
    let app = start(db).await;
    let (run, first, second) = held(&app).await;
    let again = futures::future::join_all((0..6).map(|_| reserve(&app, run.project, first))).await;
    assert!(again.iter().all(|answer| answer.body["status"] == "reserved"));
    let still = futures::future::join_all((0..6).map(|_| reserve(&app, run.project, second))).await;
    assert!(still.iter().all(|answer| answer.body["status"] == "held"), "{still:?}");
    assert_eq!(questions(&app, run.project).await.len(), 1);
    app.run_jobs().await;
    let told = app.notification.sent().iter().filter(|(_, body)| body["decision"]["type"] == "budget").count();
    assert_eq!(told, 1, "people are told once");
    let other = project(&app, 4712).await;
    assert_eq!(reserve(&app, other, first).await.body["code"], "run_of_another_project");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_was_really_used_counts_then(db: PgPool) {
    let app = start(db).await;
    let run = app.project().await;
    set(&app, Some(run.project), "project", json!({"limit_cents": 300, "limit_tokens": 100_000})).await;
    let (cheap, dear) = (Uuid::now_v7(), Uuid::now_v7());
    assert!(fits(&app, run.project, cheap).await && fits(&app, run.project, dear).await);
    // Tokens are told at the end of a run, its cost later: so long the estimate stays.
    tell(&app, run.project, cheap, "agent_run.finished", (400, None), false).await;
    assert_eq!(state(&app, cheap).await, ("open".to_owned(), 100.0, 0));
    tell(&app, run.project, cheap, "agent_run.usage", (400, Some(20.0)), true).await;
    assert_eq!(state(&app, cheap).await, ("settled".to_owned(), 0.0, 0));
    tell(&app, run.project, dear, "agent_run.finished", (9_000, Some(170.0)), true).await;
    let list = app
        .person(UserId::new(), Role::Viewer, Method::GET, &format!("/api/v1/projects/{}/budgets", run.project), None)
        .await;
    assert_eq!(list.body[0]["spent"], json!({"tokens": 9_400, "cost_cents": 190.0}));
    assert_eq!(list.body[0]["reserved"], json!({"tokens": 0, "cost_cents": 0.0}));
    assert!(fits(&app, run.project, Uuid::now_v7()).await, "190 and 100 are less than 300");
    assert!(!fits(&app, run.project, Uuid::now_v7()).await);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_cost_counts_for_the_stage_in_which_the_run_began(db: PgPool) {
    let app = start(db).await;
    let run = app.project().await;
    let id = Uuid::now_v7();
    app.step(&run, "/stages", "analysis.stage", 1, json!({"stage": "analysis", "iteration": 1})).await;
    assert!(fits(&app, run.project, id).await);
    tell(&app, run.project, id, "agent_run.finished", (400, None), false).await;
    app.step(&run, "/stages", "plan.stage", 1, json!({"stage": "planning", "iteration": 1})).await;
    tell(&app, run.project, id, "agent_run.usage", (400, Some(20.0)), true).await;
    let stages: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT s.stage_name FROM performance_metrics m JOIN project_stages s ON s.id = m.stage_id WHERE m.project_id = $1",
    )
    .bind(run.project)
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    assert_eq!(stages, ["analysis"]);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_run_that_takes_nothing_gives_its_money_back(db: PgPool) {
    let app = start(db).await;
    let (run, first, second) = held(&app).await;
    tell(&app, run.project, first, "agent_run.finished", (0, None), true).await;
    assert_eq!(state(&app, first).await, ("released".to_owned(), 0.0, 0));
    app.reconcile().await;
    assert_eq!(state(&app, second).await.0, "open", "and another gets it");
    assert_eq!(app.status(run.project).await, "received");
    assert_eq!(questions(&app, run.project).await[0]["status"], "cancelled");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_run_that_nobody_speaks_of_gives_its_money_back_too(db: PgPool) {
    let app = start(db).await;
    let (run, first, second) = held(&app).await;
    app.advance(3 * 3600);
    app.reconcile().await;
    assert_eq!(state(&app, first).await, ("lost".to_owned(), 0.0, 0), "its deadline and an hour have passed");
    assert!(fits(&app, run.project, second).await);
    // One that has ended waits two hours for its price.
    tell(&app, run.project, second, "agent_run.finished", (50, None), false).await;
    app.advance(3600);
    app.reconcile().await;
    assert_eq!(state(&app, second).await, ("open".to_owned(), 100.0, 0));
    app.advance(2 * 3600);
    app.reconcile().await;
    assert_eq!(state(&app, second).await, ("settled".to_owned(), 0.0, 0));
    // A lost one that asks after all asks anew.
    assert!(fits(&app, run.project, first).await);
    assert_eq!(state(&app, first).await.0, "open");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_run_that_is_cancelled_while_it_waits_ends_the_hold(db: PgPool) {
    let app = start(db).await;
    let (run, _, second) = held(&app).await;
    tell(&app, run.project, second, "agent_run.finished", (0, None), true).await;
    app.reconcile().await;
    assert_eq!(app.status(run.project).await, "received");
    assert_eq!(questions(&app, run.project).await[0]["status"], "cancelled");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn the_question_says_what_is_missing_and_what_each_answer_does(db: PgPool) {
    let app = start(db).await;
    let (run, ..) = held(&app).await;
    let question = questions(&app, run.project).await.remove(0);
    assert_eq!(question["options"], json!(["approve", "change", "stop"]));
    let summary = question["summary"].as_str().unwrap();
    for part in [
        "estimated at $1.00 and 1,000 tokens",
        "the project's budget is $1.50: $0.00 spent, $1.00 reserved for runs under way, $0.50 missing",
        "Approve: the project's budget becomes $3.00",
        "Change: write another limit",
        "Stop: the project ends here",
    ] {
        assert!(summary.contains(part), "`{part}` is missing in: {summary}");
    }
    assert_eq!(question["context"]["limits"][0]["raised_to"], 300);
    let shown =
        app.person(UserId::new(), Role::Viewer, Method::GET, &format!("/api/v1/projects/{}", run.project), None).await;
    assert_eq!(shown.body["sentence"], "The next run of the developer does not fit the project's budget");
    assert_eq!(shown.body["waiting_decision_id"], question["id"]);
    app.run_jobs().await;
    let (path, message) =
        app.notification.sent().into_iter().find(|(_, body)| body["decision"]["type"] == "budget").unwrap();
    assert_eq!(path, "/internal/v1/notifications");
    assert_eq!((&message["kind"], &message["text"]), (&json!("approval_request"), &question["summary"]));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn approving_raises_the_limit_and_lets_the_work_go_on(db: PgPool) {
    let app = start(db).await;
    let (run, _, second) = held(&app).await;
    let ada = app.user("Ada", Role::Approver).await;
    let question = questions(&app, run.project).await.remove(0);
    // While it waits, new long work waits too.
    let asked = json!({"type": "merge", "title": "Merge?", "options": ["approve"],
        "resume_url": format!("http://n8n/webhook-waiting/{}?signature=x", run.execution), "execution_id": run.execution});
    let step = app.step(&run, "/decisions", "m1.merge", 1, asked.clone()).await;
    assert_eq!((step.status, step.body["status"].as_str()), (StatusCode::ACCEPTED, Some("pending")));
    app.n8n.with(|state| state.executions.insert(run.execution.clone(), "waiting"));
    let given = answer(&app, ada, &question, json!({"choice": "approve"})).await;
    assert_eq!(given.status, StatusCode::OK, "{:?}", given.body);
    assert_eq!(given.body["decision"]["status"], "applied");
    assert_eq!(app.status(run.project).await, "received");
    assert_eq!(state(&app, second).await.0, "open", "its money is set aside at once");
    assert!(fits(&app, run.project, second).await);
    assert_eq!(
        app.count("SELECT limit_cents FROM budgets WHERE project_id = $1 AND period = 'project'", run.project).await,
        300
    );
    app.run_jobs().await;
    assert_eq!(app.n8n.with(|state| state.resumes.clone()), vec![run.execution.clone()], "what was held is woken");
    let closed = app.notification.sent().iter().filter(|(path, _)| path.ends_with("/closed")).count();
    assert_eq!(closed, 1, "every channel hears that it is over");
    let events: Vec<String> =
        sqlx::query_scalar("SELECT summary FROM events WHERE kind = 'budget.changed' AND actor = 'Ada'")
            .fetch_all(&app.app.db)
            .await
            .unwrap();
    assert_eq!(events, ["Ada set the project's budget to $3.00"]);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn approving_a_default_raises_it_for_this_project_only(db: PgPool) {
    let app = start(db).await;
    let (one, other) = (project(&app, 4711).await, project(&app, 4712).await);
    set(&app, None, "run", json!({"limit_cents": 50, "limit_tokens": 5_000, "warn_percent": 70})).await;
    assert!(!fits(&app, one, Uuid::now_v7()).await);
    let ada = app.user("Ada", Role::Approver).await;
    let question = questions(&app, one).await.remove(0);
    assert_eq!(answer(&app, ada, &question, json!({"choice": "approve"})).await.status, StatusCode::OK);
    assert!(fits(&app, one, Uuid::now_v7()).await);
    assert!(!fits(&app, other, Uuid::now_v7()).await);
    let own: (i64, i64, i32) =
        sqlx::query_as("SELECT limit_cents, limit_tokens, warn_percent FROM budgets WHERE project_id = $1")
            .bind(one)
            .fetch_one(&app.app.db)
            .await
            .unwrap();
    assert_eq!(own, (200, 5_000, 70), "the rest stays as it was");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn what_all_share_is_raised_for_all(db: PgPool) {
    let app = start(db).await;
    let one = project(&app, 4711).await;
    set(&app, None, "month", json!({"limit_tokens": 999})).await;
    let run = Uuid::now_v7();
    assert!(!fits(&app, one, run).await);
    let ada = app.user("Ada", Role::Approver).await;
    let question = questions(&app, one).await.remove(0);
    assert!(
        question["summary"].as_str().unwrap().contains("the installation's budget for a month becomes 2,000 tokens")
    );
    assert_eq!(answer(&app, ada, &question, json!({"choice": "approve"})).await.status, StatusCode::OK);
    assert!(fits(&app, one, run).await);
    assert_eq!(
        app.count("SELECT limit_tokens FROM budgets WHERE project_id IS NULL AND $1::uuid IS NOT NULL", one).await,
        2_000
    );
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn another_limit_is_taken_as_it_is_written(db: PgPool) {
    let app = start(db).await;
    let (run, _, second) = held(&app).await;
    let ada = app.user("Ada", Role::Approver).await;
    let first = questions(&app, run.project).await.remove(0);
    for comment in ["a bit more", "-3", "0"] {
        let refused = answer(&app, ada, &first, json!({"choice": "change", "comment": comment})).await;
        assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (422, Some("invalid_limit")), "{comment}");
    }
    // Less is taken too: the project goes on waiting, and the question comes with the new numbers.
    assert_eq!(answer(&app, ada, &first, json!({"choice": "change", "comment": "1.20"})).await.status, StatusCode::OK);
    assert_eq!(app.status(run.project).await, "budget_hold");
    let all = questions(&app, run.project).await;
    assert_eq!((all.len(), &all[0]["status"], &all[1]["status"]), (2, &json!("pending"), &json!("applied")));
    assert!(all[0]["summary"].as_str().unwrap().contains("the project's budget is $1.20"));
    // From Telegram.
    let body = json!({"user_id": ada, "choice": "change", "comment": "$ 2.00", "channel": "telegram"});
    let path = format!("/internal/v1/decisions/{}/answers", all[0]["id"].as_str().unwrap());
    let given = app.service("notification", Method::POST, &path, Some(body)).await;
    assert_eq!(given.status, StatusCode::OK, "{:?}", given.body);
    assert_eq!(app.status(run.project).await, "received");
    assert!(fits(&app, run.project, second).await);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn stop_ends_the_project(db: PgPool) {
    let app = start(db).await;
    let (run, first, second) = held(&app).await;
    let ada = app.user("Ada", Role::Approver).await;
    let question = questions(&app, run.project).await.remove(0);
    let body = json!({"user_id": ada, "choice": "stop", "channel": "email"});
    let path = format!("/internal/v1/decisions/{}/answers", question["id"].as_str().unwrap());
    assert_eq!(app.service("notification", Method::POST, &path, Some(body)).await.status, StatusCode::OK);
    assert_eq!(app.status(run.project).await, "cancelled");
    let shown = app.person(ada, Role::Viewer, Method::GET, &format!("/api/v1/projects/{}", run.project), None).await;
    assert_eq!(shown.body["sentence"], "Ada stopped it at its budget");
    assert_eq!(reserve(&app, run.project, second).await.body["code"], "project_closed");
    // What was under way is still accounted for.
    tell(&app, run.project, first, "agent_run.finished", (10, Some(3.0)), true).await;
    assert_eq!(state(&app, first).await.0, "settled");
    tell(&app, run.project, second, "agent_run.finished", (0, None), true).await;
    assert_eq!(state(&app, second).await.0, "released");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn raising_the_limit_in_the_settings_lets_the_work_go_on(db: PgPool) {
    let app = start(db).await;
    let (run, _, second) = held(&app).await;
    let ada = app.user("Ada", Role::Approver).await;
    set(&app, Some(run.project), "project", json!({"limit_cents": 199})).await;
    assert_eq!(app.status(run.project).await, "budget_hold", "still too little");
    set(&app, Some(run.project), "project", json!({"limit_cents": 200})).await;
    assert_eq!(app.status(run.project).await, "received");
    assert_eq!(state(&app, second).await.0, "open");
    let question = questions(&app, run.project).await.remove(0);
    assert_eq!(
        (&question["status"], &question["comment"]),
        (&json!("cancelled"), &json!("the work fits the budget by now"))
    );
    let late = answer(&app, ada, &question, json!({"choice": "approve"})).await;
    assert_eq!(late.body["code"], "already_decided");

    // The same for what all share, and for a limit that goes away.
    set(&app, None, "day", json!({"limit_cents": 250})).await;
    let third = Uuid::now_v7();
    set(&app, Some(run.project), "project", json!({"limit_cents": 900})).await;
    assert!(!fits(&app, run.project, third).await);
    set(&app, None, "day", json!({"limit_cents": 300})).await;
    assert_eq!((app.status(run.project).await.as_str(), state(&app, third).await.0.as_str()), ("received", "open"));
    let fourth = Uuid::now_v7();
    assert!(!fits(&app, run.project, fourth).await);
    assert_eq!(remove(&app, None, "day").await.status, StatusCode::OK);
    assert_eq!((app.status(run.project).await.as_str(), state(&app, fourth).await.0.as_str()), ("received", "open"));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_new_day_brings_new_money(db: PgPool) {
    let app = start(db).await;
    let one = project(&app, 4711).await;
    set(&app, None, "day", json!({"limit_cents": 120})).await;
    spend(&app, one, 10, 50.0).await;
    let run = Uuid::now_v7();
    assert!(!fits(&app, one, run).await);
    app.advance(11 * 3600);
    app.reconcile().await;
    assert_eq!(app.status(one).await, "budget_hold");
    app.advance(2 * 3600);
    app.reconcile().await;
    assert_eq!(app.status(one).await, "received", "it is past midnight in UTC");
    assert!(fits(&app, one, run).await);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn resuming_looks_again_and_does_not_pass_a_limit(db: PgPool) {
    let app = start(db).await;
    let (run, first, second) = held(&app).await;
    let operator = app.user("Olga", Role::Operator).await;
    let resume = async || {
        let path = format!("/api/v1/projects/{}/resume", run.project);
        app.person(operator, Role::Operator, Method::POST, &path, Some(json!({}))).await
    };
    let refused = resume().await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (StatusCode::CONFLICT, Some("over_budget")));
    assert_eq!(questions(&app, run.project).await[0]["status"], "pending");
    tell(&app, run.project, first, "agent_run.finished", (10, Some(5.0)), true).await;
    assert_eq!(resume().await.body["status"], "received");
    assert_eq!(state(&app, second).await.0, "open");
    assert_eq!(resume().await.body["code"], "wrong_state");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_pause_and_a_hold_do_not_lift_each_other(db: PgPool) {
    let app = start(db).await;
    let (run, ..) = held(&app).await;
    let operator = app.user("Olga", Role::Operator).await;
    let steer = async |order: &str| {
        let path = format!("/api/v1/projects/{}/{order}", run.project);
        app.person(operator, Role::Operator, Method::POST, &path, Some(json!({}))).await.body["status"].clone()
    };
    assert_eq!(steer("pause").await, "paused");
    assert_eq!(steer("resume").await, "budget_hold");
    assert_eq!(steer("pause").await, "paused");
    set(&app, Some(run.project), "project", json!({"limit_cents": 500})).await;
    assert_eq!(app.status(run.project).await, "paused");
    assert_eq!(steer("resume").await, "received");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn a_question_that_nobody_answers_is_asked_again(db: PgPool) {
    let app = start(db).await;
    let (run, _, second) = held(&app).await;
    for _ in 0..4 {
        app.advance(20 * 3600);
        reserve(&app, run.project, second).await;
        // The first run is still at work, and says so.
        sqlx::query("UPDATE budget_reservations SET expires_at = $1 WHERE state = 'open'")
            .bind(app.clock.now() + time::Duration::days(2))
            .execute(&app.app.db)
            .await
            .unwrap();
        app.reconcile().await;
    }
    assert_eq!(app.status(run.project).await, "budget_hold");
    let all = questions(&app, run.project).await;
    assert_eq!((all.len(), &all[0]["status"], &all[1]["status"]), (2, &json!("pending"), &json!("expired")));
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn estimates_come_from_what_runs_of_the_role_took(db: PgPool) {
    let app = start(db).await;
    let one = project(&app, 4711).await;
    let estimate = async |run: Uuid| {
        assert!(fits(&app, one, run).await);
        let row: (f64, i64, i32) = sqlx::query_as(
            "SELECT estimate_cents, estimate_tokens, estimated_from FROM budget_reservations WHERE run_id = $1",
        )
        .bind(run)
        .fetch_one(&app.app.db)
        .await
        .unwrap();
        row
    };
    for number in 1..=10_i32 {
        let run = Uuid::now_v7();
        let expected = estimate(run).await;
        if number <= 3 {
            assert_eq!(expected, (100.0, 1_000, 0), "too little is known");
        }
        tell(&app, one, run, "agent_run.finished", (i64::from(number) * 10, Some(f64::from(number))), true).await;
        app.advance(60);
    }
    assert_eq!(estimate(Uuid::now_v7()).await, (9.0, 90, 10), "nine in ten took no more");
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn budgets_are_set_by_admins_and_on_record(db: PgPool) {
    let app = start(db).await;
    let run = app.project().await;
    let put =
        async |path: &str, body: Value| app.person(UserId::new(), Role::Admin, Method::PUT, path, Some(body)).await;
    for (body, field) in [
        (json!({}), "limit_cents"),
        (json!({"limit_cents": 0}), "limit_cents"),
        (json!({"limit_cents": -5}), "limit_cents"),
        (json!({"limit_tokens": 0}), "limit_tokens"),
        (json!({"limit_cents": 2_000_000_000_000_i64}), "limit_cents"),
        (json!({"limit_cents": 5, "warn_percent": 0}), "warn_percent"),
        (json!({"limit_cents": 5, "warn_percent": 101}), "warn_percent"),
    ] {
        for path in ["/api/v1/budgets/day".to_owned(), format!("/api/v1/projects/{}/budgets/day", run.project)] {
            let refused = put(&path, body.clone()).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {:?}", refused.body);
            assert_eq!(refused.body["errors"][0]["field"], field, "{body}");
        }
    }
    let unknown = put("/api/v1/budgets/week", json!({"limit_cents": 5})).await;
    assert_eq!((unknown.status, unknown.body["code"].as_str()), (StatusCode::NOT_FOUND, Some("no_such_period")));
    assert!(unknown.body["detail"].as_str().unwrap().contains("`month`"));
    let nowhere = put(&format!("/api/v1/projects/{}/budgets/day", ProjectId::new()), json!({"limit_cents": 5})).await;
    assert_eq!(nowhere.body["code"], "no_such_project");
    assert_eq!(remove(&app, None, "day").await.body["code"], "no_such_budget");

    let list = set(&app, None, "day", json!({"limit_cents": 500})).await;
    let row = &list.body[0];
    assert_eq!(
        (&row["limit_cents"], &row["limit_tokens"], &row["warn_percent"]),
        (&json!(500), &Value::Null, &json!(80))
    );
    assert_eq!((&row["shared"], &row["spent"]["cost_cents"]), (&json!(true), &json!(0.0)));
    set(&app, None, "project", json!({"limit_tokens": 7, "warn_percent": 50})).await;
    let list = app.person(UserId::new(), Role::Viewer, Method::GET, "/api/v1/budgets", None).await;
    let periods: Vec<_> = list.body.as_array().unwrap().iter().map(|row| row["period"].as_str().unwrap()).collect();
    assert_eq!(periods, ["project", "day"]);
    assert_eq!(list.body[0]["spent"], Value::Null, "every project uses a default by itself");
    set(&app, Some(run.project), "project", json!({"limit_cents": 900})).await;
    assert_eq!(remove(&app, Some(run.project), "project").await.body[0]["own"], false, "the default holds again");
    let told: Vec<(String, String)> =
        sqlx::query_as("SELECT kind, summary FROM events WHERE kind LIKE 'budget.%' ORDER BY sequence")
            .fetch_all(&app.app.db)
            .await
            .unwrap();
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["budget.changed", "budget.changed", "budget.changed", "budget.removed"]);
    assert!(told[0].1.ends_with("set the installation's budget for a day to $5.00"), "{}", told[0].1);
    assert!(told[1].1.ends_with("set the default budget for a project to 7 tokens"), "{}", told[1].1);
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn only_the_agents_service_reserves(db: PgPool) {
    let app = start(db).await;
    let run = app.project().await;
    let path = format!("/internal/v1/projects/{}/budget/reservations", run.project);
    let body =
        |deadline: i64| json!({"run_id": Uuid::now_v7(), "role": "qa", "task": "test", "deadline_seconds": deadline});
    let other = app.service("n8n", Method::POST, &path, Some(body(60))).await;
    assert_eq!((other.status, other.body["code"].as_str()), (StatusCode::FORBIDDEN, Some("not_the_agents_service")));
    for deadline in [0, 86_401] {
        let refused = app.service("cursor-integration", Method::POST, &path, Some(body(deadline))).await;
        assert_eq!(refused.body["code"], "invalid_deadline");
    }
    let nowhere = format!("/internal/v1/projects/{}/budget/reservations", ProjectId::new());
    let unknown = app.service("cursor-integration", Method::POST, &nowhere, Some(body(60))).await;
    assert_eq!(unknown.body["code"], "no_such_project");
}
