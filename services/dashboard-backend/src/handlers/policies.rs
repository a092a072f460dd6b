//! Who is asked for what.

use axum::extract::State;
use common::auth::{Admin, Caller, Operator, Viewer};
use common::error::Problem;
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::{Error, Result};
use serde::Deserialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::app::App;
use crate::projects::{self, record};
use crate::store::policies;
use crate::views::work::Policy;

/// A policy for one kind of decision.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetPolicy {
    /// `ask` people, or answer by itself: `auto`.
    pub mode: String,
    /// How many different people have to approve.
    #[serde(default = "one")]
    pub quorum: i32,
    /// How long an answer may take; three days unless said.
    #[serde(default = "three_days")]
    pub expires_after_seconds: i32,
}

fn one() -> i32 {
    1
}

fn three_days() -> i32 {
    72 * 3600
}

/// What holds unless a project has its own.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", responses((status = 200, body = Vec<Policy>)))]
pub async fn list_policies(State(app): State<App>, _caller: Caller<Viewer>) -> Result<Json<Vec<Policy>>> {
    let mut conn = app.db.acquire().await?;
    Ok(Json(policies::list(&mut conn, None).await?.into_iter().map(Policy::from).collect()))
}

/// What holds for a project.
#[utoipa::path(get, path = "/api/v1/projects/{id}/policies", tag = "policies", params(("id" = ProjectId, Path)), responses(
    (status = 200, body = Vec<Policy>), (status = 404, body = Problem)))]
pub async fn list_project_policies(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Vec<Policy>>> {
    let mut conn = app.db.acquire().await?;
    projects::find(&mut conn, id).await?;
    Ok(Json(policies::list(&mut conn, Some(id)).await?.into_iter().map(Policy::from).collect()))
}

/// Set what holds unless a project has its own.
#[utoipa::path(put, path = "/api/v1/policies/{decision_type}", tag = "policies", params(("decision_type" = String, Path)), request_body = SetPolicy, responses(
    (status = 200, body = Vec<Policy>), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn set_policy(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(decision_type): Path<String>,
    Json(body): Json<SetPolicy>,
) -> Result<Json<Vec<Policy>>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    store(&mut tx, None, &decision_type, &body).await?;
    let summary = format!("{} set the policy for `{decision_type}` to {}", caller.email, body.mode);
    record::installation(&mut tx, "policy.changed", &caller.email, summary, now).await?;
    let rows = policies::list(&mut tx, None).await?;
    tx.commit().await?;
    Ok(Json(rows.into_iter().map(Policy::from).collect()))
}

/// Set what holds for a project.
#[utoipa::path(put, path = "/api/v1/projects/{id}/policies/{decision_type}", tag = "policies",
    params(("id" = ProjectId, Path), ("decision_type" = String, Path)), request_body = SetPolicy, responses(
    (status = 200, body = Vec<Policy>), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn set_project_policy(
    State(app): State<App>,
    caller: Caller<Operator>,
    Path((id, decision_type)): Path<(ProjectId, String)>,
    Json(body): Json<SetPolicy>,
) -> Result<Json<Vec<Policy>>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    projects::find(&mut tx, id).await?;
    store(&mut tx, Some(id), &decision_type, &body).await?;
    let summary = format!("{} set the policy for `{decision_type}` to {}", caller.email, body.mode);
    record::project(
        &mut tx,
        id,
        "policy.changed",
        &caller.email,
        summary,
        serde_json::json!({"decision_type": decision_type, "mode": body.mode}),
        now,
    )
    .await?;
    let rows = policies::list(&mut tx, Some(id)).await?;
    tx.commit().await?;
    Ok(Json(rows.into_iter().map(Policy::from).collect()))
}

async fn store(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    decision_type: &str,
    body: &SetPolicy,
) -> Result<()> {
    if !crate::decisions::TYPES.contains(&decision_type) {
        return Err(Error::not_found("no_such_policy", format!("There is no kind of decision `{decision_type}`")));
    }
    let wrong = |field: &str, message: &str| {
        Err(Error::unprocessable("invalid_policy", "The policy does not fit").with_field(field, message))
    };
    match body.mode.as_str() {
        "ask" => {}
        // What went wrong cannot be answered by a rule: somebody has to look.
        "auto" if !matches!(decision_type, "stuck" | "error" | "budget") => {}
        "auto" => return wrong("mode", "people have to be asked about this"),
        _ => return wrong("mode", "must be `ask` or `auto`"),
    }
    if !(1..=10).contains(&body.quorum) {
        return wrong("quorum", "must be 1 to 10");
    }
    if !(60..=90 * 86_400).contains(&body.expires_after_seconds) {
        return wrong("expires_after_seconds", "must be a minute to 90 days");
    }
    policies::upsert(conn, project, decision_type, &body.mode, body.quorum, body.expires_after_seconds).await?;
    Ok(())
}
