//! Projects that nothing carries: found, and given a new execution, which fast-forwards through what is done.

use std::collections::HashMap;

use common::ids::ProjectId;
use common::steps::{self, Undelivered};
use common::{Result, jobs};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::failure;
use super::n8n::Alive;
use crate::app::App;
use crate::jobs::start_carrier::StartCarrier;
use crate::projects::record;
use crate::store::executions::{self, ExecutionRow};
use crate::store::projects::{self, ProjectRow};

/// One instance looks at a time.
const LOCK: i64 = 0x7170_7265_636f_6e63;
/// An answer that no workflow fetched for so long has lost its carrier.
const UNDELIVERED: Duration = Duration::seconds(60);
/// An execution that waits for nothing of ours and does not call for so long stands still: n8n could not write down how it, or a sub-workflow of
/// it, ended, because its database was away just then. By default no node of n8n runs longer than 300 s.
const STILL: Duration = Duration::minutes(6);
/// Without a key to ask n8n with, a project that shows no sign of life for so long is taken for lost.
const SILENT: Duration = Duration::minutes(30);
/// Executions that may end one after another while the project does not move.
const LOST_IN_A_ROW: i64 = 10;

/// Looks at every project that should have an execution.
pub async fn look(app: &App) -> Result<()> {
    // Held by a connection of its own until the look is over; lost with it.
    let mut guard = app.db.begin().await?;
    let first: bool =
        sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(LOCK).fetch_one(&mut *guard).await?;
    if !first {
        return Ok(());
    }
    let now = app.clock.now();
    let waiting = steps::undelivered(&mut guard, now - UNDELIVERED).await?;
    let mut undelivered: HashMap<ProjectId, Undelivered> = HashMap::new();
    for step in waiting {
        undelivered.entry(step.project_id).or_insert(step);
    }
    for project in projects::list_needing_carrier(&mut guard).await? {
        let id = project.id;
        if let Err(error) = look_at(app, project, undelivered.get(&id), now).await {
            tracing::warn!(project.id = %id, error = %format!("{:#}", error.into_anyhow()), "cannot look after the project now");
        }
    }
    guard.rollback().await?;
    Ok(())
}

async fn look_at(app: &App, project: ProjectRow, undelivered: Option<&Undelivered>, now: OffsetDateTime) -> Result<()> {
    let mut conn = app.db.acquire().await?;
    let holder = executions::find_alive(&mut conn, project.id).await?;
    drop(conn);
    let Some(holder) = holder else {
        let mut conn = app.db.acquire().await?;
        jobs::enqueue(&mut conn, &StartCarrier { project_id: project.id }, now).await?;
        return Ok(());
    };
    let stuck = is_stuck(undelivered, &holder, now);
    match app.n8n.look(&holder.execution_id).await {
        Alive::Over { status } => replace(app, &project, &holder, "lost", &format!("n8n says `{status}`"), now).await,
        Alive::Gone => replace(app, &project, &holder, "lost", "n8n no longer knows it", now).await,
        Alive::Yes { .. } if stuck => {
            app.n8n.stop(&holder.execution_id).await;
            replace(app, &project, &holder, "superseded", "it did not come back for an answer", now).await
        }
        Alive::Yes { .. } if stands_still(app, &holder, now).await? => {
            app.n8n.stop(&holder.execution_id).await;
            replace(app, &project, &holder, "superseded", "it stands still", now).await
        }
        Alive::Unknown(_) if stuck && app.n8n.ready().await == super::n8n::Ready::Yes => {
            replace(app, &project, &holder, "superseded", "it did not come back for an answer", now).await
        }
        Alive::Unknown(_)
            if !app.n8n.can_look()
                && is_silent(&project, &holder, now)
                && app.n8n.ready().await == super::n8n::Ready::Yes =>
        {
            replace(app, &project, &holder, "superseded", "it has shown no sign of life", now).await
        }
        Alive::Yes { .. } | Alive::Unknown(_) => {
            let mut conn = app.db.acquire().await?;
            executions::touch(&mut conn, &holder.execution_id, now).await?;
            Ok(())
        }
    }
}

/// Whether an answer has been waiting since before this execution could have fetched it.
fn is_stuck(undelivered: Option<&Undelivered>, holder: &ExecutionRow, now: OffsetDateTime) -> bool {
    undelivered.is_some_and(|step| {
        let marked_lost = step.carrier_lost_at.is_some_and(|at| at > holder.registered_at);
        marked_lost || now - step.finished_at.max(holder.registered_at) > UNDELIVERED
    })
}

/// A *Wait* node that an operator has put in may take its time.
async fn stands_still(app: &App, holder: &ExecutionRow, now: OffsetDateTime) -> Result<bool> {
    let Some(epoch) = holder.epoch else { return Ok(false) };
    let mut conn = app.db.acquire().await?;
    let calls = steps::calls(&mut conn, holder.project_id, epoch).await?;
    drop(conn);
    let last = calls.last.map_or(holder.registered_at, |last| last.max(holder.registered_at));
    Ok(!calls.open && now - last > STILL && !app.n8n.may_be_parked(&holder.execution_id).await)
}

/// People may take days: a project that waits for them is not silent.
fn is_silent(project: &ProjectRow, holder: &ExecutionRow, now: OffsetDateTime) -> bool {
    let longest = Duration::seconds(i64::from(project.agent_deadline_seconds.max(project.checks_deadline_seconds)));
    !project.awaiting && now - project.updated_at.max(holder.registered_at) > SILENT.max(longest * 2)
}

async fn replace(
    app: &App,
    project: &ProjectRow,
    holder: &ExecutionRow,
    state: &str,
    why: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let mut project = crate::projects::lock(&mut tx, project.id).await?;
    if !project.life().needs_carrier() || !executions::end(&mut tx, &holder.execution_id, state, now).await? {
        return Ok(()); // it moved meanwhile
    }
    tracing::warn!(project.id = %project.id, execution.id = holder.execution_id, "the workflow execution is {state}: {why}");
    let since = project.updated_at;
    let summary = format!("The workflow was lost ({why}); a new one takes over where it stopped");
    let data = json!({"execution_id": holder.execution_id, "state": state});
    if executions::count_ended_since(&mut tx, project.id, since).await? >= LOST_IN_A_ROW {
        let reason = format!("{LOST_IN_A_ROW} workflow executions in a row ended without getting anywhere");
        failure::give_up(&mut tx, &mut project, &reason, why, now).await?;
    } else {
        jobs::enqueue(&mut tx, &StartCarrier { project_id: project.id }, now).await?;
        record::project(&mut tx, project.id, "workflow.lost", "system", summary, data, now).await?;
    }
    tx.commit().await?;
    Ok(())
}
