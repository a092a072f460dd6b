//! What may be spent.

use axum::extract::State;
use common::auth::{Admin, Caller, Viewer};
use common::error::Problem;
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::{Error, Result};
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::app::App;
use crate::budgets::answer::MOST;
use crate::budgets::{Limits, Period, hold, limits, wording};
use crate::projects::{self, record};
use crate::store::budgets::BudgetRow;
use crate::store::{budgets, stages};
use crate::views::budgets::Budget;

/// What a budget allows: money, tokens or both.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetBudget {
    /// US cents; absent: no limit in money.
    #[serde(default)]
    pub limit_cents: Option<i64>,
    /// Tokens of all kinds; absent: no limit in tokens.
    #[serde(default)]
    pub limit_tokens: Option<i64>,
    /// From how much of it on people are warned; 80 unless said.
    #[serde(default = "eighty")]
    pub warn_percent: i32,
}

fn eighty() -> i32 {
    80
}

/// Budgets of the installation. Those for a run, a stage and a project hold for each project that has none of its own; those for a day and a
/// month are shared by all.
#[utoipa::path(get, path = "/api/v1/budgets", tag = "budgets", responses((status = 200, body = Vec<Budget>)))]
pub async fn list_budgets(State(app): State<App>, _caller: Caller<Viewer>) -> Result<Json<Vec<Budget>>> {
    let mut conn = app.db.acquire().await?;
    Ok(Json(of_installation(&mut conn, app.clock.now()).await?))
}

/// Set a budget of the installation.
#[utoipa::path(put, path = "/api/v1/budgets/{period}", tag = "budgets", params(("period" = String, Path, description = "`run`, `stage`, `project`, `day` or `month`")),
    request_body = SetBudget, responses(
    (status = 200, body = Vec<Budget>), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn set_budget(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(period): Path<String>,
    Json(body): Json<SetBudget>,
) -> Result<Json<Vec<Budget>>> {
    let (period, allowed, now) = (Period::read(&period)?, read(&body)?, app.clock.now());
    let mut tx = app.db.begin().await?;
    budgets::upsert(&mut tx, None, period, allowed, now).await?;
    let summary = format!("{} set {} to {}", caller.email, of_all(period), wording::limits(allowed));
    record::installation(&mut tx, "budget.changed", &caller.email, summary, now).await?;
    tx.commit().await?;
    after_change(&app).await;
    let mut conn = app.db.acquire().await?;
    Ok(Json(of_installation(&mut conn, now).await?))
}

/// Remove a budget of the installation.
#[utoipa::path(delete, path = "/api/v1/budgets/{period}", tag = "budgets", params(("period" = String, Path, description = "`run`, `stage`, `project`, `day` or `month`")), responses(
    (status = 200, body = Vec<Budget>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_budget(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(period): Path<String>,
) -> Result<Json<Vec<Budget>>> {
    let (period, now) = (Period::read(&period)?, app.clock.now());
    let mut tx = app.db.begin().await?;
    if !budgets::delete(&mut tx, None, period).await? {
        return Err(none(period));
    }
    let summary = format!("{} removed {}", caller.email, of_all(period));
    record::installation(&mut tx, "budget.removed", &caller.email, summary, now).await?;
    tx.commit().await?;
    after_change(&app).await;
    let mut conn = app.db.acquire().await?;
    Ok(Json(of_installation(&mut conn, now).await?))
}

/// Budgets that hold for a project, and how far they are used.
#[utoipa::path(get, path = "/api/v1/projects/{id}/budgets", tag = "budgets", params(("id" = ProjectId, Path)), responses(
    (status = 200, body = Vec<Budget>), (status = 404, body = Problem)))]
pub async fn list_project_budgets(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Path(id): Path<ProjectId>,
) -> Result<Json<Vec<Budget>>> {
    let mut conn = app.db.acquire().await?;
    projects::find(&mut conn, id).await?;
    Ok(Json(of_project(&mut conn, id, app.clock.now()).await?))
}

/// Set a project's own budget. It goes before the default; budgets that all projects share hold beside it.
#[utoipa::path(put, path = "/api/v1/projects/{id}/budgets/{period}", tag = "budgets",
    params(("id" = ProjectId, Path), ("period" = String, Path, description = "`run`, `stage`, `project`, `day` or `month`")), request_body = SetBudget, responses(
    (status = 200, body = Vec<Budget>), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn set_project_budget(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path((id, period)): Path<(ProjectId, String)>,
    Json(body): Json<SetBudget>,
) -> Result<Json<Vec<Budget>>> {
    let (period, allowed, now) = (Period::read(&period)?, read(&body)?, app.clock.now());
    let mut tx = app.db.begin().await?;
    let mut project = projects::lock(&mut tx, id).await?;
    budgets::upsert(&mut tx, Some(id), period, allowed, now).await?;
    hold::review(&mut tx, &mut project, now).await?;
    let rows = of_project(&mut tx, id, now).await?;
    let summary = format!("{} set {} to {}", caller.email, wording::name(false, period), wording::limits(allowed));
    let data = json!({"period": period, "limit_cents": allowed.cents, "limit_tokens": allowed.tokens});
    record::project(&mut tx, id, "budget.changed", &caller.email, summary, data, now).await?;
    tx.commit().await?;
    Ok(Json(rows))
}

/// Remove a project's own budget: the default holds again, if there is one.
#[utoipa::path(delete, path = "/api/v1/projects/{id}/budgets/{period}", tag = "budgets",
    params(("id" = ProjectId, Path), ("period" = String, Path, description = "`run`, `stage`, `project`, `day` or `month`")), responses(
    (status = 200, body = Vec<Budget>), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete_project_budget(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path((id, period)): Path<(ProjectId, String)>,
) -> Result<Json<Vec<Budget>>> {
    let (period, now) = (Period::read(&period)?, app.clock.now());
    let mut tx = app.db.begin().await?;
    let mut project = projects::lock(&mut tx, id).await?;
    if !budgets::delete(&mut tx, Some(id), period).await? {
        return Err(none(period));
    }
    hold::review(&mut tx, &mut project, now).await?;
    let rows = of_project(&mut tx, id, now).await?;
    let summary = format!("{} removed {}", caller.email, wording::name(false, period));
    record::project(&mut tx, id, "budget.removed", &caller.email, summary, json!({"period": period}), now).await?;
    tx.commit().await?;
    Ok(Json(rows))
}

/// What is asked for, when it makes sense.
fn read(body: &SetBudget) -> Result<Limits> {
    let wrong = |field: &str, message: &str| {
        Err(Error::unprocessable("invalid_budget", "The budget does not fit").with_field(field, message))
    };
    if body.limit_cents.is_none() && body.limit_tokens.is_none() {
        return wrong("limit_cents", "give `limit_cents`, `limit_tokens` or both");
    }
    for (field, limit) in [("limit_cents", body.limit_cents), ("limit_tokens", body.limit_tokens)] {
        if limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
            return wrong(field, "must be 1 to 1000000000000");
        }
    }
    if !(1..=100).contains(&body.warn_percent) {
        return wrong("warn_percent", "must be 1 to 100");
    }
    Ok(Limits { cents: body.limit_cents, tokens: body.limit_tokens, warn_percent: body.warn_percent })
}

fn none(period: Period) -> Error {
    Error::not_found("no_such_budget", format!("There is no budget of its own for `{}`", period.name()))
}

/// What a budget of the installation is called.
fn of_all(period: Period) -> &'static str {
    match period {
        Period::Run => "the default limit for one run",
        Period::Stage => "the default budget for a stage",
        Period::Project => "the default budget for a project",
        Period::Day | Period::Month => wording::name(true, period),
    }
}

/// Projects that wait may go on. What cannot be looked at now is looked at by the upkeep.
async fn after_change(app: &App) {
    if let Err(error) = hold::look(app).await {
        tracing::warn!(error = %format!("{:#}", error.into_anyhow()), "cannot look at the projects that wait for money now");
    }
}

async fn of_installation(conn: &mut PgConnection, now: OffsetDateTime) -> Result<Vec<Budget>> {
    let mut list = Vec::new();
    for row in budgets::list(conn).await? {
        let used = if row.is_shared() { Some(limits::used(conn, None, None, &row, now).await?) } else { None };
        list.push(Budget::of(&row, used));
    }
    Ok(list)
}

async fn of_project(conn: &mut PgConnection, project: ProjectId, now: OffsetDateTime) -> Result<Vec<Budget>> {
    let stage = stages::find_open(conn, project).await?.map(|stage| stage.id);
    let rows: Vec<BudgetRow> = budgets::list_holding(conn, project).await?;
    let mut list = Vec::new();
    for row in rows {
        let used = limits::used(conn, Some(project), stage, &row, now).await?;
        list.push(Budget::of(&row, Some(used)));
    }
    Ok(list)
}
