//! Workflow executions that registered with a project, and what the error workflow said of them.

use common::ids::ProjectId;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

/// A row of `workflow_executions`.
#[derive(Clone, Debug, FromRow)]
pub struct ExecutionRow {
    pub execution_id: String,
    pub project_id: ProjectId,
    pub workflow: String,
    pub epoch: Option<i64>,
    pub state: String,
    pub registered_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
}

impl ExecutionRow {
    /// Whether it holds the project.
    pub fn is_alive(&self) -> bool {
        self.state == "alive"
    }
}

/// By n8n's id.
pub async fn find(conn: &mut PgConnection, execution_id: &str) -> sqlx::Result<Option<ExecutionRow>> {
    sqlx::query_as("SELECT * FROM workflow_executions WHERE execution_id = $1")
        .bind(execution_id)
        .fetch_optional(conn)
        .await
}

/// The one that holds the project.
pub async fn find_alive(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Option<ExecutionRow>> {
    sqlx::query_as("SELECT * FROM workflow_executions WHERE project_id = $1 AND state = 'alive'")
        .bind(project)
        .fetch_optional(conn)
        .await
}

/// The latest that held the project.
pub async fn find_latest(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Option<ExecutionRow>> {
    sqlx::query_as(
        "SELECT * FROM workflow_executions WHERE project_id = $1 AND epoch IS NOT NULL ORDER BY epoch DESC LIMIT 1",
    )
    .bind(project)
    .fetch_optional(conn)
    .await
}

/// It registered: with an epoch it holds the project, without it was told not to proceed.
pub async fn insert(
    conn: &mut PgConnection,
    execution_id: &str,
    project: ProjectId,
    workflow: &str,
    epoch: Option<i64>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO workflow_executions (execution_id, project_id, workflow, epoch, state, registered_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(execution_id)
    .bind(project)
    .bind(workflow)
    .bind(epoch)
    .bind(if epoch.is_some() { "alive" } else { "refused" })
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// It no longer holds the project. `false`: it did not before.
pub async fn end(conn: &mut PgConnection, execution_id: &str, state: &str, now: OffsetDateTime) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE workflow_executions SET state = $2, ended_at = $3 WHERE execution_id = $1 AND state = 'alive'",
    )
    .bind(execution_id)
    .bind(state)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// How many executions of a project ended since, without the work moving on in between.
pub async fn count_ended_since(
    conn: &mut PgConnection,
    project: ProjectId,
    since: OffsetDateTime,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM workflow_executions WHERE project_id = $1 AND state <> 'alive' AND ended_at > $2",
    )
    .bind(project)
    .bind(since)
    .fetch_one(conn)
    .await
}

/// n8n was asked about it.
pub async fn touch(conn: &mut PgConnection, execution_id: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE workflow_executions SET checked_at = $2 WHERE execution_id = $1")
        .bind(execution_id)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// How many there are in each state.
pub async fn count_by_state(conn: &mut PgConnection) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as("SELECT state, count(*) FROM workflow_executions GROUP BY state").fetch_all(conn).await
}

/// What the error workflow said.
#[derive(Clone, Debug)]
pub struct NewExecutionError<'a> {
    pub execution_id: &'a str,
    pub project_id: Option<ProjectId>,
    pub workflow: &'a str,
    pub node: Option<&'a str>,
    pub error_name: &'a str,
    pub message: &'a str,
}

/// Keeps an error once per execution. `false`: it was reported before.
pub async fn insert_error(
    conn: &mut PgConnection,
    error: &NewExecutionError<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "INSERT INTO execution_errors (execution_id, project_id, workflow, node, error_name, message, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (execution_id) DO NOTHING",
    )
    .bind(error.execution_id)
    .bind(error.project_id)
    .bind(error.workflow)
    .bind(error.node)
    .bind(error.error_name)
    .bind(error.message)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}
