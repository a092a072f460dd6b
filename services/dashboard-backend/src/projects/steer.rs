//! What operators do to a project.

use common::auth::Identity;
use common::ids::ProjectId;
use common::{Error, Result, steps};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{life, page, record};
use crate::app::App;
use crate::budgets::hold;
use crate::decisions;
use crate::jobs::start_carrier;
use crate::lifecycle::{Input, Outcome};
use crate::store::projects::ProjectRow;
use crate::store::{executions, projects, stages, users};
use crate::views::projects::Project;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Start no new work.
    Pause,
    /// Go on.
    Resume,
    /// Stop for good.
    Cancel,
    /// Try again.
    Retry,
}

/// Does it, and answers the project as it is then.
pub async fn steer(
    app: &App,
    caller: &Identity,
    id: ProjectId,
    order: Order,
    reason: Option<String>,
) -> Result<Project> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let mut project = super::lock(&mut tx, id).await?;
    let name =
        users::find(&mut tx, caller.user_id).await?.map_or_else(|| caller.email.clone(), |user| user.display_name);
    let (kind, verb) = match order {
        Order::Pause => ("project.paused", "paused"),
        Order::Resume => ("project.resumed", "resumed"),
        Order::Cancel => ("project.cancelled", "cancelled"),
        Order::Retry => ("project.retried", "retried"),
    };
    let because = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let sentence = format!("{name} {verb} the project{because}");
    match order {
        Order::Pause => life::apply(&mut tx, &mut project, Input::Pause, Some(&sentence), now).await?,
        Order::Resume => resume(&mut tx, &mut project, now).await?,
        Order::Cancel => close(&mut tx, &mut project, Outcome::Cancelled, Some(&sentence), now).await?,
        Order::Retry => retry(&mut tx, &mut project, &name, now).await?,
    }
    record::project(&mut tx, id, kind, &name, sentence, json!({"reason": reason}), now).await?;
    tx.commit().await?;
    let mut conn = app.db.acquire().await?;
    let row = super::find(&mut conn, id).await?;
    page(app, &mut conn, row, caller.role).await
}

/// Lifts a pause, or else the budget's hold if the work fits by now: nobody resumes past a limit.
async fn resume(conn: &mut PgConnection, project: &mut ProjectRow, now: OffsetDateTime) -> Result<()> {
    if project.budget_hold && !project.paused {
        hold::review(conn, project, now).await?;
        if project.budget_hold {
            return Err(Error::conflict(
                "over_budget",
                "The next piece of work still does not fit the budget: raise the limit, or answer the question about it",
            ));
        }
        return Ok(());
    }
    life::apply(conn, project, Input::Resume, None, now).await?;
    if !project.budget_hold {
        steps::release_held(conn, project.id, now).await?;
    }
    // Without effect when the execution that was at work still waits.
    start_carrier::enqueue(conn, project, now).await
}

/// Lifts a failure and starts a new execution, which goes on where the last one stopped.
pub async fn retry(conn: &mut PgConnection, project: &mut ProjectRow, by: &str, now: OffsetDateTime) -> Result<()> {
    life::apply(conn, project, Input::Retry, None, now).await?;
    decisions::withdraw(conn, project, Some("error"), &format!("{by} retried the project"), now).await?;
    projects::clear_carrier_failures(conn, project.id).await?;
    start_carrier::enqueue(conn, project, now).await
}

/// The end: questions are withdrawn, waiting workflows are woken and find the project closed.
pub async fn close(
    conn: &mut PgConnection,
    project: &mut ProjectRow,
    outcome: Outcome,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    let status = if outcome == Outcome::Completed { "completed" } else { "cancelled" };
    stages::close_open(conn, project.id, status, now).await?;
    decisions::withdraw(conn, project, None, "the project is over", now).await?;
    life::apply(conn, project, Input::Finish(outcome), reason, now).await?;
    projects::update_stage(conn, project.id, None, now).await?;
    projects::update_milestone(conn, project.id, None).await?;
    if let Some(execution) = executions::find_alive(conn, project.id).await? {
        executions::end(conn, &execution.execution_id, "over", now).await?;
    }
    Ok(())
}
