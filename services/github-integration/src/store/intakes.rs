//! SQL of the table `intakes`.

use common::ids::{IntakeId, ProjectId, RepositoryId};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The wish to start a project.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Intake {
    pub id: IntakeId,
    pub repository_id: RepositoryId,
    pub readme_path: String,
    pub readme_sha: String,
    pub state: String,
    pub project_id: Option<ProjectId>,
}

/// An intake as people see it.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub(crate) struct ListedIntake {
    pub id: IntakeId,
    /// `owner/name`.
    pub repository: String,
    /// `pending` or `accepted`.
    pub state: String,
    /// `webhook`, `poll` or `person`.
    pub found_by: String,
    pub project_id: Option<ProjectId>,
    /// How often n8n was asked to take it.
    pub trigger_attempts: i32,
    /// What n8n answered last.
    pub last_answer: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub accepted_at: Option<OffsetDateTime>,
}

/// Newest first, beginning after `after`.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<IntakeId>,
    limit: i64,
) -> sqlx::Result<Vec<ListedIntake>> {
    sqlx::query_as(
        "SELECT i.id, r.full_name AS repository, i.state, i.found_by, i.project_id, i.trigger_attempts, i.last_answer, i.created_at,
                i.accepted_at
         FROM intakes i JOIN repositories r ON r.id = i.repository_id
         WHERE $1::uuid IS NULL OR i.id < $1 ORDER BY i.id DESC LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// A wish about to be written down.
#[derive(Debug)]
pub(crate) struct NewIntake<'a> {
    pub repository_id: RepositoryId,
    pub github_id: i64,
    pub readme_path: &'a str,
    pub readme_sha: &'a str,
    pub found_by: &'a str,
}

/// `None`: this README of this repository was a reason before.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    new: &NewIntake<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<IntakeId>> {
    sqlx::query_scalar(
        "INSERT INTO intakes (id, repository_id, github_id, readme_path, readme_sha, found_by, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7)
         ON CONFLICT ON CONSTRAINT intakes_meaning_key DO NOTHING RETURNING id",
    )
    .bind(IntakeId::new())
    .bind(new.repository_id)
    .bind(new.github_id)
    .bind(new.readme_path)
    .bind(new.readme_sha)
    .bind(new.found_by)
    .bind(now)
    .fetch_optional(conn)
    .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: IntakeId) -> sqlx::Result<Option<Intake>> {
    sqlx::query_as("SELECT id, repository_id, readme_path, readme_sha, state, project_id FROM intakes WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// The same, locked until the transaction ends.
pub(crate) async fn find_for_update(conn: &mut PgConnection, id: IntakeId) -> sqlx::Result<Option<Intake>> {
    sqlx::query_as(
        "SELECT id, repository_id, readme_path, readme_sha, state, project_id FROM intakes WHERE id = $1 FOR UPDATE",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// The workflow has it.
pub(crate) async fn update_accepted(
    conn: &mut PgConnection,
    id: IntakeId,
    project_id: ProjectId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE intakes SET state = 'accepted', project_id = $2, accepted_at = $3 WHERE id = $1 AND state = 'pending'",
    )
    .bind(id)
    .bind(project_id)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

/// n8n was asked once more; this is what it said.
pub(crate) async fn update_trigger(
    conn: &mut PgConnection,
    id: IntakeId,
    execution_id: Option<&str>,
    answer: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE intakes SET trigger_attempts = trigger_attempts + 1, last_trigger_at = $4, last_answer = $3,
                execution_id = coalesce($2, execution_id)
         WHERE id = $1",
    )
    .bind(id)
    .bind(execution_id)
    .bind(answer)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}
