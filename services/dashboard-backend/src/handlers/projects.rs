//! Projects, as people see and steer them.

use axum::extract::State;
use common::auth::{Caller, Operator, Viewer};
use common::clients::dashboard::Decision;
use common::error::Problem;
use common::http::{Json, Path, Query};
use common::ids::{ArtifactId, ProjectId};
use common::{Error, Result};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{PAGE, page_length, read_cursor};
use crate::app::App;
use crate::lifecycle::Status;
use crate::projects::{self, steer};
use crate::store::decisions::DecisionFilter;
use crate::store::events::EventFilter;
use crate::store::projects::ProjectFilter;
use crate::store::{artifacts, decisions, events, requirements, stages};
use crate::views::Page;
use crate::views::projects::{Project, ProjectSummary};
use crate::views::work::{Artifact, ArtifactSummary, Event, Requirement, StageAttempt};

/// Narrows the list of projects.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListProjects {
    /// One status, or several with commas between: `building,testing`.
    pub status: Option<String>,
    /// Part of the name or of `owner/name`, or `P-12`.
    pub q: Option<String>,
    /// From `next_cursor`.
    pub cursor: Option<String>,
}

/// Narrows a timeline.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListProjectEvents {
    /// A kind, or the first part of several: `pull_request`.
    pub kind: Option<String>,
    /// From `next_cursor`.
    pub cursor: Option<String>,
}

/// Why an operator does something.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SteerProject {
    /// For the timeline.
    #[serde(default)]
    pub reason: Option<String>,
}

/// All projects, newest first.
#[utoipa::path(get, path = "/api/v1/projects", tag = "projects", params(ListProjects), responses(
    (status = 200, body = Page<ProjectSummary>), (status = 304, description = "Nothing changed since the `ETag` in `If-None-Match`"),
    (status = 400, body = Problem)))]
pub async fn list_projects(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Query(query): Query<ListProjects>,
) -> Result<Json<Page<ProjectSummary>>> {
    let filter = ProjectFilter {
        statuses: read_statuses(query.status.as_deref())?,
        text: read_text(query.q)?,
        before: read_cursor(query.cursor.as_deref())?,
    };
    let mut conn = app.db.acquire().await?;
    let rows = crate::store::projects::list(&mut conn, &filter, PAGE + 1).await?;
    let Page { items, next_cursor } = Page::from_rows(rows, page_length(), |row| row.number.to_string());
    Ok(Json(Page { items: projects::summaries(&mut conn, items).await?, next_cursor }))
}

fn read_statuses(text: Option<&str>) -> Result<Vec<Status>> {
    text.unwrap_or_default()
        .split(',')
        .filter(|word| !word.is_empty())
        .map(|word| {
            serde_json::from_value(word.into()).map_err(|_| {
                Error::bad_request("invalid_status", "`status` holds something that is not a status")
                    .with_field("status", "must be statuses with commas between")
            })
        })
        .collect()
}

fn read_text(text: Option<String>) -> Result<Option<String>> {
    match text {
        Some(text) if text.contains('\0') || text.len() > 200 => {
            Err(Error::bad_request("invalid_query", "`q` is too long or not text"))
        }
        Some(text) if text.trim().is_empty() => Ok(None),
        text => Ok(text),
    }
}

/// One project.
#[utoipa::path(get, path = "/api/v1/projects/{id}", tag = "projects", params(("id" = ProjectId, Path)), responses(
    (status = 200, body = Project), (status = 304, description = "Nothing changed since the `ETag` in `If-None-Match`"), (status = 404, body = Problem)))]
pub async fn get_project(
    State(app): State<App>,
    caller: Caller<Viewer>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Project>> {
    let mut conn = app.db.acquire().await?;
    let row = projects::find(&mut conn, id).await?;
    Ok(Json(projects::page(&app, &mut conn, row, caller.role).await?))
}

/// Every attempt at every stage, in order.
#[utoipa::path(get, path = "/api/v1/projects/{id}/stages", tag = "projects", params(("id" = ProjectId, Path)), responses(
    (status = 200, body = Vec<StageAttempt>), (status = 404, body = Problem)))]
pub async fn list_stages(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Vec<StageAttempt>>> {
    let mut conn = app.db.acquire().await?;
    projects::find(&mut conn, id).await?;
    Ok(Json(stages::list(&mut conn, id).await?.into_iter().map(StageAttempt::from).collect()))
}

/// What happened, newest first.
#[utoipa::path(get, path = "/api/v1/projects/{id}/events", tag = "projects", params(("id" = ProjectId, Path), ListProjectEvents), responses(
    (status = 200, body = Page<Event>), (status = 404, body = Problem)))]
pub async fn list_project_events(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path(id): Path<ProjectId>,
    Query(query): Query<ListProjectEvents>,
) -> Result<Json<Page<Event>>> {
    let filter = EventFilter {
        project_id: Some(id),
        kind: read_text(query.kind)?,
        before: read_cursor(query.cursor.as_deref())?,
    };
    let mut conn = app.db.acquire().await?;
    projects::find(&mut conn, id).await?;
    let rows = events::list(&mut conn, &filter, PAGE + 1).await?;
    Ok(Json(Page::from_rows(rows, page_length(), |event| event.sequence.to_string())))
}

/// What the project made, newest first.
#[utoipa::path(get, path = "/api/v1/projects/{id}/artifacts", tag = "projects", params(("id" = ProjectId, Path)), responses(
    (status = 200, body = Vec<ArtifactSummary>), (status = 404, body = Problem)))]
pub async fn list_artifacts(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Vec<ArtifactSummary>>> {
    let mut conn = app.db.acquire().await?;
    projects::find(&mut conn, id).await?;
    Ok(Json(artifacts::list(&mut conn, id).await?.into_iter().map(ArtifactSummary::from).collect()))
}

/// One version of something the project made, with its documents as safe HTML.
#[utoipa::path(get, path = "/api/v1/projects/{id}/artifacts/{artifact_id}", tag = "projects",
    params(("id" = ProjectId, Path), ("artifact_id" = ArtifactId, Path)), responses((status = 200, body = Artifact), (status = 404, body = Problem)))]
pub async fn get_artifact(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path((id, artifact_id)): Path<(ProjectId, ArtifactId)>,
) -> Result<Json<Artifact>> {
    let mut conn = app.db.acquire().await?;
    let row = artifacts::find(&mut conn, id, artifact_id)
        .await?
        .ok_or_else(|| Error::not_found("no_such_artifact", format!("The project has no artifact `{artifact_id}`")))?;
    Ok(Json(projects::artifact(row)))
}

/// Decisions of the project, newest first.
#[utoipa::path(get, path = "/api/v1/projects/{id}/decisions", tag = "projects", params(("id" = ProjectId, Path)), responses(
    (status = 200, body = Vec<Decision>), (status = 404, body = Problem)))]
pub async fn list_project_decisions(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Vec<Decision>>> {
    let mut conn = app.db.acquire().await?;
    projects::find(&mut conn, id).await?;
    let filter = DecisionFilter { project_id: Some(id), ..DecisionFilter::default() };
    Ok(Json(decisions::list(&mut conn, &filter, 200).await?.into_iter().map(Decision::from).collect()))
}

/// What the README asks for, and what answers it.
#[utoipa::path(get, path = "/api/v1/projects/{id}/requirements", tag = "projects", params(("id" = ProjectId, Path)), responses(
    (status = 200, body = Vec<Requirement>), (status = 404, body = Problem)))]
pub async fn list_requirements(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Vec<Requirement>>> {
    let mut conn = app.db.acquire().await?;
    projects::find(&mut conn, id).await?;
    Ok(Json(requirements::list(&mut conn, id).await?.into_iter().map(Requirement::from).collect()))
}

/// Start no new work: what is under way ends, and then everything waits.
#[utoipa::path(post, path = "/api/v1/projects/{id}/pause", tag = "projects", params(("id" = ProjectId, Path)), request_body = SteerProject, responses(
    (status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn pause_project(
    State(app): State<App>,
    caller: Caller<Operator>,
    Path(id): Path<ProjectId>,
    Json(body): Json<SteerProject>,
) -> Result<Json<Project>> {
    steer::steer(&app, &caller, id, steer::Order::Pause, read_text(body.reason)?).await.map(Json)
}

/// Go on after a pause, or after the budget was raised.
#[utoipa::path(post, path = "/api/v1/projects/{id}/resume", tag = "projects", params(("id" = ProjectId, Path)), request_body = SteerProject, responses(
    (status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn resume_project(
    State(app): State<App>,
    caller: Caller<Operator>,
    Path(id): Path<ProjectId>,
    Json(body): Json<SteerProject>,
) -> Result<Json<Project>> {
    steer::steer(&app, &caller, id, steer::Order::Resume, read_text(body.reason)?).await.map(Json)
}

/// Stop for good. What was made stays where it is.
#[utoipa::path(post, path = "/api/v1/projects/{id}/cancel", tag = "projects", params(("id" = ProjectId, Path)), request_body = SteerProject, responses(
    (status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn cancel_project(
    State(app): State<App>,
    caller: Caller<Operator>,
    Path(id): Path<ProjectId>,
    Json(body): Json<SteerProject>,
) -> Result<Json<Project>> {
    steer::steer(&app, &caller, id, steer::Order::Cancel, read_text(body.reason)?).await.map(Json)
}

/// Try again after a failure, from where it stopped.
#[utoipa::path(post, path = "/api/v1/projects/{id}/retry", tag = "projects", params(("id" = ProjectId, Path)), request_body = SteerProject, responses(
    (status = 200, body = Project), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn retry_project(
    State(app): State<App>,
    caller: Caller<Operator>,
    Path(id): Path<ProjectId>,
    Json(body): Json<SteerProject>,
) -> Result<Json<Project>> {
    steer::steer(&app, &caller, id, steer::Order::Retry, read_text(body.reason)?).await.map(Json)
}
