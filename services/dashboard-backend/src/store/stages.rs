//! Attempts at stages.

use common::ids::{ArtifactId, ProjectId, StageId};
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use crate::lifecycle::Stage;
use crate::views::work::StageAttempt;

/// A row of `project_stages`.
#[derive(Clone, Debug, FromRow)]
pub struct StageRow {
    pub id: StageId,
    pub project_id: ProjectId,
    pub stage_name: Stage,
    pub milestone: Option<String>,
    pub iteration: i32,
    pub status: String,
    pub started_at: Option<OffsetDateTime>,
    pub completed_at: Option<OffsetDateTime>,
    pub ai_agent: Option<String>,
    pub tokens_used: i64,
    pub summary: Option<String>,
}

impl From<StageRow> for StageAttempt {
    fn from(row: StageRow) -> Self {
        Self {
            id: row.id,
            stage: row.stage_name,
            milestone: row.milestone,
            iteration: row.iteration,
            status: row.status,
            agent: row.ai_agent,
            tokens: row.tokens_used,
            summary: row.summary,
            started_at: row.started_at,
            completed_at: row.completed_at,
        }
    }
}

/// Opens an attempt; the same attempt again is opened anew.
pub async fn open(
    conn: &mut PgConnection,
    project: ProjectId,
    stage: Stage,
    milestone: Option<&str>,
    iteration: i32,
    now: OffsetDateTime,
) -> sqlx::Result<StageRow> {
    sqlx::query_as(
        "INSERT INTO project_stages (id, project_id, stage_name, milestone, iteration, status, started_at, ai_agent)
         VALUES ($1, $2, $3, $4, $5, 'running', $6, $7)
         ON CONFLICT ON CONSTRAINT project_stages_attempt_key DO UPDATE SET status = 'running', completed_at = NULL
         RETURNING *",
    )
    .bind(StageId::new())
    .bind(project)
    .bind(stage)
    .bind(milestone)
    .bind(iteration)
    .bind(now)
    .bind(stage.agent())
    .fetch_one(conn)
    .await
}

/// Closes whatever is open.
pub async fn close_open(
    conn: &mut PgConnection,
    project: ProjectId,
    status: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE project_stages SET status = $2, completed_at = $3 WHERE project_id = $1 AND status = 'running'",
    )
    .bind(project)
    .bind(status)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// The open attempt.
pub async fn find_open(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Option<StageRow>> {
    sqlx::query_as(
        "SELECT * FROM project_stages WHERE project_id = $1 AND status = 'running' ORDER BY started_at DESC LIMIT 1",
    )
    .bind(project)
    .fetch_optional(conn)
    .await
}

/// All attempts in the order they were made.
pub async fn list(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<StageRow>> {
    sqlx::query_as("SELECT * FROM project_stages WHERE project_id = $1 ORDER BY started_at, id")
        .bind(project)
        .fetch_all(conn)
        .await
}

/// All attempts of several projects, for their stage bars.
pub async fn list_of(conn: &mut PgConnection, projects: &[ProjectId]) -> sqlx::Result<Vec<StageRow>> {
    sqlx::query_as("SELECT * FROM project_stages WHERE project_id = ANY($1) ORDER BY started_at, id")
        .bind(projects)
        .fetch_all(conn)
        .await
}

/// The outcome of the open attempt, in one sentence.
pub async fn summarise_open(conn: &mut PgConnection, project: ProjectId, summary: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE project_stages SET summary = $2 WHERE project_id = $1 AND status = 'running'")
        .bind(project)
        .bind(summary)
        .execute(conn)
        .await?;
    Ok(())
}

/// Tokens that an agent run used while the attempt was open.
pub async fn add_tokens(conn: &mut PgConnection, id: StageId, tokens: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE project_stages SET tokens_used = tokens_used + $2 WHERE id = $1")
        .bind(id)
        .bind(tokens)
        .execute(conn)
        .await?;
    Ok(())
}

/// An artifact made in it.
pub async fn add_artifact(conn: &mut PgConnection, id: StageId, artifact: ArtifactId) -> sqlx::Result<()> {
    sqlx::query("UPDATE project_stages SET artifacts = artifacts || to_jsonb($2::text) WHERE id = $1")
        .bind(id)
        .bind(artifact.to_string())
        .execute(conn)
        .await?;
    Ok(())
}
