//! Intakes, as the intake workflow sees them.

use axum::extract::State;
use common::auth::{Caller, ServiceCaller, Viewer};
use common::clients::github::{ReadmeRef, RepositoryRef};
use common::error::{Error, Problem, Result};
use common::http::{Json, Path, Query};
use common::ids::{IntakeId, ProjectId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::store::intakes::{Intake as Row, ListedIntake};
use crate::store::repositories::Repository;
use crate::store::{intakes, repositories};

/// A repository that is to become a project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Intake {
    id: IntakeId,
    /// `pending` or `accepted`.
    state: String,
    repository: RepositoryRef,
    readme: ReadmeRef,
    /// Once accepted.
    project_id: Option<ProjectId>,
}

/// The workflow has registered the project.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct AcceptIntake {
    project_id: ProjectId,
}

/// Get an intake.
#[utoipa::path(get, path = "/internal/v1/intakes/{id}", tag = "intakes", params(("id" = IntakeId, Path)), responses(
    (status = 200, body = Intake), (status = 404, body = Problem)))]
pub(crate) async fn get_intake(
    State(app): State<App>,
    _: ServiceCaller,
    Path(id): Path<IntakeId>,
) -> Result<Json<Intake>> {
    let mut conn = app.db.acquire().await?;
    let row = intakes::find(&mut conn, id).await?.ok_or_else(|| unknown(id))?;
    shown(&mut conn, row).await.map(Json)
}

/// Say that the project is registered: the only proof that an intake arrived.
#[utoipa::path(post, path = "/internal/v1/intakes/{id}/accepted", tag = "intakes", params(("id" = IntakeId, Path)), request_body = AcceptIntake, responses(
    (status = 200, body = Intake), (status = 404, body = Problem), (status = 409, body = Problem, description = "Another project has it")))]
pub(crate) async fn accept_intake(
    State(app): State<App>,
    _: ServiceCaller,
    Path(id): Path<IntakeId>,
    Json(body): Json<AcceptIntake>,
) -> Result<Json<Intake>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let mut row = intakes::find_for_update(&mut tx, id).await?.ok_or_else(|| unknown(id))?;
    match row.project_id {
        Some(taken) if taken != body.project_id => {
            return Err(Error::conflict("intake_taken", format!("The intake became project `{taken}`"))
                .with_extra("project_id", taken));
        }
        Some(_) => {}
        None => {
            intakes::update_accepted(&mut tx, id, body.project_id, now).await?;
            repositories::update_project(&mut tx, row.repository_id, body.project_id, now).await?;
            tracing::info!(intake.id = %id, project.id = %body.project_id, "the workflow took the intake");
        }
    }
    "accepted".clone_into(&mut row.state);
    row.project_id = Some(body.project_id);
    let intake = shown(&mut tx, row).await?;
    tx.commit().await?;
    Ok(Json(intake))
}

async fn shown(conn: &mut PgConnection, row: Row) -> Result<Intake> {
    let repository = repositories::find(conn, row.repository_id)
        .await?
        .ok_or_else(|| anyhow::anyhow!("the repository of intake {} is missing", row.id))?;
    Ok(Intake {
        id: row.id,
        state: row.state,
        repository: reference(repository),
        readme: ReadmeRef { path: row.readme_path, sha: row.readme_sha },
        project_id: row.project_id,
    })
}

fn reference(repository: Repository) -> RepositoryRef {
    RepositoryRef {
        id: repository.github_id,
        owner: repository.owner,
        name: repository.name,
        full_name: repository.full_name,
        html_url: repository.html_url,
        clone_url: repository.clone_url,
        default_branch: repository.default_branch,
    }
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// `next_cursor` of the page before.
    cursor: Option<IntakeId>,
    /// 1 to 100; 50 unless given.
    limit: Option<i64>,
}

/// A page of intakes, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Intakes {
    items: Vec<ListedIntake>,
    next_cursor: Option<IntakeId>,
}

/// List the repositories that are to become projects, and what n8n says to it.
#[utoipa::path(get, path = "/api/v1/intakes", tag = "repositories", params(Page), responses((status = 200, body = Intakes)))]
pub(crate) async fn list_intakes(
    State(app): State<App>,
    _: Caller<Viewer>,
    Query(page): Query<Page>,
) -> Result<Json<Intakes>> {
    let limit = page.limit.unwrap_or(50).clamp(1, 100);
    let items = intakes::list(&mut *app.db.acquire().await?, page.cursor, limit).await?;
    let full = i64::try_from(items.len()).is_ok_and(|n| n == limit);
    let next_cursor = items.last().filter(|_| full).map(|i| i.id);
    Ok(Json(Intakes { items, next_cursor }))
}

fn unknown(id: IntakeId) -> Error {
    Error::not_found("no_such_intake", format!("There is no intake `{id}`"))
}
