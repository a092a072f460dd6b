//! The gateway's own paths; everything else is proxied.

use axum::Router;
use axum::routing::get;
use common::health::Health;

use crate::app::App;
use crate::{health, openapi, proxy, stack};

/// The whole URL map.
pub fn router(app: &App) -> Router {
    let keys = app.clone();
    let redis = app.redis.clone();
    let health = Health::new("api-gateway")
        .check("keys", move || {
            let known = keys.keys.are_known();
            async move {
                anyhow::ensure!(known, "dashboard-backend has not handed out its keys yet");
                Ok(())
            }
        })
        .check_optional("redis", move || {
            let redis = redis.clone();
            async move { redis.ping().await }
        });
    let own = Router::new()
        .route("/health", get(health::overview))
        .route("/openapi.json", get(openapi::merged))
        .fallback(proxy::proxy)
        .with_state(app.clone())
        .merge(health.router());
    stack::wrap(own, app)
}
