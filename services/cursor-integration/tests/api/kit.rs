//! What the tests stand on: the service as a library, the sandbox, and small stand-ins for our other services that write down what they hear.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use common::auth::Role;
use common::clock::Clock;
use common::config::Reader;
use common::http::client::Client;
use common::ids::{ProjectId, UserId};
use common::jobs::Worker;
use common::testing::{self, Answer};
use cursor_integration::app::App;
use cursor_integration::config::Config;
use cursor_integration::{SERVICE, routes, worker};
use http::{Method, StatusCode};
use sandbox::faults::{Kind, NewFault, Surface};
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use sqlx::PgPool;

/// A run that needs longer than this has lost its way.
const PATIENCE: Duration = Duration::from_secs(120);

/// dashboard-backend, github-integration and n8n, as far as this service needs them.
#[derive(Clone)]
pub(crate) struct Peers(Arc<Inner>);

struct Inner {
    github_url: String,
    github_token: String,
    repository: Mutex<Value>,
    readme: Mutex<String>,
    events: Mutex<Vec<Value>>,
    resumes: Mutex<u32>,
    /// Whether github-integration answers.
    github_up: Mutex<bool>,
    /// Whether dashboard-backend has money.
    funded: Mutex<bool>,
    /// Every reservation that was asked for.
    reservations: Mutex<Vec<Value>>,
}

impl Peers {
    async fn start(sandbox: &Sandbox) -> (Self, String) {
        let peers = Self(Arc::new(Inner {
            github_url: sandbox.url().to_owned(),
            github_token: sandbox.context().settings().github.token.clone(),
            repository: Mutex::default(),
            readme: Mutex::default(),
            events: Mutex::default(),
            resumes: Mutex::default(),
            github_up: Mutex::new(true),
            funded: Mutex::new(true),
            reservations: Mutex::default(),
        }));
        let router = Router::new()
            .route("/internal/v1/projects/{id}/context", get(context))
            .route("/internal/v1/projects/{id}/budget/reservations", post(reserve))
            .route("/internal/v1/branches/inspect", post(inspect))
            .route("/internal/v1/events", post(event))
            .route("/webhook-waiting/{id}", post(resume))
            .with_state(peers.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (peers, url)
    }

    /// Every event of a kind that was reported.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        self.0.events.lock().unwrap().iter().filter(|event| event["kind"] == kind).cloned().collect()
    }

    pub(crate) fn resumes(&self) -> u32 {
        *self.0.resumes.lock().unwrap()
    }

    /// Says whether there is money for runs.
    pub(crate) fn fund(&self, funded: bool) {
        *self.0.funded.lock().unwrap() = funded;
    }

    pub(crate) fn reservations(&self) -> Vec<Value> {
        self.0.reservations.lock().unwrap().clone()
    }

    pub(crate) fn take_github_away(&self) {
        *self.0.github_up.lock().unwrap() = false;
    }
}

async fn context(State(peers): State<Peers>, Path(id): Path<ProjectId>) -> Json<Value> {
    let text = peers.0.readme.lock().unwrap().clone();
    let bullets = text.lines().filter_map(|line| line.strip_prefix("- "));
    let requirements: Vec<Value> =
        bullets.enumerate().map(|(at, text)| json!({"id": format!("REQ-{}", at + 1), "text": text})).collect();
    Json(json!({
        "project": {
            "id": id, "name": "A `project` <b>", "slug": "a-project", "status": "building",
            "repository": *peers.0.repository.lock().unwrap(),
            "limits": {"max_fix_iterations": 3, "agent_deadline_seconds": 3600, "checks_deadline_seconds": 1800},
        },
        "readme": {"path": "README.md", "sha": "0".repeat(40)}, "readme_text": text, "requirements": requirements,
    }))
}

async fn reserve(State(peers): State<Peers>, Json(body): Json<Value>) -> Json<Value> {
    peers.0.reservations.lock().unwrap().push(body);
    Json(json!({"status": if *peers.0.funded.lock().unwrap() { "reserved" } else { "held" }}))
}

async fn inspect(State(peers): State<Peers>, Json(body): Json<Value>) -> Result<Json<Value>, StatusCode> {
    if !*peers.0.github_up.lock().unwrap() {
        return Err(StatusCode::BAD_GATEWAY);
    }
    let (repository, branch) = (body["repository"].as_str().unwrap(), body["branch"].as_str().unwrap());
    let head = branch_head(&peers.0.github_url, &peers.0.github_token, repository, branch).await;
    Ok(Json(json!({"ok": head.is_some(), "head_sha": head.unwrap_or_default()})))
}

async fn branch_head(base: &str, token: &str, repository: &str, branch: &str) -> Option<String> {
    let client = Client::new("sandbox");
    let url = format!("{base}/repos/{repository}/branches/{branch}").parse().unwrap();
    let request = client.request(Method::GET, url).bearer_auth(token);
    let branch: Value = client.json(request).await.ok()?;
    Some(branch["commit"]["sha"].as_str().unwrap().to_owned())
}

async fn event(State(peers): State<Peers>, Json(body): Json<Value>) -> StatusCode {
    peers.0.events.lock().unwrap().push(body);
    StatusCode::ACCEPTED
}

async fn resume(State(peers): State<Peers>) -> Json<Value> {
    *peers.0.resumes.lock().unwrap() += 1;
    Json(json!({"message": "Workflow was started"}))
}

/// The service with everything around it, and one project.
pub(crate) struct TestApp {
    pub app: App,
    pub router: Router,
    pub worker: Worker,
    pub clock: Clock,
    pub db: PgPool,
    pub peers: Peers,
    pub sandbox: Sandbox,
    pub project: ProjectId,
    /// `owner/name`.
    pub repository: String,
}

impl TestApp {
    pub(crate) async fn start(db: PgPool) -> Self {
        Self::with(db, &[]).await
    }

    /// With settings beyond the usual ones.
    pub(crate) async fn with(db: PgPool, extra: &[(&str, &str)]) -> Self {
        common::http::client::install_crypto();
        let sandbox = Sandbox::start(Settings::default()).await.unwrap();
        let (peers, peers_url) = Peers::start(&sandbox).await;
        let clock = Clock::fixed(Clock::system().now());
        let mut variables: Vec<(String, String)> = [
            ("DATABASE_URL", "postgres://given-by-the-test/x"),
            ("SERVICE_TOKEN_SECRET", testing::SERVICE_SECRET),
            ("N8N_INBOUND_TOKEN", "0123456789abcdef"),
            ("N8N_URL", &peers_url),
            ("DASHBOARD_BACKEND_URL", &peers_url),
            ("GITHUB_INTEGRATION_URL", &peers_url),
            ("CURSOR_API_URL", sandbox.url()),
            ("CURSOR_API_KEY", &sandbox.context().settings().cursor_api_key),
            ("CURSOR_REQUESTS_PER_MINUTE", "100000"),
            ("CURSOR_POLL_SECONDS", "1,1,1,1"),
            ("CURSOR_USAGE_SECONDS", "60,300,1800"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in extra {
            variables.retain(|(known, _)| known != name);
            variables.push(((*name).to_owned(), (*value).to_owned()));
        }
        let config = Config::read(Reader::from_lookup(move |name| {
            variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        }))
        .unwrap();
        let app = App::with_database(config, db.clone(), clock.clone()).unwrap();
        let project = ProjectId::new();
        testing::project_fence(&db, project, 1).await;
        let (router, worker) = (routes::service(&app), worker(&app));
        let mut test = Self { app, router, worker, clock, db, peers, sandbox, project, repository: String::new() };
        test.repository = test.make_repository().await;
        test
    }

    /// A repository with the README of the Python tool.
    async fn make_repository(&self) -> String {
        let readme = sandbox::agents::readmes()[0];
        let request: sandbox::github::DemoRequest = serde_json::from_value(json!({"readme": readme.key})).unwrap();
        let made = self.sandbox.github().demo(request).await.unwrap();
        readme.text.clone_into(&mut self.peers.0.readme.lock().unwrap());
        *self.peers.0.repository.lock().unwrap() = json!({
            "id": made["id"], "owner": made["owner"]["login"], "name": made["name"], "full_name": made["full_name"],
            "html_url": made["html_url"], "clone_url": made["clone_url"], "default_branch": made["default_branch"],
        });
        made["full_name"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn head(&self, branch: &str) -> String {
        let peers = &self.peers.0;
        branch_head(&peers.github_url, &peers.github_token, &self.repository, branch).await.unwrap()
    }

    pub(crate) async fn make_branch(&self, name: &str) {
        let sha = self.head("main").await;
        let client = Client::new("sandbox");
        let url = format!("{}/repos/{}/git/refs", self.sandbox.url(), self.repository).parse().unwrap();
        let body = json!({"ref": format!("refs/heads/{name}"), "sha": sha});
        let request = client.request(Method::POST, url).bearer_auth(&self.peers.0.github_token).json(&body);
        client.accept(request).await.unwrap();
    }

    /// The body of the long step.
    pub(crate) fn body(&self, role: &str, task: &str, branch: &str) -> Value {
        let milestone = json!({"key": "m1", "title": "Record and list", "goal": "g", "tasks": []});
        json!({
            "role": role, "task": task, "repository": self.repository, "branch": branch, "base": "main", "iteration": 1,
            "milestone": if task == "plan" { Value::Null } else { milestone }, "inputs": {}, "deadline_seconds": 3600,
            "resume_url": "http://localhost:5678/webhook-waiting/7?signature=abc", "execution_id": "7",
        })
    }

    /// The call a workflow makes.
    pub(crate) async fn ask(&self, step: &str, body: &Value) -> Answer {
        let mut headers = testing::step_headers(self.project, step, 1, 1);
        headers.push(testing::bearer("n8n", SERVICE, &self.clock));
        self.ask_with(&headers, body).await
    }

    pub(crate) async fn ask_with(&self, headers: &[(String, String)], body: &Value) -> Answer {
        let path = format!("/internal/v1/projects/{}/agent-runs", self.project);
        testing::send(&self.router, Method::POST, &path, headers, Some(body.clone())).await
    }

    /// Ask, let time pass, and ask again until there is a result.
    pub(crate) async fn run(&self, step: &str, body: &Value) -> Value {
        let first = self.ask(step, body).await;
        assert_eq!(first.status, StatusCode::ACCEPTED, "{:?}", first.body);
        self.until_finished().await;
        self.result(step, body).await
    }

    pub(crate) async fn result(&self, step: &str, body: &Value) -> Value {
        let answer = self.ask(step, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        answer.body["result"].clone()
    }

    /// Run jobs and let time pass until no run is under way.
    pub(crate) async fn until_finished(&self) {
        self.until("SELECT count(*) = 0 FROM agent_runs WHERE state <> 'finished'").await;
        self.worker.run_due().await;
    }

    /// Run jobs and let time pass until the database says so.
    pub(crate) async fn until(&self, question: &'static str) {
        let started = Instant::now();
        loop {
            self.worker.run_due().await;
            if self.says(question).await {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "`{question}` did not come true; runs: {:?}", self.states().await);
            self.clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn says(&self, question: &'static str) -> bool {
        sqlx::query_scalar(question).fetch_one(&self.db).await.unwrap()
    }

    async fn states(&self) -> Vec<(String, Option<String>)> {
        sqlx::query_as("SELECT state, last_error FROM agent_runs").fetch_all(&self.db).await.unwrap()
    }

    pub(crate) fn fault(&self, kind: Kind, route: Option<&str>) {
        let fault = NewFault::once(Surface::Cursor, kind);
        self.sandbox.faults().add(match route {
            Some(route) => fault.on(route),
            None => fault,
        });
    }

    /// Runs as Cursor has them, newest first.
    pub(crate) async fn cursor_runs(&self) -> Vec<Value> {
        let client = Client::new("sandbox");
        let url = format!("{}/_sandbox/api/agent-runs", self.sandbox.url()).parse().unwrap();
        let body: Value = client.json(client.request(Method::GET, url)).await.unwrap();
        body["items"].as_array().unwrap().clone()
    }

    /// A call of a signed-in person.
    pub(crate) async fn person(&self, role: Role, method: Method, path: &str, body: Option<Value>) -> Answer {
        let headers = [testing::signed_in(UserId::new(), role, SERVICE, &self.clock)];
        testing::send(&self.router, method, path, &headers, body).await
    }
}
