//! README requirements, traced to what answers them.

use common::ids::ProjectId;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::views::work::Requirement;

/// A row of `requirements`.
#[derive(Clone, Debug, FromRow)]
pub struct RequirementRow {
    pub key: String,
    pub text: String,
    pub milestone: Option<String>,
    pub task_id: Option<String>,
    pub pull_request: Option<i64>,
    pub status: String,
}

impl From<RequirementRow> for Requirement {
    fn from(row: RequirementRow) -> Self {
        Self {
            id: row.key,
            text: row.text,
            milestone: row.milestone,
            task_id: row.task_id,
            pull_request: row.pull_request,
            status: row.status,
        }
    }
}

/// Those of a project, in README order.
pub async fn list(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<RequirementRow>> {
    sqlx::query_as("SELECT * FROM requirements WHERE project_id = $1 ORDER BY position")
        .bind(project)
        .fetch_all(conn)
        .await
}

/// What the README asks for, in place of what an earlier reading found.
pub async fn replace(conn: &mut PgConnection, project: ProjectId, found: &[(String, String)]) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM requirements WHERE project_id = $1").bind(project).execute(&mut *conn).await?;
    for (position, (key, text)) in (0_i32..).zip(found) {
        sqlx::query("INSERT INTO requirements (id, project_id, key, position, text) VALUES ($1, $2, $3, $4, $5)")
            .bind(Uuid::now_v7())
            .bind(project)
            .bind(key)
            .bind(position)
            .bind(text)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Forgets which task answers what: a new plan says it anew.
pub async fn clear_plan(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<()> {
    sqlx::query("UPDATE requirements SET milestone = NULL, task_id = NULL, status = 'found' WHERE project_id = $1 AND status = 'planned'")
        .bind(project)
        .execute(conn)
        .await?;
    Ok(())
}

/// The plan answers it with this task.
pub async fn assign(
    conn: &mut PgConnection,
    project: ProjectId,
    key: &str,
    milestone: &str,
    task: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE requirements SET milestone = $3, task_id = $4, status = 'planned' WHERE project_id = $1 AND key = $2 AND status = 'found'",
    )
    .bind(project)
    .bind(key)
    .bind(milestone)
    .bind(task)
    .execute(conn)
    .await?;
    Ok(())
}

/// The milestone was merged.
pub async fn mark_built(
    conn: &mut PgConnection,
    project: ProjectId,
    milestone: &str,
    pull_request: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE requirements SET status = 'built', pull_request = $3 WHERE project_id = $1 AND milestone = $2")
        .bind(project)
        .bind(milestone)
        .bind(pull_request)
        .execute(conn)
        .await?;
    Ok(())
}
