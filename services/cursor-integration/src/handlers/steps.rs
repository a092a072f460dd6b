//! The long step with which workflows ask for a run.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use common::auth::ServiceCaller;
use common::clients::agents::{AgentResult, AgentRole, AgentTask};
use common::clients::cursor::StartAgentRun;
use common::error::{Error, Problem, Result};
use common::http::{Json, Path};
use common::ids::{AgentRunId, ProjectId};
use common::jobs;
use common::steps::{BeginLong, Step};
use serde::Serialize;
use utoipa::ToSchema;

use crate::SERVICE;
use crate::app::App;
use crate::jobs::DriveRun;
use crate::store::agent_runs;

const LONGEST_DEADLINE: i64 = 86_400;

/// A finished run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentRunDone {
    /// `done`; `pending` comes with 202 and without `result`.
    status: String,
    id: AgentRunId,
    result: AgentResult,
}

/// Let an agent do one piece of work (long step).
#[utoipa::path(post, path = "/internal/v1/projects/{id}/agent-runs", tag = "steps", params(("id" = ProjectId, Path)), request_body = StartAgentRun, responses(
    (status = 200, body = AgentRunDone), (status = 202, description = "Not finished: wait, then make the same call again"),
    (status = 409, body = Problem, description = "Superseded by a newer execution, or the project is closed"),
    (status = 422, body = Problem)))]
pub(crate) async fn start_agent_run(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<StartAgentRun>,
) -> Result<Response> {
    step.must_be_of(id)?;
    let deadline_seconds = check(&app, &body)?;
    let answer = match step.begin_long(&app.db, &app.clock, SERVICE, &body.call).await? {
        BeginLong::Answer(answer) => answer,
        BeginLong::New(mut tx) => {
            let now = app.clock.now();
            let run_id = AgentRunId(tx.id());
            let backend = (app.backend.name(), app.backend.model());
            agent_runs::insert(&mut tx, run_id, &step, &body, backend, deadline_seconds, now).await?;
            jobs::enqueue(&mut tx, &DriveRun { run_id }, now).await?;
            tx.started().await?
        }
    };
    Ok(answer.into_response())
}

/// The deadline, when everything fits together.
fn check(app: &App, body: &StartAgentRun) -> Result<i64> {
    let wrong = |code: &'static str, detail: &str, field: &str, message: &str| {
        Err(Error::unprocessable(code, detail.to_owned()).with_field(field, message))
    };
    let role = match body.task {
        AgentTask::Plan | AgentTask::Review => AgentRole::Architect,
        AgentTask::Implement | AgentTask::Fix => AgentRole::Developer,
        AgentTask::Test => AgentRole::Qa,
    };
    if body.role != role {
        let detail = format!("`{}` is work for `{}`", body.task.as_str(), role.as_str());
        return wrong("role_does_not_fit", &detail, "role", &format!("must be `{}`", role.as_str()));
    }
    if body.task != AgentTask::Plan && body.milestone.is_none() {
        return wrong("milestone_missing", "This task is about a milestone", "milestone", "must name the milestone");
    }
    let named = body
        .repository
        .split_once('/')
        .is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'));
    if !named {
        return wrong("invalid_repository", "`repository` is not a repository", "repository", "must be `owner/name`");
    }
    for (field, branch) in [("branch", &body.branch), ("base", &body.base)] {
        if branch.is_empty() || branch.starts_with('-') || branch.contains(char::is_whitespace) || branch.len() > 250 {
            return wrong("invalid_branch", "A branch is missing or not a name", field, "must be the name of a branch");
        }
    }
    if body.iteration < 1 {
        return wrong("invalid_iteration", "`iteration` is not a number from 1", "iteration", "must be 1 or more");
    }
    let default = i64::try_from(app.config.runs.deadline.as_secs()).unwrap_or(LONGEST_DEADLINE);
    let deadline = body.deadline_seconds.unwrap_or(default);
    if !(1..=LONGEST_DEADLINE).contains(&deadline) {
        return wrong(
            "invalid_deadline",
            "`deadline_seconds` is out of range",
            "deadline_seconds",
            "must be between 1 and 86400",
        );
    }
    Ok(deadline)
}
