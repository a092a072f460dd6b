//! The system as this service sees it.

use std::time::Instant;

use axum::extract::State;
use common::auth::{Admin, Caller, Viewer};
use common::error::Problem;
use common::health::Readiness;
use common::http::Json;
use common::{Error, Result};
use doctor::Report;
use http::Method;
use url::Url;

use crate::app::App;
use crate::system::examine;
use crate::views::home::{System, SystemPart};

/// Whether everything that QuantaPilot consists of is well.
#[utoipa::path(get, path = "/api/v1/system", tag = "system", responses((status = 200, body = System)))]
pub async fn get_system(State(app): State<App>, _caller: Caller<Viewer>) -> Result<Json<System>> {
    let services = &app.config.shared.services;
    let peers = [
        ("api-gateway", &services.api_gateway),
        ("cursor-integration", &services.cursor_integration),
        ("github-integration", &services.github_integration),
        ("notification", &services.notification),
    ];
    let (own, others) = futures::join!(
        async { crate::routes::health(&app).readiness().await },
        futures::future::join_all(peers.map(|(name, url)| service(&app, name, url))),
    );
    let mut parts = from_readiness(own);
    parts.extend(others);
    Ok(Json(System { version: env!("CARGO_PKG_VERSION").to_owned(), parts }))
}

/// What is not as it should be, how bad it is, and what to do about it.
#[utoipa::path(get, path = "/api/v1/system/doctor", tag = "system", responses((status = 200, body = Report), (status = 403, body = Problem)))]
pub async fn get_doctor(State(app): State<App>, _caller: Caller<Admin>) -> Result<Json<Report>> {
    examine(&app).await.map(Json)
}

/// Ourselves, and what we need, as parts of their own.
fn from_readiness(readiness: Readiness) -> Vec<SystemPart> {
    let own = SystemPart {
        name: readiness.service,
        status: readiness.status,
        version: Some(readiness.version),
        latency_ms: 0,
        detail: None,
    };
    let needs = readiness.checks.into_iter().map(|(name, check)| SystemPart {
        name,
        status: if check.ok { "ok" } else { "unavailable" }.to_owned(),
        version: None,
        latency_ms: check.latency_ms,
        detail: check.error,
    });
    std::iter::once(own).chain(needs).collect()
}

async fn service(app: &App, name: &str, url: &Url) -> SystemPart {
    let start = Instant::now();
    let asked = ask(app, url).await;
    let latency_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    match asked {
        Ok(readiness) => {
            let wrong: Vec<_> = readiness
                .checks
                .iter()
                .filter_map(|(name, check)| check.error.as_ref().map(|error| format!("{name}: {error}")))
                .collect();
            let detail = (!wrong.is_empty()).then(|| wrong.join("; "));
            SystemPart {
                name: name.to_owned(),
                status: readiness.status,
                version: Some(readiness.version),
                latency_ms,
                detail,
            }
        }
        Err(error) => SystemPart {
            name: name.to_owned(),
            status: "unavailable".to_owned(),
            version: None,
            latency_ms,
            detail: Some(error.detail().to_owned()),
        },
    }
}

/// What a service says of itself.
pub(super) async fn ask(app: &App, url: &Url) -> Result<Readiness> {
    let request = app.probe.request(Method::GET, url.join("/health/ready")?);
    // A service that is not ready says so with 503 and the same body.
    let response =
        app.probe.send(request).await.map_err(|_| Error::unavailable("peer_unreachable", "It does not answer"))?;
    response.json().await.map_err(|_| Error::upstream("peer_refused", "It answers something else than its state"))
}
