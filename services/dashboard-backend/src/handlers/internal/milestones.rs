//! Milestones, one after the other.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::steps::{Begin, Step, StepAnswer};
use common::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::SERVICE;
use crate::app::App;
use crate::projects::{self, record};
use crate::store::milestones::MilestoneRow;
use crate::store::projects::{clear_carrier_failures, touch, update_findings, update_milestone};
use crate::store::{artifacts, milestones, requirements};

/// The plan in force and its milestones.
async fn in_force(conn: &mut PgConnection, id: ProjectId) -> Result<(i32, Value, Vec<MilestoneRow>)> {
    let plan = artifacts::find_approved_plan(conn, id).await?.ok_or_else(|| {
        Error::conflict("plan_not_approved", "There is no approved plan whose milestones could be built")
    })?;
    let rows = milestones::list(conn, id, plan.version).await?;
    Ok((plan.version, plan.content, rows))
}

/// The first milestone that is neither built nor skipped.
///
/// An answer is recorded like that of every step, with one exception: people may skip a milestone after it was given out. Then the same
/// call answers what stands in its place, so that a workflow that fast-forwards goes around it.
pub(super) async fn next_milestone(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    step: Step,
) -> Result<StepAnswer> {
    step.must_be_of(id)?;
    let mut tx = match step.begin(&app.db, &app.clock, SERVICE).await? {
        Begin::Replayed(answer) => return around_skipped(&app, id, step.iteration, answer).await,
        Begin::Run(tx) => tx,
    };
    let now = app.clock.now();
    projects::lock(&mut tx, id).await?;
    let (version, plan, rows) = in_force(&mut tx, id).await?;
    let next = rows.iter().find(|row| matches!(row.status.as_str(), "planned" | "building"));
    if let Some(next) = next {
        milestones::start(&mut tx, id, version, &next.key, now).await?;
    }
    update_milestone(&mut tx, id, next.map(|row| row.key.as_str())).await?;
    touch(&mut tx, id, now).await?;
    let answer = describe(next, &rows, &plan);
    if let Some(next) = next {
        let summary = format!("Milestone {} of {}: {}", next.position, rows.len(), next.title);
        record::project(&mut tx, id, "milestone.started", "workflow", summary, json!({"milestone": next.key}), now)
            .await?;
    }
    tx.finish(&answer).await
}

/// The recorded answer, unless its milestone was skipped since: then the one that now has its place among those that are built.
async fn around_skipped(app: &App, id: ProjectId, iteration: i32, answer: StepAnswer) -> Result<StepAnswer> {
    let mut conn = app.db.acquire().await?;
    let (_, plan, rows) = in_force(&mut conn, id).await?;
    if !rows.iter().any(|row| row.status == "skipped") {
        return Ok(answer);
    }
    let place = usize::try_from(iteration - 1).unwrap_or(usize::MAX);
    let kept = rows.iter().filter(|row| row.status != "skipped").nth(place);
    Ok(StepAnswer { body: describe(kept, &rows, &plan), ..answer })
}

fn describe(milestone: Option<&MilestoneRow>, rows: &[MilestoneRow], plan: &Value) -> Value {
    let Some(row) = milestone else {
        return json!({"done": true, "milestone": null});
    };
    let planned = plan
        .get("milestones")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|m| m.get("key").and_then(Value::as_str) == Some(row.key.as_str()));
    let part = |name: &str| planned.and_then(|m| m.get(name)).cloned().unwrap_or_else(|| json!([]));
    json!({"done": false, "milestone": {
        "key": row.key, "title": row.title, "index": row.position, "total": rows.len(), "goal": row.goal, "branch": row.branch,
        "tasks": part("tasks"), "acceptance": part("acceptance"),
    }})
}

/// What was merged.
#[derive(Debug, Deserialize)]
pub(super) struct CompleteMilestone {
    pull_request: i64,
    merge_sha: String,
}

/// A milestone was merged.
pub(super) async fn complete_milestone(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path((id, key)): Path<(ProjectId, String)>,
    step: Step,
    Json(body): Json<CompleteMilestone>,
) -> Result<StepAnswer> {
    step.must_be_of(id)?;
    let mut tx = match step.begin(&app.db, &app.clock, SERVICE).await? {
        Begin::Replayed(answer) => return Ok(answer),
        Begin::Run(tx) => tx,
    };
    let now = app.clock.now();
    projects::lock(&mut tx, id).await?;
    let (version, _, _) = in_force(&mut tx, id).await?;
    if !milestones::complete(&mut tx, id, version, &key, body.pull_request, &body.merge_sha, now).await? {
        return Err(Error::not_found("no_such_milestone", format!("The plan has no milestone `{key}`")));
    }
    requirements::mark_built(&mut tx, id, &key, body.pull_request).await?;
    update_findings(&mut tx, id, &json!([])).await?;
    update_milestone(&mut tx, id, None).await?;
    clear_carrier_failures(&mut tx, id).await?;
    touch(&mut tx, id, now).await?;
    let data = json!({"milestone": key, "pull_request": body.pull_request, "merge_sha": body.merge_sha});
    record::project(
        &mut tx,
        id,
        "milestone.completed",
        "workflow",
        format!("Milestone {key} is merged (#{})", body.pull_request),
        data,
        now,
    )
    .await?;
    tx.finish(&json!({})).await
}
