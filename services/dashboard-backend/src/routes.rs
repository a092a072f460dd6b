//! The whole URL map. The public description falls out of it.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use common::health::Health;
use common::http::{Json, Layers, description, layers, validator};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Spec;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::handlers::{
    api_keys, auth, budgets, decisions, demo, events, home, internal, policies, projects, setup, system, ui, users,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "QuantaPilot: dashboard-backend",
    description = "Projects, decisions, people, timeline and live feed. Every error is `application/problem+json` with a stable `code`."
))]
struct Api;

/// Every route, with the layers around them, and the description of the public ones.
pub fn router(app: App) -> (Router, Spec) {
    let (public, spec) = public().with_state(app.clone()).split_for_parts();
    let described = spec.clone();
    let router = public
        .route("/openapi.json", get(move || async move { Json(described) }))
        .route("/", get(ui::serve))
        .route("/{*path}", get(ui::serve))
        .merge(health(&app).router())
        .merge(internal::router().with_state(app));
    (layers(router, Layers { body_limit_bytes: 8 * 1024 * 1024, ..Layers::default() }), spec)
}

/// What the gateway hands on.
pub fn public() -> OpenApiRouter<App> {
    // Asked for again and again: what the client has already is not sent twice.
    let revalidated = OpenApiRouter::new()
        .routes(routes!(setup::get_setup, setup::create_first_admin))
        .routes(routes!(auth::get_keys))
        .routes(routes!(home::get_home))
        .routes(routes!(projects::list_projects))
        .routes(routes!(projects::get_project))
        .routes(routes!(decisions::list_decisions))
        .route_layer(from_fn(validator::revalidate));
    let mut router = OpenApiRouter::with_openapi(Api::openapi())
        .merge(revalidated)
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::get_me))
        .routes(routes!(projects::list_stages))
        .routes(routes!(projects::list_project_events))
        .routes(routes!(projects::list_artifacts))
        .routes(routes!(projects::get_artifact))
        .routes(routes!(projects::list_project_decisions))
        .routes(routes!(projects::list_requirements))
        .routes(routes!(projects::pause_project))
        .routes(routes!(projects::resume_project))
        .routes(routes!(projects::cancel_project))
        .routes(routes!(projects::retry_project))
        .routes(routes!(policies::list_policies))
        .routes(routes!(policies::set_policy))
        .routes(routes!(policies::list_project_policies))
        .routes(routes!(policies::set_project_policy))
        .routes(routes!(budgets::list_budgets))
        .routes(routes!(budgets::set_budget, budgets::delete_budget))
        .routes(routes!(budgets::list_project_budgets))
        .routes(routes!(budgets::set_project_budget, budgets::delete_project_budget))
        .routes(routes!(decisions::get_decision))
        .routes(routes!(decisions::create_answer))
        .routes(routes!(events::stream_events))
        .routes(routes!(users::list_users, users::create_user))
        .routes(routes!(users::update_user))
        .routes(routes!(users::change_password))
        .routes(routes!(users::end_sessions))
        .routes(routes!(api_keys::list_api_keys, api_keys::create_api_key))
        .routes(routes!(api_keys::revoke_api_key))
        .routes(routes!(demo::get_demo, demo::start_demo))
        .routes(routes!(system::get_system))
        .routes(routes!(system::get_doctor));
    description::complete(router.get_openapi_mut());
    router
}

/// What this service needs.
pub fn health(app: &App) -> Health {
    let (postgres, redis, n8n) = (app.clone(), app.clone(), app.clone());
    Health::new(crate::SERVICE)
        .check("postgres", move || {
            let app = postgres.clone();
            async move { common::db::check(&app.db).await }
        })
        .check_optional("redis", move || {
            let app = redis.clone();
            async move { app.redis.ping().await }
        })
        .check_outside("n8n", &app.n8n_reached, move || {
            let app = n8n.clone();
            async move { app.n8n.reach().await }
        })
}
