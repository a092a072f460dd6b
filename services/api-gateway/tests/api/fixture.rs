//! A running gateway, its upstream, and tokens of every kind.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_gateway::app::App;
use api_gateway::config::Config;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use common::auth::Role;
use common::config::Reader;
use common::ids::UserId;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Made for these tests with `openssl genpkey -algorithm ed25519`; signs nothing else.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";
/// The public half of `KEY`, base64url.
const PUBLIC: &str = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg";
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

/// What reached the upstream.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) type Log = Arc<Mutex<Vec<Seen>>>;

pub(crate) struct Fixture {
    pub(crate) url: String,
    pub(crate) app: App,
    pub(crate) log: Log,
    pub(crate) http: reqwest::Client,
    stop: CancellationToken,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        common::http::client::install_crypto();
        let log = Log::default();
        let upstream = serve(upstream(Arc::clone(&log))).await;
        let redis = redis_url();
        let mut env = Reader::from_lookup(move |name| match name {
            "SERVICE_TOKEN_SECRET" => Some(common::testing::SERVICE_SECRET.to_owned()),
            "REDIS_URL" => Some(redis.clone()),
            name if name.ends_with("_URL") => Some(upstream.clone()),
            _ => None,
        });
        let config = Config::read(&mut env);
        env.finish().unwrap();
        let app = App::connect(&config).unwrap();
        let stop = CancellationToken::new();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(common::http::serve_on(listener, api_gateway::routes::router(&app), stop.clone()));
        tokio::spawn(api_gateway::auth::keep_current(app.clone(), stop.clone()));
        while !app.keys.are_known() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { url, app, log, http: reqwest::Client::builder().build().unwrap(), stop }
    }

    pub(crate) fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn last(&self) -> Seen {
        self.log.lock().unwrap().last().unwrap().clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' own setting")]
fn redis_url() -> String {
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

fn sign(key: &str, id: &str, role: Role, change: impl FnOnce(&mut Value)) -> String {
    let now = common::clock::Clock::system().now().unix_timestamp();
    let mut claims = json!({"iss": "quantapilot", "aud": "quantapilot", "sub": UserId::new(), "sid": "session-1", "role": role, "email": "a@example.org", "iat": now, "exp": now + 900});
    change(&mut claims);
    let header = Header { alg: Algorithm::EdDSA, kid: Some(id.to_owned()), ..Header::default() };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_pem(key.as_bytes()).unwrap()).unwrap()
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn upstream(log: Log) -> Router {
    Router::new()
        .route(
            "/api/v1/auth/jwks.json",
            get(|| async { axum::Json(json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "key-1", "x": PUBLIC}]})) }),
        )
        .route("/api/v1/events/stream", get(stream))
        .route("/api/v1/broken", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "upstream says no") }))
        .route("/api/v1/echo", post(async |body: Bytes| body))
        .fallback(any(record))
        .with_state(log)
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

async fn record(State(log): State<Log>, request: Request) -> impl axum::response::IntoResponse {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    log.lock().unwrap().push(Seen { path: parts.uri.to_string(), headers: parts.headers, body });
    ([("x-from", "upstream"), ("connection", "x-hop"), ("x-hop", "1")], axum::Json(json!({"ok": true})))
}
