//! `/health`: the whole fleet, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use common::health::Readiness;
use common::http::client::Client;
use http::{HeaderMap, Method, StatusCode, header};
use serde::Serialize;

use crate::app::App;
use crate::upstream::{Server, Upstream, now_ms};

/// What the services themselves need, and is not one of the outside world.
const INNER: [&str; 3] = ["postgres", "redis", "running"];

#[derive(Serialize)]
struct Fleet {
    /// `ok`, `degraded` or `unavailable`.
    status: &'static str,
    /// Of the gateway.
    version: &'static str,
    services: BTreeMap<String, Service>,
    /// GitHub, Cursor, Telegram, SMTP, n8n as the services report them.
    dependencies: BTreeMap<String, Dependency>,
}

/// One of our services.
#[derive(Serialize)]
struct Service {
    /// `ok`, `degraded`, `unavailable` or `unreachable`: the best of its servers.
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// To the answer of the best server, in milliseconds.
    latency_ms: u64,
    breaker_open: bool,
    servers: Vec<ServerHealth>,
}

#[derive(Serialize)]
struct ServerHealth {
    status: String,
    latency_ms: u64,
    /// Whether requests are sent there.
    in_use: bool,
    in_flight: u32,
    #[serde(skip)]
    readiness: Option<Readiness>,
}

/// Something outside.
#[derive(Serialize)]
struct Dependency {
    ok: bool,
    latency_ms: u64,
    reported_by: String,
}

/// Every service with status, version and latency, and what they say of the outside world. 200 when all are of use, else 503. As JSON, or as a page
/// for who asks for HTML. Reasons of failures stay in the logs: this page is public.
pub(super) async fn overview(State(app): State<App>, headers: HeaderMap) -> Response {
    let fleet = ask_all(&app).await;
    let status = if fleet.status == "unavailable" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let html = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let mut response =
        if html { (status, Html(page(&fleet))).into_response() } else { (status, Json(fleet)).into_response() };
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("accept"));
    response
}

async fn ask_all(app: &App) -> Fleet {
    let client = Client::with_timeout("health", Duration::from_secs(4));
    let live = app.live.load_full();
    let asked = futures::future::join_all(live.upstreams.values().map(|upstream| ask(&client, upstream))).await;
    let mut dependencies = BTreeMap::new();
    let mut services = BTreeMap::new();
    for (name, service) in asked {
        let reports = service.servers.iter().filter_map(|server| server.readiness.as_ref());
        for (check, result) in reports.flat_map(|readiness| &readiness.checks) {
            if !INNER.contains(&check.as_str()) {
                let reported_by = name.clone();
                dependencies.entry(check.clone()).or_insert(Dependency {
                    ok: result.ok,
                    latency_ms: result.latency_ms,
                    reported_by,
                });
            }
        }
        services.insert(name, service);
    }
    let of_use = |service: &Service| matches!(service.status.as_str(), "ok" | "degraded");
    let status = if !services.values().all(of_use) || !app.keys.are_known() {
        "unavailable"
    } else if services.values().all(|service| service.status == "ok")
        && dependencies.values().all(|dependency| dependency.ok)
    {
        "ok"
    } else {
        "degraded"
    };
    Fleet { status, version: env!("CARGO_PKG_VERSION"), services, dependencies }
}

async fn ask(client: &Client, upstream: &Upstream) -> (String, Service) {
    let servers = upstream.servers().clone();
    let mut servers = futures::future::join_all(servers.iter().map(|server| look(client, server))).await;
    let rank = |status: &str| ["ok", "degraded", "unavailable"].iter().position(|known| *known == status).unwrap_or(3);
    servers.sort_by_key(|server| (rank(&server.status), server.latency_ms));
    let best = servers.first();
    let service = Service {
        status: best.map_or_else(|| "unreachable".to_owned(), |server| server.status.clone()),
        version: best.and_then(|server| server.readiness.as_ref()).map(|readiness| readiness.version.clone()),
        latency_ms: best.map_or(0, |server| server.latency_ms),
        breaker_open: upstream.breaker.is_open(),
        servers,
    };
    (upstream.plan.name.clone(), service)
}

async fn look(client: &Client, server: &Server) -> ServerHealth {
    let start = Instant::now();
    let url = format!("http://{}/health/ready", server.address).parse().expect("an address is a valid host");
    let readiness = match client.send(client.request(Method::GET, url)).await {
        Ok(response) => response.json::<Readiness>().await.ok(),
        Err(_) => None,
    };
    ServerHealth {
        status: readiness.as_ref().map_or_else(|| "unreachable".to_owned(), |readiness| readiness.status.clone()),
        latency_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        in_use: server.usable(now_ms()),
        in_flight: server.in_flight(),
        readiness,
    }
}

/// Names and states come from our own services, but a page escapes all the same.
fn page(fleet: &Fleet) -> String {
    let mut rows = String::new();
    for (name, service) in &fleet.services {
        let version = service.version.as_deref().unwrap_or("–");
        row(&mut rows, name, &service.status, version, service.latency_ms, service.servers.len());
    }
    let mut outside = String::new();
    for (name, dependency) in &fleet.dependencies {
        let status = if dependency.ok { "ok" } else { "unavailable" };
        let _ = write!(
            outside,
            "<tr><th scope=\"row\">{}</th><td class=\"{status}\">{status}</td><td>{} ms</td><td>{}</td></tr>",
            escape(name),
            dependency.latency_ms,
            escape(&dependency.reported_by)
        );
    }
    format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>QuantaPilot: {status}</title><style>
:root{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}main{{max-width:46rem;margin:2rem auto;padding:0 1rem}}table{{border-collapse:collapse;width:100%;margin-bottom:2rem}}th,td{{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8886}}
.ok{{color:#1b7a34}}.degraded{{color:#9a5b00}}.unavailable,.unreachable{{color:#c01f2e}}@media(prefers-color-scheme:dark){{.ok{{color:#6fd08c}}.degraded{{color:#f0b35e}}.unavailable,.unreachable{{color:#ff8a93}}}}div{{overflow-x:auto}}
</style></head><body><main><h1>QuantaPilot is <span class="{status}">{status}</span></h1><h2>Services</h2><div><table><thead><tr><th scope="col">Service</th><th scope="col">Status</th><th scope="col">Version</th><th scope="col">Latency</th><th scope="col">Servers</th></tr></thead><tbody>{rows}</tbody></table></div>
<h2>Outside</h2><div><table><thead><tr><th scope="col">What</th><th scope="col">Status</th><th scope="col">Latency</th><th scope="col">Reported by</th></tr></thead><tbody>{outside}</tbody></table></div><p>Gateway {version}</p></main></body></html>"#,
        status = fleet.status,
        version = fleet.version,
    )
}

fn row(out: &mut String, name: &str, status: &str, version: &str, latency_ms: u64, servers: usize) {
    let (name, status, version) = (escape(name), escape(status), escape(version));
    let _ = write!(
        out,
        "<tr><th scope=\"row\">{name}</th><td class=\"{status}\">{status}</td><td>{version}</td><td>{latency_ms} ms</td><td>{servers}</td></tr>"
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
