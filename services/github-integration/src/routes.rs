//! The whole URL map, and the description that falls out of it.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use common::health::{Health, Remembered};
use common::http::{Layers, description};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::SERVICE;
use crate::app::App;
use crate::handlers::{
    analysis, branches, checks, commits, intakes, pull_requests, releases, repositories, webhook_deliveries, webhooks,
};
use crate::metrics;

/// Waits for GitHub's limits are longer than an ordinary answer may take.
const ANSWER_WITHIN: Duration = Duration::from_mins(2);
/// A commit step carries whole files.
const LARGEST_STEP: usize = 16 * 1024 * 1024;

// A schema that only a parameter names is not found by itself.
#[derive(OpenApi)]
#[openapi(
    components(schemas(webhook_deliveries::DeliveryState)),
    info(
        title = "github-integration",
        description = "Repositories, pull requests and webhook deliveries. Paths under /internal are for the other services and the workflows."
    )
)]
struct Api;

/// Every route with its description.
pub fn api() -> (Router<App>, Description) {
    let door = OpenApiRouter::new()
        .routes(routes!(webhooks::receive_webhook))
        .layer(DefaultBodyLimit::max(webhooks::LARGEST_BODY));
    let mut router = OpenApiRouter::with_openapi(Api::openapi())
        .merge(door)
        .routes(routes!(repositories::list_repositories, repositories::adopt_repository))
        .routes(routes!(repositories::get_repository))
        .routes(routes!(pull_requests::list_pull_requests))
        .routes(routes!(webhook_deliveries::list_webhook_deliveries))
        .routes(routes!(webhook_deliveries::replay_webhook_delivery))
        .routes(routes!(intakes::list_intakes))
        .routes(routes!(intakes::get_intake))
        .routes(routes!(intakes::accept_intake))
        .routes(routes!(analysis::analyse))
        .routes(routes!(branches::create_branch))
        .routes(routes!(branches::verify_branch))
        .routes(routes!(branches::inspect_branch))
        .routes(routes!(commits::create_commit))
        .routes(routes!(pull_requests::open_pull_request))
        .routes(routes!(pull_requests::merge_pull_request))
        .routes(routes!(checks::await_checks))
        .routes(routes!(checks::report_check))
        .routes(routes!(releases::create_release));
    description::complete(router.get_openapi_mut());
    router.split_for_parts()
}

/// The service as it listens.
pub fn service(app: &App) -> Router {
    metrics::register();
    let (router, description) = api();
    let (database, github) = (app.db.clone(), app.github.clone());
    let health = Health::new(SERVICE)
        .check("postgres", move || {
            let database = database.clone();
            async move { common::db::check(&database).await }
        })
        .check_outside("github", &Remembered::new(app.clock.clone()), move || {
            let github = github.clone();
            async move { Ok(github.reach().await?) }
        })
        .integration("github", app.config.mode);
    let router = router
        .route("/openapi.json", get(async move || axum::Json(description.clone())))
        .with_state(app.clone())
        .merge(health.router());
    common::http::layers(router, Layers { body_limit_bytes: LARGEST_STEP, timeout: ANSWER_WITHIN })
}
