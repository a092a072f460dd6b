//! What the tests stand on: the service as a library, the sandbox, and a small n8n and dashboard-backend that write down what they hear.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::auth::Role;
use common::clock::Clock;
use common::config::Reader;
use common::http::client::Client;
use common::ids::{ProjectId, UserId};
use common::testing::{self, Answer};
use github_integration::app::App;
use github_integration::config::Config;
use github_integration::webhooks::signature;
use github_integration::{poller, routes, worker};
use http::{Method, Request, StatusCode};
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use sqlx::PgPool;

pub(crate) const SECRET: &str = "a-webhook-secret-for-tests";
const SERVICE: &str = "github-integration";

/// How the small n8n answers, word for word as the real one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 200 and plain text to everything.
    Starting,
    NotRegistered,
    DatabaseAway,
    Ready,
}

#[derive(Debug)]
pub(crate) struct Heard {
    pub mode: Mode,
    /// `intake_id` of every call to the intake webhook.
    pub triggers: Vec<String>,
    /// Every event reported to dashboard-backend.
    pub events: Vec<Value>,
}

#[derive(Clone)]
pub(crate) struct Peers(pub Arc<Mutex<Heard>>);

impl Peers {
    async fn start() -> (Self, String) {
        let peers = Self(Arc::new(Mutex::new(Heard { mode: Mode::Ready, triggers: Vec::new(), events: Vec::new() })));
        let router = Router::new()
            .route("/webhook/qp-intake", post(intake))
            .route("/internal/v1/events", post(event))
            .with_state(peers.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (peers, url)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.0.lock().unwrap().mode = mode;
    }

    pub(crate) fn triggers(&self) -> Vec<String> {
        self.0.lock().unwrap().triggers.clone()
    }

    /// The kinds of the events that were reported.
    pub(crate) fn event_kinds(&self) -> Vec<String> {
        self.0.lock().unwrap().events.iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
    }
}

async fn intake(State(peers): State<Peers>, headers: http::HeaderMap, Json(body): Json<Value>) -> Response {
    let mut heard = peers.0.lock().unwrap();
    if headers.get("x-qp-token").is_none_or(|token| token != "0123456789abcdef") {
        return (StatusCode::FORBIDDEN, "Authorization data is wrong!").into_response();
    }
    heard.triggers.push(body["intake_id"].as_str().unwrap().to_owned());
    match heard.mode {
        Mode::Starting => "n8n is starting up. Please wait".into_response(),
        Mode::NotRegistered => (
            StatusCode::NOT_FOUND,
            Json(json!({"code": 404, "message": "The requested webhook \"POST qp-intake\" is not registered."})),
        )
            .into_response(),
        Mode::DatabaseAway => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"code": 503, "message": "Database is not ready!"})))
                .into_response()
        }
        Mode::Ready => {
            Json(json!({"accepted": true, "execution_id": heard.triggers.len().to_string()})).into_response()
        }
    }
}

async fn event(State(peers): State<Peers>, Json(body): Json<Value>) -> StatusCode {
    peers.0.lock().unwrap().events.push(body);
    StatusCode::ACCEPTED
}

/// One instance of the service.
pub(crate) struct TestApp {
    pub app: App,
    pub router: Router,
    pub clock: Clock,
    pub db: PgPool,
    pub peers: Peers,
    pub sandbox: Arc<Sandbox>,
    peers_url: String,
    client: Client,
}

impl TestApp {
    pub(crate) async fn start(db: PgPool) -> Self {
        Self::with(db, &[]).await
    }

    /// With settings beyond the usual ones.
    pub(crate) async fn with(db: PgPool, extra: &[(&str, &str)]) -> Self {
        common::http::client::install_crypto();
        let sandbox = Arc::new(Sandbox::start(Settings::default()).await.unwrap());
        let (peers, peers_url) = Peers::start().await;
        let clock = Clock::fixed(Clock::system().now());
        Self::build(db, extra, sandbox, peers, peers_url, clock)
    }

    /// A second instance beside this one: same database, same GitHub, same clock.
    pub(crate) fn twin(&self) -> Self {
        self.twin_with(&[])
    }

    /// The same with other settings.
    pub(crate) fn twin_with(&self, extra: &[(&str, &str)]) -> Self {
        let (sandbox, peers) = (Arc::clone(&self.sandbox), self.peers.clone());
        Self::build(self.db.clone(), extra, sandbox, peers, self.peers_url.clone(), self.clock.clone())
    }

    /// Where GitHub sends a browser that asks for this.
    pub(crate) async fn redirect(&self, method: Method, path: &str, form: Option<&[(&str, String)]>) -> String {
        let mut request = self.client.request(method, format!("{}{path}", self.sandbox.url()).parse().unwrap());
        if let Some(form) = form {
            request = request.form(form);
        }
        let response = self.client.send(request).await.unwrap();
        assert!(response.status().is_redirection(), "{path}: {}", response.status());
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    fn build(
        db: PgPool,
        extra: &[(&str, &str)],
        sandbox: Arc<Sandbox>,
        peers: Peers,
        peers_url: String,
        clock: Clock,
    ) -> Self {
        let mut variables: Vec<(String, String)> = [
            ("DATABASE_URL", "postgres://given-by-the-test/x"),
            ("SERVICE_TOKEN_SECRET", testing::SERVICE_SECRET),
            ("N8N_INBOUND_TOKEN", "0123456789abcdef"),
            ("N8N_URL", &peers_url),
            ("DASHBOARD_BACKEND_URL", &peers_url),
            ("GITHUB_API_URL", sandbox.url()),
            ("GITHUB_TOKEN", &sandbox.context().settings().github.token),
            ("GITHUB_WEBHOOK_SECRET", SECRET),
            ("GITHUB_POLL_SECONDS", "5"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in extra {
            variables.retain(|(known, _)| known != name);
            variables.push(((*name).to_owned(), (*value).to_owned()));
        }
        let lookup =
            move |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let config = Config::read(Reader::from_lookup(lookup)).unwrap();
        let app = App::with_database(config, db.clone(), clock.clone()).unwrap();
        let router = routes::service(&app);
        Self { app, router, clock, db, peers, sandbox, peers_url, client: Client::new("sandbox") }
    }

    /// Everything that is due, and what that makes due.
    pub(crate) async fn run_due_jobs(&self) -> usize {
        worker(&self.app).run_due().await
    }

    /// One round of the poller at the next time it is due.
    pub(crate) async fn poll(&self) {
        self.clock.advance(std::time::Duration::from_secs(31));
        poller::round(&self.app).await;
    }

    /// Deliver a webhook as GitHub does.
    pub(crate) async fn deliver(&self, event: &str, delivery: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let signed = signature::sign(SECRET.as_bytes(), body.as_bytes());
        self.deliver_raw(
            &[("x-github-event", event), ("x-github-delivery", delivery), ("x-hub-signature-256", &signed)],
            body,
        )
        .await
    }

    pub(crate) async fn deliver_raw(&self, headers: &[(&str, &str)], body: impl Into<axum::body::Body>) -> Answer {
        let mut request = Request::builder().method(Method::POST).uri("/webhooks/github");
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        testing::send_raw(&self.router, request.body(body.into()).unwrap()).await
    }

    /// Call as n8n does.
    pub(crate) async fn n8n(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        testing::send(&self.router, method, path, &[testing::bearer("n8n", SERVICE, &self.clock)], body).await
    }

    /// Call a step as n8n does.
    pub(crate) async fn step(&self, project: ProjectId, path: &str, step: &str, body: Value) -> Answer {
        self.step_at(1, project, path, step, body).await
    }

    pub(crate) async fn step_at(&self, epoch: i64, project: ProjectId, path: &str, step: &str, body: Value) -> Answer {
        let mut headers = testing::step_headers(project, step, 1, epoch);
        headers.push(testing::bearer("n8n", SERVICE, &self.clock));
        let path = format!("/internal/v1/projects/{project}/{path}");
        testing::send(&self.router, Method::POST, &path, &headers, Some(body)).await
    }

    /// A project that steps may act for, at epoch 1.
    pub(crate) async fn project(&self) -> ProjectId {
        let project = ProjectId::new();
        testing::project_fence(&self.db, project, 1).await;
        project
    }

    /// Call as a signed-in person, through the gateway.
    pub(crate) async fn person(&self, role: Role, method: Method, path: &str, body: Option<Value>) -> Answer {
        let identity = testing::signed_in(UserId::new(), role, SERVICE, &self.clock);
        testing::send(&self.router, method, path, &[identity], body).await
    }

    /// Call GitHub as the person whose repositories these are.
    pub(crate) async fn github(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.sandbox.url()).parse().unwrap();
        let token = &self.sandbox.context().settings().github.demo_token;
        let mut request = self.client.request(method.clone(), url).bearer_auth(token);
        if method != Method::GET {
            request = request.json(&body);
        }
        let response = self.client.send(request).await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub(crate) async fn read(&self, path: &str) -> Value {
        self.github(Method::GET, path, Value::Null).await
    }

    /// An empty repository of the demo person; its description, as webhooks carry it.
    pub(crate) async fn repository(&self, name: &str) -> Value {
        self.github(Method::POST, "/user/repos", json!({"name": name})).await
    }

    /// Write a file on a branch (the default one when `None`); the sha of the commit.
    pub(crate) async fn put(&self, repository: &str, path: &str, text: &str, branch: Option<&str>) -> String {
        let mut body = json!({"message": format!("Write {path}"), "content": STANDARD.encode(text)});
        if let Some(branch) = branch {
            body["branch"] = branch.into();
        }
        let written = self.github(Method::PUT, &format!("/repos/{repository}/contents/{path}"), body).await;
        written["commit"]["sha"].as_str().unwrap().to_owned()
    }

    /// A repository with a README; its description.
    pub(crate) async fn repository_with_readme(&self, name: &str) -> Value {
        let repository = self.repository(name).await;
        let full_name = repository["full_name"].as_str().unwrap();
        self.put(full_name, "README.md", "# Todo\n\nA command-line list of things to do.\n", None).await;
        self.read(&format!("/repos/{full_name}")).await
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.db).await.unwrap()
    }

    pub(crate) async fn intakes(&self) -> i64 {
        self.count("SELECT count(*) FROM intakes").await
    }
}
