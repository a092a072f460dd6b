//! Checks of commits.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use common::auth::ServiceCaller;
use common::clients::github::ChecksResult;
use common::error::{Error, Result};
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::jobs;
use common::steps::{BeginLong, LongCall, Step, StepAnswer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::step::{StepHeaders, commit_sha, outside, repository};
use crate::SERVICE;
use crate::app::App;
use crate::documents::{self, Commit};
use crate::github::checks::Report;
use crate::github::error::into_answer;
use crate::jobs::PollChecks;
use crate::store::check_waits;

/// A wait without a deadline of its own lasts this long.
const DEADLINE_SECONDS: i64 = 1800;

/// Wait for the checks of a commit.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AwaitChecks {
    /// `owner/name`.
    repository: String,
    sha: String,
    /// After so long the result is `timed_out`; 1800 unless given, at most a day.
    deadline_seconds: Option<i64>,
    #[serde(flatten)]
    call: LongCall,
}

/// A finished wait.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChecksDone {
    /// `done`; `pending` comes with 202 and without `result`.
    status: String,
    id: Uuid,
    result: ChecksResult,
}

/// Wait for the checks of a commit (long step).
#[utoipa::path(post, path = "/internal/v1/projects/{id}/checks/await", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = AwaitChecks, responses(
    (status = 200, body = ChecksDone), (status = 202, description = "Not finished: wait, then make the same call again")))]
pub(crate) async fn await_checks(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<AwaitChecks>,
) -> Result<Response> {
    step.must_be_of(id)?;
    commit_sha("sha", &body.sha)?;
    let deadline_seconds = body.deadline_seconds.unwrap_or(DEADLINE_SECONDS);
    if !(1..=86_400).contains(&deadline_seconds) {
        return Err(Error::unprocessable("invalid_deadline", "`deadline_seconds` is out of range")
            .with_field("deadline_seconds", "must be between 1 and 86400"));
    }
    let name = repository(&app, id, &body.repository).await?.to_string();
    let answer = match step.begin_long(&app.db, &app.clock, SERVICE, &body.call).await? {
        BeginLong::Answer(answer) => answer,
        BeginLong::New(mut tx) => {
            let now = app.clock.now();
            let wait_id = tx.id();
            let deadline_at = now + time::Duration::seconds(deadline_seconds);
            check_waits::insert(&mut tx, wait_id, &step, (&name, &body.sha), deadline_at, now).await?;
            let commit = Commit { project_id: id, repository: &name, sha: &body.sha };
            documents::ask_for_ours(&mut tx, app.config.documents.own, commit, now).await?;
            jobs::enqueue(&mut tx, &PollChecks { wait_id }, now).await?;
            tx.started().await?
        }
    };
    Ok(answer.into_response())
}

/// Report a check of ours on a commit.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ReportCheck {
    /// `owner/name`.
    repository: String,
    sha: String,
    /// For example `quantapilot/gates`.
    name: String,
    conclusion: ReportedConclusion,
    /// The first line is the title.
    summary: String,
    details_url: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportedConclusion {
    Success,
    Failure,
    Neutral,
}

/// Nothing to tell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reported {}

/// Show a check of ours on a commit: a check run with a GitHub App, a commit status with a token.
#[utoipa::path(post, path = "/internal/v1/projects/{id}/checks/report", tag = "steps",
    params(("id" = ProjectId, Path, description = "The project"), StepHeaders),
    request_body = ReportCheck,
    responses((status = 200, body = Reported)))]
pub(crate) async fn report_check(
    State(app): State<App>,
    _: ServiceCaller,
    step: Step,
    Path(id): Path<ProjectId>,
    Json(body): Json<ReportCheck>,
) -> Result<StepAnswer> {
    commit_sha("sha", &body.sha)?;
    if body.name.trim().is_empty() || body.name.len() > 100 {
        return Err(Error::unprocessable("invalid_name", "A check needs a name")
            .with_field("name", "must have 1 to 100 characters"));
    }
    outside(app, id, step, async move |app, _| {
        let name = repository(&app, id, &body.repository).await?;
        let conclusion = match body.conclusion {
            ReportedConclusion::Success => "success",
            ReportedConclusion::Failure => "failure",
            ReportedConclusion::Neutral => "neutral",
        };
        let details_url = body.details_url.as_deref();
        let report = Report {
            sha: &body.sha,
            name: &body.name,
            conclusion,
            summary: &body.summary,
            details_url,
            annotations: &[],
        };
        app.github.report_check(&name, report).await.map_err(into_answer)?;
        Ok(Reported {})
    })
    .await
}
