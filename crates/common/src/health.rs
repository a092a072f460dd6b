//! `/health/live` and `/health/ready`: is the process alive, and has it what it needs.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::clock::Clock;
use crate::sandbox::Mode;

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Found> + Send>> + Send + Sync>;

/// What a check found.
#[derive(Clone, Debug)]
struct Found {
    error: Option<String>,
    latency: Duration,
    /// For what is not asked each time: how old this is.
    age_seconds: Option<u64>,
}

/// The last answer of something in the outside world. Believed for half a minute, a bad one for ten seconds, and of several who ask at once
/// one does: however often readiness is asked, a provider's limits are not used up.
#[derive(Clone)]
pub struct Remembered {
    clock: Clock,
    last: Arc<Mutex<Option<(OffsetDateTime, Found)>>>,
}

impl Remembered {
    /// Nothing yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, last: Arc::default() }
    }

    async fn or_ask<Fut: Future<Output = anyhow::Result<()>>>(&self, check: impl FnOnce() -> Fut) -> Found {
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some((at, found)) = last.as_ref() {
            let believed = if found.error.is_none() { BELIEVED } else { DISBELIEVED };
            if now - *at < believed {
                let age = u64::try_from((now - *at).whole_seconds()).unwrap_or(0);
                return Found { age_seconds: Some(age), ..found.clone() };
            }
        }
        let found = Found { age_seconds: Some(0), ..look(check()).await };
        *last = Some((now, found.clone()));
        found
    }
}

/// A check slower than this counts as failed.
const LIMIT: Duration = Duration::from_secs(3);
/// How long a good answer of the outside world is believed: readiness is asked every few seconds, and by several.
const BELIEVED: time::Duration = time::Duration::seconds(30);
/// How long a bad one is: people wait for it to be mended.
const DISBELIEVED: time::Duration = time::Duration::seconds(10);
/// What Prometheus reads of the checks is never older: where nobody asks for the readiness, reading the metrics does.
const STALE: Duration = Duration::from_secs(60);

/// The checks of one service.
#[derive(Clone)]
pub struct Health {
    service: &'static str,
    checks: Vec<(&'static str, bool, Check)>,
    /// When the checks were last run.
    asked: Arc<std::sync::Mutex<Option<Instant>>>,
    integrations: BTreeMap<String, Mode>,
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
    /// Who is at the other end of each integration.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub integrations: BTreeMap<String, Mode>,
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
    /// How old this answer is, for what is in the outside world and not asked each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Health {
    /// No checks yet.
    pub fn new(service: &'static str) -> Self {
        Self { service, checks: Vec::new(), asked: Arc::default(), integrations: BTreeMap::new() }
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

    /// Adds a check that only degrades, of something near: Redis.
    #[must_use]
    pub fn check_optional<F, Fut>(self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.add(name, false, check)
    }

    /// Adds a check that only degrades, of something in the outside world, which is not asked each time.
    #[must_use]
    pub fn check_outside<F, Fut>(mut self, name: &'static str, remembered: &Remembered, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (remembered, check) = (remembered.clone(), Arc::new(check));
        let ask = move || {
            let (remembered, check) = (remembered.clone(), check.clone());
            async move { remembered.or_ask(&*check).await }
        };
        self.checks.push((name, false, Arc::new(move || Box::pin(ask()))));
        self
    }

    /// Says who is at the other end of an integration.
    #[must_use]
    pub fn integration(mut self, name: &str, mode: Mode) -> Self {
        self.integrations.insert(name.to_owned(), mode);
        self
    }

    fn add<F, Fut>(mut self, name: &'static str, required: bool, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.checks.push((name, required, Arc::new(move || Box::pin(look(check())))));
        self
    }

    /// Runs every check at once.
    pub async fn readiness(&self) -> Readiness {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let results = futures::future::join_all(self.checks.iter().map(async |(name, required, check)| {
            let found = check().await;
            let result = CheckResult {
                ok: found.error.is_none(),
                required: *required,
                latency_ms: u64::try_from(found.latency.as_millis()).unwrap_or(u64::MAX),
                age_seconds: found.age_seconds,
                error: found.error,
            };
            ((*name).to_owned(), result)
        }))
        .await;
        let checks: BTreeMap<_, _> = results.into_iter().collect();
        for (name, check) in &checks {
            crate::metrics::health_checks().with_label_values(&[name]).set(i64::from(check.ok));
        }
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
            integrations: self.integrations.clone(),
        }
    }

    /// Whether nobody has asked for a while.
    fn is_stale(&self) -> bool {
        let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_none_or(|at| at.elapsed() > STALE)
    }

    /// The health and metrics routes, to merge into a service's router.
    pub fn router(self) -> Router {
        let health = self.clone();
        let metrics = get(move || {
            let health = health.clone();
            async move {
                if health.is_stale() {
                    health.readiness().await;
                }
                crate::metrics::render()
            }
        });
        self.probes().route("/metrics", metrics)
    }

    /// The health routes alone.
    pub fn probes(self) -> Router {
        crate::metrics::build_info(self.service);
        // There from the start, at zero: an increase from nothing is no increase to Prometheus.
        crate::metrics::panics();
        Router::new().route("/health/live", get(async || Json(serde_json::json!({"status": "ok"})))).route(
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
    }
}

async fn look(check: impl Future<Output = anyhow::Result<()>>) -> Found {
    let start = Instant::now();
    let error = match tokio::time::timeout(LIMIT, check).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(_) => Some(format!("no answer within {} s", LIMIT.as_secs())),
    };
    Found { error, latency: start.elapsed(), age_seconds: None }
}

/// What `--healthcheck` of every binary does: asks its own readiness over loopback.
pub async fn self_check(port: u16) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{port}/health/ready").parse()?;
    let client = crate::http::client::Client::with_timeout("self", Duration::from_secs(5));
    client.accept(client.request(http::Method::GET, url)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A peer that counts how often it is asked, and is away for the first `bad` times.
    fn outside(clock: &Clock, bad: u32) -> (Health, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = asked.clone();
        let health = Health::new("test").check_outside("peer", &Remembered::new(clock.clone()), move || {
            let number = counter.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::task::yield_now().await;
                anyhow::ensure!(number >= bad, "it is away");
                Ok(())
            }
        });
        (health, asked)
    }

    #[tokio::test]
    async fn a_good_answer_is_believed_for_half_a_minute() {
        let clock = Clock::fixed(time::macros::datetime!(2026-03-17 12:00 UTC));
        let (health, asked) = outside(&clock, 0);
        let (one, other) = tokio::join!(health.readiness(), health.readiness());
        assert_eq!((one.status.as_str(), other.status.as_str(), asked.load(Ordering::SeqCst)), ("ok", "ok", 1));
        clock.advance(Duration::from_secs(29));
        assert_eq!(health.readiness().await.checks["peer"].age_seconds, Some(29));
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        clock.advance(Duration::from_secs(1));
        assert_eq!(health.readiness().await.checks["peer"].age_seconds, Some(0));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_bad_one_is_asked_again_sooner_and_only_degrades() {
        let clock = Clock::fixed(time::macros::datetime!(2026-03-17 12:00 UTC));
        let (health, asked) = outside(&clock, 1);
        let away = health.readiness().await;
        assert_eq!((away.status.as_str(), away.checks["peer"].error.as_deref()), ("degraded", Some("it is away")));
        clock.advance(Duration::from_secs(9));
        assert_eq!(health.readiness().await.status, "degraded");
        clock.advance(Duration::from_secs(1));
        assert_eq!((health.readiness().await.status.as_str(), asked.load(Ordering::SeqCst)), ("ok", 2));
    }
}
