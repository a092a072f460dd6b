//! What services and workflows call. Never routed by the gateway.

mod api_keys;
mod backups;
mod context;
mod decisions;
mod errors;
mod events;
mod gates;
mod milestones;
mod plan;
mod projects;
mod reservations;
mod revocations;
mod signing_keys;
mod stages;
mod users;

use axum::Router;
use axum::routing::{get, post};
use common::auth::ServiceCaller;
use common::{Error, Result};

use crate::app::App;

/// `/internal/v1`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/internal/v1/projects", post(projects::register_project))
        .route("/internal/v1/projects/{id}/executions", post(projects::register_execution))
        .route("/internal/v1/projects/{id}/finish", post(projects::finish_project))
        .route("/internal/v1/projects/{id}/budget/reservations", post(reservations::reserve_budget))
        .route("/internal/v1/projects/{id}/context", get(context::get_context))
        .route("/internal/v1/projects/{id}/stages", post(stages::enter_stage))
        .route("/internal/v1/projects/{id}/analysis", post(plan::store_analysis))
        .route("/internal/v1/projects/{id}/plan", post(plan::store_plan))
        .route("/internal/v1/projects/{id}/foundation", post(plan::build_foundation))
        .route("/internal/v1/projects/{id}/milestones/next", post(milestones::next_milestone))
        .route("/internal/v1/projects/{id}/milestones/{key}/complete", post(milestones::complete_milestone))
        .route("/internal/v1/projects/{id}/gates", post(gates::judge_gate))
        .route("/internal/v1/projects/{id}/decisions", post(decisions::ask_decision))
        .route("/internal/v1/decisions/{id}", get(decisions::get_decision))
        .route("/internal/v1/decisions/{id}/answers", post(decisions::answer_decision))
        .route("/internal/v1/executions/errors", post(errors::report_error))
        .route("/internal/v1/events", post(events::report_event))
        .route("/internal/v1/backups", post(backups::report_backup))
        .route("/internal/v1/signing-keys/rotate", post(signing_keys::rotate_signing_key))
        .route("/internal/v1/users/{id}", get(users::get_user))
        .route("/internal/v1/users", get(users::list_users).post(users::create_user))
        .route("/internal/v1/users/{id}/role", post(users::set_role))
        .route("/internal/v1/users/{id}/password", post(users::set_password))
        .route("/internal/v1/api-keys", get(api_keys::list_api_keys).post(api_keys::create_api_key))
        .route("/internal/v1/api-keys/verify", post(api_keys::verify_api_key))
        .route("/internal/v1/api-keys/{id}/revoke", post(api_keys::revoke_api_key))
        .route("/internal/v1/auth/revocations", get(revocations::list_revocations))
}

/// Services know people; only the operator's own tool changes them and their keys.
fn must_be_cli(caller: &ServiceCaller) -> Result<()> {
    if caller.issuer == "cli" {
        return Ok(());
    }
    Err(Error::forbidden("not_the_command_line", format!("`{}` does not manage accounts", caller.issuer)))
}

/// Whose key or session is good is the gateway's question alone.
fn must_be_gateway(caller: &ServiceCaller) -> Result<()> {
    if caller.issuer == "api-gateway" {
        return Ok(());
    }
    Err(Error::forbidden("not_the_gateway", format!("`{}` does not check who calls from outside", caller.issuer)))
}
