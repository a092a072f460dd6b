//! Projects begin, get their executions, and end.

use axum::extract::State;
use axum::http::StatusCode;
use common::auth::ServiceCaller;
use common::clients::github::{ReadmeRef, RepositoryRef};
use common::http::{Json, Path};
use common::ids::{IntakeId, ProjectId};
use common::steps::{Begin, Step, StepAnswer, fence};
use common::{Error, Result, jobs};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::SERVICE;
use crate::app::App;
use crate::carriers::register::{RegisterExecution, Registered, register};
use crate::jobs::announce::Announce;
use crate::jobs::start_carrier;
use crate::lifecycle::Outcome;
use crate::planning::slug;
use crate::projects::{self, record, steer};
use crate::store::projects::{NewProject, find_by_repository, insert, update_release};

/// A repository with a README.
#[derive(Debug, Deserialize)]
pub(super) struct RegisterProject {
    #[serde(default)]
    intake_id: Option<IntakeId>,
    repository: RepositoryRef,
    readme: ReadmeRef,
    #[serde(default)]
    title: Option<String>,
}

/// Which project that is.
#[derive(Debug, Serialize)]
pub(super) struct ProjectRegistered {
    project_id: ProjectId,
    created: bool,
}

/// Make a project of a repository, once, and queue the start of its workflow.
pub(super) async fn register_project(
    State(app): State<App>,
    _caller: ServiceCaller,
    Json(body): Json<RegisterProject>,
) -> Result<(StatusCode, Json<ProjectRegistered>)> {
    let repository = &body.repository;
    let name: String = body
        .title
        .as_deref()
        .map(str::trim)
        .filter(|title| !title.is_empty())
        .unwrap_or(&repository.name)
        .chars()
        .filter(|c| !c.is_control())
        .take(100)
        .collect();
    if name.is_empty() || repository.owner.is_empty() || repository.default_branch.is_empty() {
        return Err(Error::unprocessable(
            "invalid_repository",
            "The repository needs an owner, a name and a default branch",
        ));
    }
    let limits = app.config.projects;
    let new = NewProject {
        intake_id: body.intake_id,
        name: &name,
        slug: &slug(&repository.name),
        repository_id: repository.id,
        repository_owner: &repository.owner,
        repository_name: &repository.name,
        repository_url: &repository.html_url,
        clone_url: &repository.clone_url,
        default_branch: &repository.default_branch,
        readme_path: &body.readme.path,
        readme_sha: &body.readme.sha,
        max_fix_iterations: limits.max_fix_iterations,
        agent_deadline_seconds: limits.agent_deadline_seconds,
        checks_deadline_seconds: limits.checks_deadline_seconds,
    };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let Some(project) = insert(&mut tx, &new, now).await? else {
        let known = find_by_repository(&mut tx, repository.id).await?;
        let known =
            known.ok_or_else(|| Error::conflict("project_is_being_made", "The project is being made; ask again"))?;
        return Ok((StatusCode::OK, Json(ProjectRegistered { project_id: known.id, created: false })));
    };
    fence::set_status(&mut tx, project.id, project.status.name(), false, now).await?;
    start_carrier::enqueue(&mut tx, &project, now).await?;
    let summary = format!("A README appeared in {}", repository.full_name);
    let data = json!({"repository": repository.full_name, "readme": body.readme.path});
    record::project(&mut tx, project.id, "project.created", "github-integration", summary, data, now).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(ProjectRegistered { project_id: project.id, created: true })))
}

/// The first call of a workflow execution.
pub(super) async fn register_execution(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    Json(body): Json<RegisterExecution>,
) -> Result<Json<Registered>> {
    register(&app, id, &body).await.map(Json)
}

/// How a project ends.
#[derive(Debug, Deserialize)]
pub(super) struct FinishProject {
    outcome: Outcome,
    #[serde(default)]
    release: Option<Value>,
}

/// The end of a project.
pub(super) async fn finish_project(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    step: Step,
    Json(body): Json<FinishProject>,
) -> Result<StepAnswer> {
    step.must_be_of(id)?;
    let mut tx = match step.begin(&app.db, &app.clock, SERVICE).await? {
        Begin::Replayed(answer) => return Ok(answer),
        Begin::Run(tx) => tx,
    };
    let now = app.clock.now();
    let mut project = projects::lock(&mut tx, id).await?;
    if let Some(release) = body.release.as_ref().filter(|release| !release.is_null()) {
        update_release(&mut tx, id, release).await?;
    }
    steer::close(&mut tx, &mut project, body.outcome, None, now).await?;
    let (kind, summary) = match body.outcome {
        Outcome::Completed => ("project.completed", "The project is done"),
        Outcome::Rejected => ("project.rejected", "People decided against the project"),
        Outcome::Cancelled => ("project.cancelled", "The project was stopped"),
    };
    if body.outcome == Outcome::Completed {
        let text = format!("Everything is merged in {}.", project.repository_url);
        jobs::enqueue(
            &mut tx,
            &Announce {
                project_id: id,
                kind: "completed".to_owned(),
                title: format!("{} is done", project.name),
                text,
            },
            now,
        )
        .await?;
    }
    record::project(&mut tx, id, kind, "workflow", summary, json!({"release": body.release}), now).await?;
    tx.finish(&json!({})).await
}
