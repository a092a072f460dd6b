//! The gateway's own pages; everything else is proxied.

mod docs;
mod health;
mod openapi;

use axum::Router;
use axum::routing::get;
use common::health::Health;

use crate::app::App;

/// Whether a path is one of the gateway's own.
pub(crate) fn is_own(path: &str) -> bool {
    matches!(path, "/health" | "/health/live" | "/health/ready" | "/metrics" | "/openapi.json" | "/docs")
        || path.starts_with("/docs/")
}

/// The whole URL map of its own pages.
pub(crate) fn router(app: &App) -> Router {
    let router = Router::new()
        .route("/health", get(health::overview))
        .route("/openapi.json", get(openapi::merged))
        .route("/docs", get(docs::index))
        .route("/docs/", get(docs::page))
        .route("/docs/{*file}", get(docs::file))
        .with_state(app.clone())
        .merge(readiness(app).probes());
    if app.settings.metrics_bind.is_some() { router } else { router.merge(metrics_router()) }
}

/// `/metrics` alone.
pub(crate) fn metrics_router() -> Router {
    Router::new().route("/metrics", get(async || common::metrics::render()))
}

/// Whether requests can be answered.
fn readiness(app: &App) -> Health {
    let (keys, draining, redis) = (app.clone(), app.clone(), app.redis.clone());
    Health::new("api-gateway")
        .check("keys", move || {
            let known = keys.keys.are_known();
            async move {
                anyhow::ensure!(known, "the key set has not been fetched yet");
                Ok(())
            }
        })
        .check("running", move || {
            let draining = draining.draining.load(std::sync::atomic::Ordering::Relaxed);
            async move {
                anyhow::ensure!(!draining, "asked to stop");
                Ok(())
            }
        })
        .check_optional("redis", move || {
            let redis = redis.clone();
            async move { redis.ping().await }
        })
}
