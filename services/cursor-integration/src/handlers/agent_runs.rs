//! Runs, as people see them.

use axum::extract::State;
use common::auth::{Caller, Operator, Viewer};
use common::error::{Error, Problem, Result};
use common::http::{Json, Path, Query};
use common::ids::{AgentRunId, ProjectId};
use common::jobs;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::jobs::DriveRun;
use crate::store::agent_runs::{self, AgentRunView, CancelReason, Filter};

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunFilter {
    /// Only of this project.
    project_id: Option<ProjectId>,
    /// Only in this state: `queued`, `starting`, `running`, `repairing` or `finished`.
    state: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<AgentRunId>,
    /// 1 to 100; 50 unless given.
    limit: Option<i64>,
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentRuns {
    items: Vec<AgentRunView>,
    next_cursor: Option<AgentRunId>,
}

/// List runs of agents.
#[utoipa::path(get, path = "/api/v1/agent-runs", tag = "agent-runs", params(RunFilter), responses((status = 200, body = AgentRuns)))]
pub(crate) async fn list_agent_runs(
    State(app): State<App>,
    _: Caller<Viewer>,
    Query(filter): Query<RunFilter>,
) -> Result<Json<AgentRuns>> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 100);
    let filter = Filter { project_id: filter.project_id, state: filter.state, before: filter.cursor, limit };
    let items = agent_runs::list(&mut *app.db.acquire().await?, &filter).await?;
    let full = i64::try_from(items.len()).is_ok_and(|count| count == limit);
    let next_cursor = items.last().filter(|_| full).map(|run| run.id);
    Ok(Json(AgentRuns { items, next_cursor }))
}

/// Get a run.
#[utoipa::path(get, path = "/api/v1/agent-runs/{id}", tag = "agent-runs", params(("id" = AgentRunId, Path)), responses(
    (status = 200, body = AgentRunView), (status = 404, body = Problem)))]
pub(crate) async fn get_agent_run(
    State(app): State<App>,
    _: Caller<Viewer>,
    Path(id): Path<AgentRunId>,
) -> Result<Json<AgentRunView>> {
    let found = agent_runs::find_view(&mut *app.db.acquire().await?, id).await?;
    found.map(Json).ok_or_else(|| no_such_run(id))
}

/// Stop a run. The workflow gets the outcome `cancelled` and goes on from there.
#[utoipa::path(post, path = "/api/v1/agent-runs/{id}/cancel", tag = "agent-runs", params(("id" = AgentRunId, Path)), responses(
    (status = 200, body = AgentRunView), (status = 404, body = Problem),
    (status = 409, body = Problem, description = "The run has ended already")))]
pub(crate) async fn cancel_agent_run(
    State(app): State<App>,
    caller: Caller<Operator>,
    Path(id): Path<AgentRunId>,
) -> Result<Json<AgentRunView>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let run = agent_runs::lock(&mut tx, id).await?.ok_or_else(|| no_such_run(id))?;
    if !agent_runs::request_cancel(&mut tx, run.id, CancelReason::Cancelled, Some(caller.user_id), now).await? {
        return Err(Error::conflict("run_has_ended", "The run has ended already"));
    }
    jobs::enqueue(&mut tx, &DriveRun { run_id: id }, now).await?;
    let view = agent_runs::find_view(&mut tx, id).await?.ok_or_else(|| no_such_run(id))?;
    tx.commit().await?;
    tracing::info!(run.id = %id, user.id = %caller.user_id, "asked to stop the run");
    Ok(Json(view))
}

pub(super) fn no_such_run(id: AgentRunId) -> Error {
    Error::not_found("no_such_agent_run", format!("There is no run `{id}`"))
}
