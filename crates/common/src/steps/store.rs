//! SQL of the table `steps`.

use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Step;
use crate::ids::ProjectId;

/// One row.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Record {
    pub(super) service: String,
    pub(super) state: String,
    pub(super) work_id: Option<Uuid>,
    pub(super) status: Option<i32>,
    pub(super) body: Option<Value>,
    pub(super) resume_url: Option<String>,
    pub(super) lease_until: Option<OffsetDateTime>,
    pub(super) acknowledged_at: Option<OffsetDateTime>,
    pub(super) finished_at: Option<OffsetDateTime>,
}

/// A finished long step whose answer no workflow has fetched.
#[derive(Clone, Debug, FromRow)]
pub struct Undelivered {
    /// The project.
    pub project_id: ProjectId,
    /// The step.
    pub step: String,
    /// Its round.
    pub iteration: i32,
    /// When it finished.
    pub finished_at: OffsetDateTime,
    /// When waking the workflow was found impossible.
    pub carrier_lost_at: Option<OffsetDateTime>,
}

/// What the workflow of a project has asked for.
#[derive(Clone, Debug, FromRow)]
pub struct Calls {
    /// Long work goes on, or is held: the workflow waits to be woken.
    pub open: bool,
    /// When it last called, or was last answered.
    pub last: Option<OffsetDateTime>,
}

/// Inserts the row if it is new, then locks it. A row made by another service under the same key is a mistake in the workflow.
pub(super) async fn lock(
    conn: &mut PgConnection,
    step: &Step,
    service: &str,
    now: OffsetDateTime,
) -> sqlx::Result<(Record, bool)> {
    let inserted = sqlx::query(
        "INSERT INTO steps (project_id, step, iteration, service, epoch, state, execution_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, $7) ON CONFLICT ON CONSTRAINT steps_pkey DO NOTHING",
    )
    .bind(step.project_id)
    .bind(&step.name)
    .bind(step.iteration)
    .bind(service)
    .bind(step.epoch)
    .bind(&step.execution)
    .bind(now)
    .execute(&mut *conn)
    .await?
    .rows_affected()
        == 1;
    let record = sqlx::query_as(
        "SELECT service, state, work_id, status, body, resume_url, lease_until, acknowledged_at, finished_at FROM steps
         WHERE project_id = $1 AND step = $2 AND iteration = $3 FOR UPDATE",
    )
    .bind(step.project_id)
    .bind(&step.name)
    .bind(step.iteration)
    .fetch_one(conn)
    .await?;
    Ok((record, inserted))
}

pub(super) async fn find(
    conn: &mut PgConnection,
    project_id: ProjectId,
    name: &str,
    iteration: i32,
) -> sqlx::Result<Option<Record>> {
    sqlx::query_as(
        "SELECT service, state, work_id, status, body, resume_url, lease_until, acknowledged_at, finished_at FROM steps
         WHERE project_id = $1 AND step = $2 AND iteration = $3",
    )
    .bind(project_id)
    .bind(name)
    .bind(iteration)
    .fetch_optional(conn)
    .await
}

pub(super) async fn finish(
    conn: &mut PgConnection,
    step: &Step,
    status: i32,
    body: &Value,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE steps SET state = 'finished', status = $4, body = $5, epoch = $6, finished_at = $7, updated_at = $7, lease_until = NULL, lease_owner = NULL
         WHERE project_id = $1 AND step = $2 AND iteration = $3",
    )
    .bind(step.project_id)
    .bind(&step.name)
    .bind(step.iteration)
    .bind(status)
    .bind(body)
    .bind(step.epoch)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn set_lease(
    conn: &mut PgConnection,
    step: &Step,
    owner: Uuid,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE steps SET lease_owner = $4, lease_until = $5, epoch = $6, updated_at = $7 WHERE project_id = $1 AND step = $2 AND iteration = $3")
        .bind(step.project_id)
        .bind(&step.name)
        .bind(step.iteration)
        .bind(owner)
        .bind(until)
        .bind(step.epoch)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Moves the end of a lease that is still ours; `until` in the past gives it back.
pub(super) async fn move_lease(
    conn: &mut PgConnection,
    step: &Step,
    owner: Uuid,
    until: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE steps SET lease_until = $5 WHERE project_id = $1 AND step = $2 AND iteration = $3 AND lease_owner = $4 AND state = 'running'")
        .bind(step.project_id)
        .bind(&step.name)
        .bind(step.iteration)
        .bind(owner)
        .bind(until)
        .execute(conn)
        .await?;
    Ok(())
}

/// Counts a replay, and takes it as proof that the answer arrived.
pub(super) async fn acknowledge(conn: &mut PgConnection, step: &Step, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE steps SET replays = replays + 1, acknowledged_at = coalesce(acknowledged_at, $4), carrier_lost_at = NULL WHERE project_id = $1 AND step = $2 AND iteration = $3")
        .bind(step.project_id)
        .bind(&step.name)
        .bind(step.iteration)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that long work is under way, or held, and where the workflow waits.
pub(super) async fn wait(
    conn: &mut PgConnection,
    step: &Step,
    state: &str,
    work_id: Uuid,
    resume_url: Option<&str>,
    execution_id: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE steps SET state = $4, work_id = $5, resume_url = $6, execution_id = coalesce($7, execution_id), epoch = $8, updated_at = $9
         WHERE project_id = $1 AND step = $2 AND iteration = $3",
    )
    .bind(step.project_id)
    .bind(&step.name)
    .bind(step.iteration)
    .bind(state)
    .bind(work_id)
    .bind(resume_url)
    .bind(execution_id)
    .bind(step.epoch)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores the result of long work. `false`: it had one already, or there is no such step.
pub(super) async fn finish_pending(
    conn: &mut PgConnection,
    project_id: ProjectId,
    name: &str,
    iteration: i32,
    body: &Value,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE steps SET state = 'finished', status = 200, body = $4, finished_at = $5, updated_at = $5
         WHERE project_id = $1 AND step = $2 AND iteration = $3 AND state <> 'finished'",
    )
    .bind(project_id)
    .bind(name)
    .bind(iteration)
    .bind(body)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

pub(super) async fn carrier_lost(
    conn: &mut PgConnection,
    project_id: ProjectId,
    name: &str,
    iteration: i32,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE steps SET carrier_lost_at = $4 WHERE project_id = $1 AND step = $2 AND iteration = $3 AND acknowledged_at IS NULL")
        .bind(project_id)
        .bind(name)
        .bind(iteration)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// The steps that were held while the project was paused.
pub(super) async fn held(conn: &mut PgConnection, project_id: ProjectId) -> sqlx::Result<Vec<(String, i32)>> {
    sqlx::query_as("SELECT step, iteration FROM steps WHERE project_id = $1 AND state = 'held'")
        .bind(project_id)
        .fetch_all(conn)
        .await
}

/// The calls of the execution that holds a project with this epoch.
pub async fn calls(conn: &mut PgConnection, project_id: ProjectId, epoch: i64) -> sqlx::Result<Calls> {
    sqlx::query_as(
        "SELECT coalesce(bool_or(state IN ('pending', 'held') AND epoch = $2), false) AS open, max(greatest(updated_at, acknowledged_at)) AS last
         FROM steps WHERE project_id = $1",
    )
    .bind(project_id)
    .bind(epoch)
    .fetch_one(conn)
    .await
}

/// Answers that no workflow has fetched although they were ready before `before`; for the reconciler.
pub async fn undelivered(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<Vec<Undelivered>> {
    sqlx::query_as(
        "SELECT project_id, step, iteration, finished_at, carrier_lost_at FROM steps
         WHERE state = 'finished' AND resume_url IS NOT NULL AND acknowledged_at IS NULL AND (finished_at < $1 OR carrier_lost_at IS NOT NULL)
         ORDER BY finished_at",
    )
    .bind(before)
    .fetch_all(conn)
    .await
}
