//! `/health/live` and `/health/ready`: is the process alive, and has it what it needs.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;

/// A check slower than this counts as failed.
const LIMIT: Duration = Duration::from_secs(3);

/// The checks of one service.
#[derive(Clone)]
pub struct Health {
    service: &'static str,
    checks: Vec<(&'static str, bool, Check)>,
}

/// The answer of `/health/ready`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// `ok`, `degraded` (only something optional is away) or `unavailable`.
    pub status: String,
    /// Which service.
    pub service: String,
    /// Its version.
    pub version: String,
    /// Every check by name.
    pub checks: BTreeMap<String, CheckResult>,
}

/// What one check found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CheckResult {
    /// Whether it passed.
    pub ok: bool,
    /// Whether the service is of use without it.
    pub required: bool,
    /// How long it took, in milliseconds.
    pub latency_ms: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Health {
    /// No checks yet.
    pub fn new(service: &'static str) -> Self {
        Self { service, checks: Vec::new() }
    }

    /// Adds a check without which the service is not ready.
    #[must_use]
    pub fn check<F, Fut>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.add(name, true, check)
    }

    /// Adds a check that only degrades: the outside world, or Redis.
    #[must_use]
    pub fn check_optional<F, Fut>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.add(name, false, check)
    }

    fn add<F, Fut>(mut self, name: &'static str, required: bool, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.checks.push((name, required, Arc::new(move || Box::pin(check()))));
        self
    }

    /// Runs every check at once.
    pub async fn readiness(&self) -> Readiness {
        let results = futures::future::join_all(self.checks.iter().map(async |(name, required, check)| {
            let start = Instant::now();
            let error = match tokio::time::timeout(LIMIT, check()).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(format!("{error:#}")),
                Err(_) => Some(format!("no answer within {} s", LIMIT.as_secs())),
            };
            let latency_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            ((*name).to_owned(), CheckResult { ok: error.is_none(), required: *required, latency_ms, error })
        }))
        .await;
        let checks: BTreeMap<_, _> = results.into_iter().collect();
        let status = if checks.values().any(|c| c.required && !c.ok) {
            "unavailable"
        } else if checks.values().any(|c| !c.ok) {
            "degraded"
        } else {
            "ok"
        };
        Readiness {
            status: status.to_owned(),
            service: self.service.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            checks,
        }
    }

    /// The health and metrics routes, to merge into a service's router.
    pub fn router(self) -> Router {
        Router::new()
            .route("/health/live", get(async || Json(serde_json::json!({"status": "ok"}))))
            .route(
                "/health/ready",
                get(move || {
                    let health = self.clone();
                    async move {
                        let readiness = health.readiness().await;
                        let status = if readiness.status == "unavailable" {
                            StatusCode::SERVICE_UNAVAILABLE
                        } else {
                            StatusCode::OK
                        };
                        (status, Json(readiness))
                    }
                }),
            )
            .route("/metrics", get(crate::metrics::render))
    }
}

/// What `--healthcheck` of every binary does: asks its own readiness over loopback.
pub async fn self_check(port: u16) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{port}/health/ready").parse()?;
    let client = crate::http::client::Client::with_timeout("self", Duration::from_secs(5));
    client.accept(client.request(http::Method::GET, url)).await?;
    Ok(())
}
