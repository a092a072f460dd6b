//! SQL of the table `check_waits`.

use common::ids::ProjectId;
use common::steps::Step;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

/// A step that waits for the checks of a commit.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct CheckWait {
    pub id: Uuid,
    pub project_id: ProjectId,
    pub step: String,
    pub iteration: i32,
    pub repository: String,
    pub sha: String,
    pub started_at: OffsetDateTime,
    pub deadline_at: OffsetDateTime,
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: Uuid,
    step: &Step,
    (repository, sha): (&str, &str),
    deadline_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO check_waits (id, project_id, step, iteration, repository, sha, started_at, deadline_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(step.project_id)
    .bind(&step.name)
    .bind(step.iteration)
    .bind(repository)
    .bind(sha)
    .bind(now)
    .bind(deadline_at)
    .execute(conn)
    .await
    .map(drop)
}

/// The wait, while it lasts; counts the look.
pub(crate) async fn look(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<CheckWait>> {
    sqlx::query_as(
        "UPDATE check_waits SET looks = looks + 1 WHERE id = $1 AND finished_at IS NULL
         RETURNING id, project_id, step, iteration, repository, sha, started_at, deadline_at",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Waits for this commit that are still open.
pub(crate) async fn list_open(conn: &mut PgConnection, sha: &str) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar("SELECT id FROM check_waits WHERE sha = $1 AND finished_at IS NULL")
        .bind(sha)
        .fetch_all(conn)
        .await
}

/// `false`: it was over already.
pub(crate) async fn update_finished(
    conn: &mut PgConnection,
    id: Uuid,
    conclusion: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let result =
        sqlx::query("UPDATE check_waits SET finished_at = $3, conclusion = $2 WHERE id = $1 AND finished_at IS NULL")
            .bind(id)
            .bind(conclusion)
            .bind(now)
            .execute(conn)
            .await?;
    Ok(result.rows_affected() == 1)
}
