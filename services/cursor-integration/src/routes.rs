//! The whole URL map, and the description that falls out of it.

use axum::Router;
use axum::routing::get;
use common::health::{Health, Remembered};
use common::http::{Layers, description};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::SERVICE;
use crate::app::App;
use crate::handlers::{agent_runs, messages, prompt_templates, steps, usage};
use crate::metrics;

#[derive(OpenApi)]
#[openapi(info(
    title = "cursor-integration",
    description = "Runs of agents, their transcripts, prompts and usage. Paths under /internal are for the other services and the workflows."
))]
struct Api;

/// Every route with its description.
pub fn api() -> (Router<App>, Description) {
    let mut router = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(agent_runs::list_agent_runs))
        .routes(routes!(agent_runs::get_agent_run))
        .routes(routes!(agent_runs::cancel_agent_run))
        .routes(routes!(messages::list_agent_messages))
        .routes(routes!(usage::get_usage))
        .routes(routes!(prompt_templates::list_prompt_templates))
        .routes(routes!(prompt_templates::create_prompt_template))
        .routes(routes!(prompt_templates::reset_prompt_template))
        .routes(routes!(steps::start_agent_run));
    description::complete(router.get_openapi_mut());
    router.split_for_parts()
}

/// The service as it listens.
pub fn service(app: &App) -> Router {
    metrics::register_all(app.backend.name());
    let (router, description) = api();
    let (database, agents) = (app.db.clone(), app.clone());
    let health = Health::new(SERVICE)
        .check("postgres", move || {
            let database = database.clone();
            async move { common::db::check(&database).await }
        })
        .check_outside("cursor", &Remembered::new(app.clock.clone()), move || {
            let app = agents.clone();
            async move { Ok(app.backend.reach().await?) }
        })
        .integration("cursor", app.config.cursor.mode);
    let router = router
        .route("/openapi.json", get(async move || axum::Json(description.clone())))
        .with_state(app.clone())
        .merge(health.router());
    common::http::layers(router, Layers::default())
}
