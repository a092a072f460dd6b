//! A running gateway, its upstream, and tokens of every kind.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_gateway::app::App;
use api_gateway::config::Config;
use api_gateway::server::{self, Running};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use common::auth::Role;
use common::config::Reader;
use common::ids::UserId;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// Made for these tests with `openssl genpkey -algorithm ed25519`; signs nothing else.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";
/// The public half of `KEY`, base64url.
pub(crate) const PUBLIC: &str = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

/// What reached the upstream.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) type Log = Arc<Mutex<Vec<Seen>>>;

/// What the stand-in for dashboard-backend says of keys and revocations.
#[derive(Default)]
pub(crate) struct Dashboard {
    pub(crate) jwks: Mutex<Option<Value>>,
    /// By SHA-256 in hex.
    pub(crate) keys: Mutex<std::collections::HashMap<String, Value>>,
    pub(crate) revoked: Mutex<Vec<Value>>,
    pub(crate) asked: Mutex<usize>,
}

#[derive(Clone, Default)]
struct Upstream {
    log: Log,
    dashboard: Arc<Dashboard>,
}

pub(crate) struct Fixture {
    pub(crate) url: String,
    pub(crate) app: App,
    pub(crate) log: Log,
    pub(crate) dashboard: Arc<Dashboard>,
    pub(crate) http: reqwest::Client,
    running: Option<Running>,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::with(|_| None).await
    }

    /// With further or other settings.
    pub(crate) async fn with(settings: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        common::http::client::install_crypto();
        let state = Upstream::default();
        let (log, dashboard) = (Arc::clone(&state.log), Arc::clone(&state.dashboard));
        let upstream = serve(upstream(state)).await;
        let running = gateway(&upstream, settings).await;
        let app = running.app.clone();
        let url = format!("http://{}", running.address);
        while !app.keys.are_known() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let http = client();
        Self { url, app, log, dashboard, http, running: Some(running) }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A GET as a viewer.
    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.request(Method::GET, path).bearer_auth(token(Role::Viewer, |_| {})).send().await.unwrap()
    }

    pub(crate) fn last(&self) -> Seen {
        self.log.lock().unwrap().last().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// As at SIGTERM.
    pub(crate) fn drain(&mut self) -> impl Future<Output = ()> + use<> {
        self.running.take().unwrap().drain()
    }
}

/// With connections of its own.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A gateway whose services are all at one address.
pub(crate) async fn gateway(
    upstream: &str,
    settings: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> Running {
    let upstream = upstream.to_owned();
    let redis = redis_url();
    let mut env = Reader::from_lookup(move |name| {
        settings(name).or_else(|| match name {
            "SERVICE_TOKEN_SECRET" => Some(common::testing::SERVICE_SECRET.to_owned()),
            "REDIS_URL" => Some(redis.clone()),
            "BIND" => Some("127.0.0.1:0".to_owned()),
            "API_GATEWAY_THREADS" => Some("2".to_owned()),
            "API_GATEWAY_ACCESS_LOG" => Some("off".to_owned()),
            name if name.ends_with("_URL") && !name.starts_with("API_GATEWAY") => Some(upstream.clone()),
            _ => None,
        })
    });
    let config = Config::read(&mut env);
    env.finish().unwrap();
    server::start(config.unwrap()).await.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
pub(crate) fn redis_url() -> String {
    std::env::var("REDIS_URL").expect("the tests need REDIS_URL; `cargo xtask test` sets it")
}

/// A token as dashboard-backend would sign it, with claims changed by `change`.
pub(crate) fn token(role: Role, change: impl FnOnce(&mut Value)) -> String {
    sign(KEY, "key-1", role, change)
}

/// Signed by somebody else under the same key id.
pub(crate) fn foreign_token(role: Role) -> String {
    sign(OTHER_KEY, "key-1", role, |_| {})
}

/// Signed by our key under another id.
pub(crate) fn token_of_key(id: &str, role: Role) -> String {
    sign(KEY, id, role, |_| {})
}

/// The claims of a good token.
pub(crate) fn claims(role: Role) -> Value {
    let now = common::clock::Clock::system().now().unix_timestamp();
    json!({"iss": "quantapilot", "aud": "quantapilot", "sub": UserId::new(), "sid": format!("session-{}", UserId::new()), "role": role, "email": "a@example.org", "iat": now, "exp": now + 900})
}

fn sign(key: &str, id: &str, role: Role, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims(role);
    change(&mut claims);
    let header = Header { alg: Algorithm::EdDSA, kid: Some(id.to_owned()), ..Header::default() };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_pem(key.as_bytes()).unwrap()).unwrap()
}

/// The public half under an id.
pub(crate) fn jwk(id: &str) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": id, "x": PUBLIC})
}

pub(crate) async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// An upstream without a gateway: its address, and what reaches it.
pub(crate) async fn upstream_alone() -> (String, Log) {
    let state = Upstream::default();
    let log = Arc::clone(&state.log);
    (serve(upstream(state)).await, log)
}

fn upstream(state: Upstream) -> Router {
    Router::new()
        .route("/api/v1/auth/jwks.json", get(jwks))
        .route("/internal/v1/api-keys/verify", post(verify_key))
        .route("/internal/v1/auth/revocations", get(revocations))
        .route("/health/ready", get(ready))
        .route("/openapi.json", get(description))
        .route("/api/v1/events/stream", get(stream))
        .route("/api/v1/broken", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "upstream says no") }))
        .route("/api/v1/echo", post(async |body: Bytes| body))
        .fallback(any(record))
        .with_state(state)
}

async fn jwks(State(state): State<Upstream>) -> axum::Json<Value> {
    let set = state.dashboard.jwks.lock().unwrap().clone();
    axum::Json(set.unwrap_or_else(|| json!({"keys": [jwk("key-1")]})))
}

async fn verify_key(State(state): State<Upstream>, axum::Json(body): axum::Json<Value>) -> Response {
    *state.dashboard.asked.lock().unwrap() += 1;
    match state.dashboard.keys.lock().unwrap().get(body["key_sha256"].as_str().unwrap()) {
        Some(known) => axum::Json(known.clone()).into_response(),
        None => common::error::Error::not_found("unknown_api_key", "No such key").into_response(),
    }
}

async fn revocations(State(state): State<Upstream>) -> axum::Json<Value> {
    axum::Json(json!({"now": 0, "revoked": *state.dashboard.revoked.lock().unwrap()}))
}

async fn ready() -> axum::Json<Value> {
    axum::Json(json!({"status": "degraded", "service": "x", "version": "9.9", "checks": {
        "postgres": {"ok": true, "required": true, "latency_ms": 1},
        "github": {"ok": false, "required": false, "latency_ms": 7, "error": "a reason with a secret"},
    }}))
}

async fn description() -> axum::Json<Value> {
    axum::Json(json!({"openapi": "3.1.0", "paths": {
        "/api/v1/projects/{id}": {"get": {"responses": {
            "200": {"description": "One"},
            "429": {"description": "A page", "content": {"text/html": {}}},
        }}},
        "/api/v1/agent-runs": {"get": {"responses": {"200": {"description": "All"}}}},
        "/internal/v1/secret": {"get": {"responses": {"200": {"description": "No"}}}},
    }, "components": {"schemas": {"Project": {"type": "object"}}}}))
}

/// Two events, the second only after a while: what arrives in between was not held back.
async fn stream() -> Response {
    let events = futures::stream::unfold(0_u8, async |n| {
        if n == 1 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        (n < 2).then(|| (Ok::<_, Infallible>(Bytes::from(format!("id: {n}\ndata: x\n\n"))), n + 1))
    });
    ([("content-type", "text/event-stream")], Body::from_stream(events)).into_response()
}

async fn record(State(state): State<Upstream>, request: Request) -> impl axum::response::IntoResponse {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    state.log.lock().unwrap().push(Seen { path: parts.uri.to_string(), headers: parts.headers, body });
    ([("x-from", "upstream"), ("connection", "x-hop"), ("x-hop", "1")], axum::Json(json!({"ok": true})))
}
