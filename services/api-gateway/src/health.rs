//! `/health`: the whole fleet, for people.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use common::health::Readiness;
use common::http::client::Client;
use http::{Method, StatusCode};
use serde::Serialize;

use crate::app::App;
use crate::table::Service;

/// What is known of one service.
#[derive(Serialize)]
pub struct ServiceHealth {
    /// `ok`, `degraded`, `unavailable` or `unreachable`.
    status: String,
    /// Milliseconds to its answer.
    latency_ms: u64,
    /// Its version and checks.
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    readiness: Option<Summary>,
}

#[derive(Serialize)]
struct Summary {
    version: String,
    checks: BTreeMap<String, bool>,
}

/// Every service with status, version and latency. 200 when all are of use, else 503. Reasons of failures stay in the logs: this page is public.
pub async fn overview(State(app): State<App>) -> (StatusCode, Json<BTreeMap<&'static str, ServiceHealth>>) {
    let client = Client::with_timeout("health", Duration::from_secs(4));
    let asked = futures::future::join_all(Service::ALL.map(|service| ask(&client, &app, service))).await;
    let all: BTreeMap<_, _> = asked.into_iter().collect();
    let usable = all.values().all(|health| matches!(health.status.as_str(), "ok" | "degraded"));
    (if usable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(all))
}

async fn ask(client: &Client, app: &App, service: Service) -> (&'static str, ServiceHealth) {
    let start = Instant::now();
    let url = app.services[&service].join("/health/ready").expect("the path is valid");
    let readiness = match client.send(client.request(Method::GET, url)).await {
        Ok(response) => response.json::<Readiness>().await.ok(),
        Err(_) => None,
    };
    let health = ServiceHealth {
        status: readiness.as_ref().map_or_else(|| "unreachable".to_owned(), |r| r.status.clone()),
        latency_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        readiness: readiness.map(|r| Summary {
            version: r.version,
            checks: r.checks.into_iter().map(|(name, check)| (name, check.ok)).collect(),
        }),
    };
    (service.name(), health)
}
