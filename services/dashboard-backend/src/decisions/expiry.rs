//! When nobody answers: a reminder at half time, and an end that is never taken for a refusal.

use common::Result;
use common::ids::DecisionId;
use serde_json::json;

use super::answer::asks_for_budget;
use super::{Ending, close, find};
use crate::app::App;
use crate::budgets;
use crate::projects::record;
use crate::store::decisions;

/// Ends what has expired and reminds of what will.
pub async fn look(app: &App) -> Result<()> {
    let mut conn = app.db.acquire().await?;
    let expired = decisions::list_expired(&mut conn, app.clock.now()).await?;
    drop(conn);
    for id in expired {
        expire(app, id).await?;
    }
    remind(app).await
}

async fn expire(app: &App, id: DecisionId) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let project_id = find(&mut tx, id).await?.project_id;
    let mut project = crate::projects::lock(&mut tx, project_id).await?;
    let Some(row) = decisions::lock(&mut tx, id).await?.filter(|row| row.is_pending() && row.expires_at <= now) else {
        return Ok(()); // answered, or another instance was faster
    };
    let ending =
        Ending { status: "expired", choice: "expired", comment: None, by: None, channel: "system", auto: false };
    close(&mut tx, &mut project, &row, &ending, now).await?;
    if row.step.is_none() && project.failed {
        // Nobody else would ask again about a project that cannot go on.
        crate::carriers::failure::ask_again(&mut tx, &mut project, &row, now).await?;
    }
    if asks_for_budget(&row) {
        // Asked again, with the numbers of now, when the work still does not fit.
        budgets::hold::review(&mut tx, &mut project, now).await?;
    }
    let data = json!({"decision_id": id, "short_id": row.short_id, "type": row.decision_type});
    record::project(
        &mut tx,
        project_id,
        "decision.expired",
        "system",
        format!("Nobody answered {} in time", row.short_id),
        data,
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

async fn remind(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    for id in decisions::take_due_reminders(&mut tx, now).await? {
        let row = find(&mut tx, id).await?;
        super::request_approval(&mut tx, &row, "reminder", now).await?;
    }
    tx.commit().await?;
    Ok(())
}
