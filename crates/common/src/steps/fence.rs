//! Which execution may act for a project. Written by dashboard-backend in the transactions that change a project, read by every service.

use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use crate::ids::ProjectId;

/// The fence of one project.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Fence {
    /// The newest epoch that was given out; 0 before the first.
    pub epoch: i64,
    /// The project's status.
    pub status: String,
    /// Whether new long work must hold.
    pub paused: bool,
}

impl Fence {
    /// A closed project takes no more steps.
    pub fn is_closed(&self) -> bool {
        matches!(self.status.as_str(), "cancelled" | "rejected" | "failed")
    }
}

/// The fence, when the project exists.
pub async fn find(conn: &mut PgConnection, project_id: ProjectId) -> sqlx::Result<Option<Fence>> {
    sqlx::query_as("SELECT epoch, status, paused FROM execution_fences WHERE project_id = $1")
        .bind(project_id)
        .fetch_optional(conn)
        .await
}

/// The same, keeping a new epoch out until this transaction ends. Not shared: two steps that both go on to change the status would
/// wait for each other for ever. Whoever locks more of a project takes this lock first.
pub async fn lock(conn: &mut PgConnection, project_id: ProjectId) -> sqlx::Result<Option<Fence>> {
    sqlx::query_as("SELECT epoch, status, paused FROM execution_fences WHERE project_id = $1 FOR NO KEY UPDATE")
        .bind(project_id)
        .fetch_optional(conn)
        .await
}

/// Sets status and pause; the epoch stays (0 for a new project).
pub async fn set_status(
    conn: &mut PgConnection,
    project_id: ProjectId,
    status: &str,
    paused: bool,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO execution_fences (project_id, epoch, status, paused, updated_at) VALUES ($1, 0, $2, $3, $4)
         ON CONFLICT (project_id) DO UPDATE SET status = EXCLUDED.status, paused = EXCLUDED.paused, updated_at = EXCLUDED.updated_at",
    )
    .bind(project_id)
    .bind(status)
    .bind(paused)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives out the next epoch: whoever holds an older one is superseded from the commit on.
pub async fn next_epoch(conn: &mut PgConnection, project_id: ProjectId, now: OffsetDateTime) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "UPDATE execution_fences SET epoch = epoch + 1, updated_at = $2 WHERE project_id = $1 RETURNING epoch",
    )
    .bind(project_id)
    .bind(now)
    .fetch_one(conn)
    .await
}
