//! The service with real Postgres and Redis, beside stand-ins for n8n and notification that answer as those do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use common::auth::Role;
use common::clock::Clock;
use common::config::Reader;
use common::ids::{ProjectId, UserId};
use common::jobs::Worker;
use common::testing::{Answer, SERVICE_SECRET, bearer, send, signed_in, step_headers};
use dashboard_backend::app::App;
use dashboard_backend::config::Config;
use dashboard_backend::{carriers, jobs, routes};
use http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

const INBOUND: &str = "inbound-token-of-the-tests";
const API_KEY: &str = "n8n-api-key-of-the-tests";

/// A time in the middle of a month.
pub(crate) fn noon() -> time::OffsetDateTime {
    time::macros::datetime!(2026-03-17 12:00 UTC)
}

/// What the stand-in for n8n does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Works.
    #[default]
    Up,
    /// Migrates: 200 and a text to everything.
    StartingText,
    /// Just before it is up: 404 and HTML to everything.
    StartingHtml,
    /// Its database is away.
    NoDatabase,
}

/// What it has seen and knows.
#[derive(Default)]
pub(crate) struct N8nState {
    pub(crate) mode: Mode,
    pub(crate) triggers: Vec<Value>,
    pub(crate) resumes: Vec<String>,
    pub(crate) stops: Vec<String>,
    pub(crate) executions: HashMap<String, &'static str>,
    /// The sub-workflow that an execution waits for.
    pub(crate) waits_for: HashMap<String, String>,
    next: u32,
}

#[derive(Clone, Default)]
pub(crate) struct FakeN8n(Arc<Mutex<N8nState>>);

impl FakeN8n {
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut N8nState) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    /// What it answers to everything while it is not up.
    fn excuse(&self) -> Option<Response> {
        match self.with(|state| state.mode) {
            Mode::Up => None,
            Mode::StartingText => Some("n8n is starting up. Please wait".into_response()),
            Mode::StartingHtml => Some((StatusCode::NOT_FOUND, Html("<!DOCTYPE html><html></html>")).into_response()),
            Mode::NoDatabase => Some(
                (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"code": 503, "message": "Database is not ready!"})))
                    .into_response(),
            ),
        }
    }

    async fn start() -> (Self, String) {
        let fake = Self::default();
        let router = Router::new()
            .route("/webhook/qp-project", post(trigger))
            .route("/webhook-waiting/{id}", post(resume))
            .route("/api/v1/executions/{id}", get(execution))
            .route("/api/v1/executions/{id}/stop", post(stop))
            .route("/healthz/readiness", get(readiness))
            .with_state(fake.clone());
        (fake, serve(router).await)
    }
}

async fn trigger(State(n8n): State<FakeN8n>, headers: HeaderMap, body: String) -> Response {
    if let Some(excuse) = n8n.excuse() {
        return excuse;
    }
    if headers.get("x-qp-token").is_none_or(|token| token != INBOUND) {
        return (StatusCode::FORBIDDEN, "Authorization data is wrong!").into_response();
    }
    let id = n8n.with(|state| {
        state.next += 1;
        let id = (100 + state.next).to_string();
        state.triggers.push(serde_json::from_str(&body).unwrap());
        state.executions.insert(id.clone(), "running");
        id
    });
    Json(json!({"accepted": true, "execution_id": id})).into_response()
}

async fn resume(State(n8n): State<FakeN8n>, Path(id): Path<String>) -> Response {
    if let Some(excuse) = n8n.excuse() {
        return excuse;
    }
    n8n.with(|state| state.resumes.push(id.clone()));
    match n8n.with(|state| state.executions.get(&id).copied()) {
        Some("waiting") => {
            n8n.with(|state| state.executions.insert(id, "running"));
            Json(json!({"message": "Workflow was started"})).into_response()
        }
        Some("running") => (
            StatusCode::CONFLICT,
            Json(json!({"code": 409, "message": format!("The execution \"{id}\" is running already.")})),
        )
            .into_response(),
        Some(_) => (
            StatusCode::CONFLICT,
            Json(json!({"code": 409, "message": format!("The execution \"{id}\" has finished with error.")})),
        )
            .into_response(),
        None => (
            StatusCode::NOT_FOUND,
            Json(json!({"code": 404, "message": format!("The execution \"{id}\" does not exist.")})),
        )
            .into_response(),
    }
}

async fn execution(State(n8n): State<FakeN8n>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Some(excuse) = n8n.excuse() {
        return excuse;
    }
    if headers.get("x-n8n-api-key").is_none_or(|key| key != API_KEY) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"message": "unauthorized"}))).into_response();
    }
    let child = n8n.with(|state| state.waits_for.get(&id).cloned());
    let metadata = child.map_or(json!({}), |child| json!({"waitingChildExecutionIds": [child]}));
    match n8n.with(|state| state.executions.get(&id).copied()) {
        Some(status) => {
            let data = json!({"executionData": {"nodeExecutionStack": [{"metadata": metadata}]}});
            Json(json!({"id": id, "status": status, "data": data})).into_response()
        }
        None => (StatusCode::NOT_FOUND, Json(json!({"message": "Not Found"}))).into_response(),
    }
}

async fn stop(State(n8n): State<FakeN8n>, Path(id): Path<String>) -> Response {
    n8n.with(|state| {
        state.stops.push(id.clone());
        state.executions.insert(id, "canceled");
    });
    Json(json!({})).into_response()
}

async fn readiness(State(n8n): State<FakeN8n>) -> Response {
    match n8n.with(|state| state.mode) {
        Mode::Up => Json(json!({"status": "ok"})).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "error"}))).into_response(),
    }
}

/// Everything that was posted to notification, by path.
#[derive(Clone, Default)]
pub(crate) struct FakeNotification(Arc<Mutex<Vec<(String, Value)>>>);

impl FakeNotification {
    pub(crate) fn sent(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().clone()
    }

    async fn start() -> (Self, String) {
        let fake = Self::default();
        let record = |State(fake): State<Self>, uri: http::Uri, Json(body): Json<Value>| async move {
            fake.0.lock().unwrap().push((uri.path().to_owned(), body));
            (StatusCode::ACCEPTED, Json(json!({"id": uuid::Uuid::now_v7()})))
        };
        let router = Router::new().route("/{*path}", post(record)).with_state(fake.clone());
        (fake, serve(router).await)
    }
}

/// A peer on a port of its own.
pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

/// The service under test.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) clock: Clock,
    pub(crate) n8n: FakeN8n,
    pub(crate) notification: FakeNotification,
    worker: Worker,
}

impl TestApp {
    pub(crate) async fn start(db: PgPool) -> Self {
        Self::start_with(db, &[]).await
    }

    /// With settings beside the usual ones.
    pub(crate) async fn start_with(db: PgPool, settings: &[(&str, &str)]) -> Self {
        common::http::client::install_crypto();
        let (n8n, n8n_url) = FakeN8n::start().await;
        let (notification, notification_url) = FakeNotification::start().await;
        let redis = Reader::from_env().or("REDIS_URL", "redis://127.0.0.1:6379".to_owned());
        let mut values: HashMap<String, String> = [
            ("DATABASE_URL", "postgres://unused"),
            ("REDIS_URL", redis.as_str()),
            ("SERVICE_TOKEN_SECRET", SERVICE_SECRET),
            ("N8N_INBOUND_TOKEN", INBOUND),
            ("N8N_API_KEY", API_KEY),
            ("N8N_URL", n8n_url.as_str()),
            ("NOTIFICATION_URL", notification_url.as_str()),
            ("PUBLIC_URL", "https://qp.example.org"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        values.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = Config::read(Reader::from_lookup(move |name| values.get(name).cloned())).unwrap();
        let clock = Clock::fixed(noon());
        let app = App::with(config, db, clock.clone(), CancellationToken::new()).unwrap();
        let (router, _) = routes::router(app.clone());
        let worker = jobs::worker(&app);
        Self { app, router, clock, n8n, notification, worker }
    }

    /// The service on a port of its own.
    pub(crate) async fn listen(&self) -> String {
        serve(self.router.clone()).await
    }

    /// Runs every job that is due.
    pub(crate) async fn run_jobs(&self) -> usize {
        self.worker.run_due().await
    }

    /// One round of the reconciler.
    pub(crate) async fn reconcile(&self) {
        carriers::round(&self.app).await.map_err(common::Error::into_anyhow).unwrap();
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(std::time::Duration::from_secs(seconds));
    }

    /// A call of a service of ours.
    pub(crate) async fn service(
        &self,
        issuer: &'static str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        send(&self.router, method, path, &[bearer(issuer, "dashboard-backend", &self.clock)], body).await
    }

    /// A call of the workflow that is no step.
    pub(crate) async fn workflow(&self, path: &str, body: Value) -> Answer {
        self.service("n8n", Method::POST, path, Some(body)).await
    }

    /// A step of the workflow.
    pub(crate) async fn step(&self, run: &Run, path: &str, step: &str, iteration: i32, body: Value) -> Answer {
        let mut headers = step_headers(run.project, step, iteration, run.epoch);
        headers.push(bearer("n8n", "dashboard-backend", &self.clock));
        let path = format!("/internal/v1/projects/{}{path}", run.project);
        send(&self.router, Method::POST, &path, &headers, Some(body)).await
    }

    /// A call of somebody who is signed in.
    pub(crate) async fn person(
        &self,
        user: UserId,
        role: Role,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        send(&self.router, method, path, &[signed_in(user, role, "dashboard-backend", &self.clock)], body).await
    }

    /// A call of nobody in particular.
    pub(crate) async fn anyone(
        &self,
        method: Method,
        path: &str,
        headers: &[(String, String)],
        body: Option<Value>,
    ) -> Answer {
        send(&self.router, method, path, headers, body).await
    }

    /// An account.
    pub(crate) async fn user(&self, name: &str, role: Role) -> UserId {
        let id = UserId::new();
        sqlx::query(
            "INSERT INTO users (id, email, display_name, password_hash, role, created_at, updated_at) VALUES ($1, $2, $3, 'x', $4, $5, $5)",
        )
        .bind(id)
        .bind(format!("{}@example.org", name.to_lowercase()))
        .bind(name)
        .bind(role)
        .bind(self.clock.now())
        .execute(&self.app.db)
        .await
        .unwrap();
        id
    }

    /// A project with an execution that holds it.
    pub(crate) async fn project(&self) -> Run {
        let answer = self.workflow("/internal/v1/projects", repository(4711)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{:?}", answer.body);
        let project: ProjectId = answer.body["project_id"].as_str().unwrap().parse().unwrap();
        self.run_jobs().await;
        let execution = self.n8n.with(|state| state.next + 100).to_string();
        self.take_over(project, &execution).await
    }

    /// An execution registers with a project.
    pub(crate) async fn take_over(&self, project: ProjectId, execution: &str) -> Run {
        let answer = self.register(project, execution).await;
        assert_eq!(answer.body["proceed"], true, "{:?}", answer.body);
        Run { project, epoch: answer.body["epoch"].as_i64().unwrap(), execution: execution.to_owned() }
    }

    pub(crate) async fn register(&self, project: ProjectId, execution: &str) -> Answer {
        let body = json!({"execution_id": execution, "workflow": "qpProject0000001"});
        self.workflow(&format!("/internal/v1/projects/{project}/executions"), body).await
    }

    /// A project whose plan waits for approval. Answers the decision's id.
    pub(crate) async fn asked_for_plan(&self) -> (Run, String) {
        let run = self.project().await;
        self.step(
            &run,
            "/stages",
            "analysis.stage",
            1,
            json!({"stage": "analysis", "milestone": null, "iteration": 1}),
        )
        .await;
        self.step(&run, "/analysis", "analysis.store", 1, analysis()).await;
        self.step(&run, "/stages", "plan.stage", 1, json!({"stage": "planning", "milestone": null, "iteration": 1}))
            .await;
        let stored =
            self.step(&run, "/plan", "plan.store", 1, json!({"run_id": uuid::Uuid::now_v7(), "plan": plan()})).await;
        assert_eq!(stored.body["accepted"], true, "{:?}", stored.body);
        let asked = self.step(&run, "/decisions", "plan.decision", 1, Self::question(&run, &stored.body)).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{:?}", asked.body);
        (run, asked.body["id"].as_str().unwrap().to_owned())
    }

    /// A project whose plan was approved.
    pub(crate) async fn approved(&self) -> Run {
        let (run, decision) = self.asked_for_plan().await;
        let approver = self.user("Ada", Role::Approver).await;
        let answer = self
            .person(
                approver,
                Role::Approver,
                Method::POST,
                &format!("/api/v1/decisions/{decision}/answers"),
                Some(json!({"choice": "approve"})),
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        run
    }

    /// The body of the plan's decision.
    pub(crate) fn question(run: &Run, stored: &Value) -> Value {
        json!({
            "type": "plan", "title": "Plan for Pocket Ledger", "summary": "A **ledger**", "context": {"iteration": 1},
            "artifact": {"kind": "plan", "id": stored["artifact_id"], "sha": stored["sha256"]},
            "options": ["approve", "reject", "change"], "risk": "high",
            "resume_url": format!("http://n8n:5678/webhook-waiting/{}?signature=abc", run.execution), "execution_id": run.execution,
        })
    }

    pub(crate) async fn status(&self, project: ProjectId) -> String {
        sqlx::query_scalar("SELECT status FROM projects WHERE id = $1")
            .bind(project)
            .fetch_one(&self.app.db)
            .await
            .unwrap()
    }

    pub(crate) async fn count(&self, query: &'static str, project: ProjectId) -> i64 {
        sqlx::query_scalar(query).bind(project).fetch_one(&self.app.db).await.unwrap()
    }
}

/// An execution that holds a project.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) project: ProjectId,
    pub(crate) epoch: i64,
    pub(crate) execution: String,
}

pub(crate) fn repository(id: i64) -> Value {
    json!({
        "intake_id": uuid::Uuid::now_v7(),
        "repository": {
            "id": id, "owner": "acme", "name": format!("pocket-ledger-{id}"), "full_name": format!("acme/pocket-ledger-{id}"),
            "html_url": format!("https://github.example/acme/pocket-ledger-{id}"),
            "clone_url": format!("https://github.example/acme/pocket-ledger-{id}.git"), "default_branch": "main",
        },
        "readme": {"path": "README.md", "sha": "abc123"},
        "title": "Pocket Ledger",
    })
}

pub(crate) fn analysis() -> Value {
    json!({
        "head_sha": "abc123", "default_branch": "main", "languages": {}, "tree": [{"path": "README.md", "size": 90}], "tree_truncated": false,
        "readme": {"path": "README.md", "sha": "abc123", "text": "# Pocket Ledger\n\n- adds entries with an amount\n- lists all entries\n"},
        "is_empty_but_readme": true,
    })
}

pub(crate) fn plan() -> Value {
    json!({
        "summary": "A ledger in the terminal", "project_type": "cli",
        "stack": {"language": "Python", "frameworks": [], "test_command": "python -m unittest", "run_command": null},
        "architecture": "One module, one file of data.",
        "requirements": [{"id": "R1", "text": "adds entries with an amount"}, {"id": "R2", "text": "lists all entries"}],
        "milestones": [
            {"key": "m1", "title": "Add entries", "goal": "Entries are kept", "tasks": [{"id": "T1", "title": "add", "requirement_ids": ["R1"]}],
             "acceptance": ["`ledger add 5` keeps an entry"]},
            {"key": "m2", "title": "List entries", "goal": "Entries are shown", "tasks": [{"id": "T2", "title": "list", "requirement_ids": ["R2"]}],
             "acceptance": ["`ledger list` shows it"]},
        ],
        "documents": [{"path": "docs/USAGE.md", "title": "Usage", "content": "# Usage\n\nRun `ledger`.\n"}],
        "rules": [{"path": ".cursor/rules/python.mdc", "content": "---\ndescription: Python style\nglobs: \"**/*.py\"\nalwaysApply: false\n---\n\nUse type hints.\n"}],
        "risks": [], "estimate": {"tokens": 50000, "cost_usd": 0.5},
    })
}

/// What a gate gets when all is well.
pub(crate) fn green(stage: &str, milestone: &str, iteration: i32) -> Value {
    json!({
        "milestone": milestone, "iteration": iteration, "stage": stage,
        "branch": {"ok": true, "head_sha": "h1", "base_sha": "b1", "ahead_by": 1, "behind_by": 0, "files": [], "reason": null},
        "checks": {"sha": "h1", "conclusion": "success", "checks": [{"name": "ci", "conclusion": "success", "summary": "", "details_url": null}]},
        "qa": {"verdict": "pass", "summary": "works", "commit": null, "tests": {"command": "t", "passed": 4, "failed": 0}, "findings": []},
        "review": {"verdict": "approve", "summary": "good", "findings": []},
        "agent": {"run_id": uuid::Uuid::now_v7(), "outcome": "succeeded", "answer": null, "reason": null,
            "usage": {"input_tokens": 900, "output_tokens": 100, "cache_read_tokens": 0, "cache_write_tokens": 0, "total_tokens": 1000,
                "cost_cents": 2.5, "source": "api"}},
    })
}
