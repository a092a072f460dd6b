//! Projects: what they are and where they stand.

use common::ids::{IntakeId, ProjectId};
use serde_json::Value;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use time::OffsetDateTime;

use crate::lifecycle::{Life, Phase, Status};

/// A row of `projects`.
#[derive(Clone, Debug, FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "the row's flags, as the table has them")]
pub struct ProjectRow {
    pub id: ProjectId,
    pub number: i64,
    pub repository_url: String,
    pub status: Status,
    pub current_stage: Option<String>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub metadata: Value,
    pub name: String,
    pub slug: String,
    pub repository_id: i64,
    pub repository_owner: String,
    pub repository_name: String,
    pub clone_url: String,
    pub default_branch: String,
    pub readme_path: String,
    pub readme_sha: String,
    pub phase: Phase,
    pub awaiting: bool,
    pub paused: bool,
    pub budget_hold: bool,
    pub failed: bool,
    pub status_reason: Option<String>,
    pub plan_iteration: i32,
    pub current_milestone: Option<String>,
    pub max_fix_iterations: i32,
    pub agent_deadline_seconds: i32,
    pub checks_deadline_seconds: i32,
    pub open_findings: Value,
    pub release: Option<Value>,
    pub finished_at: Option<OffsetDateTime>,
    pub epoch: i64,
    pub carrier_execution_id: Option<String>,
    pub carrier_triggered_at: Option<OffsetDateTime>,
    pub carrier_triggered_epoch: Option<i64>,
    pub carrier_failures: i32,
    pub failing_node: Option<String>,
}

impl ProjectRow {
    /// The state machine's view of it.
    pub fn life(&self) -> Life {
        Life {
            phase: self.phase,
            awaiting: self.awaiting,
            paused: self.paused,
            budget_hold: self.budget_hold,
            failed: self.failed,
        }
    }

    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.repository_owner, self.repository_name)
    }

    /// `P-12`.
    pub fn short_id(&self) -> String {
        format!("P-{}", self.number)
    }
}

/// What a project starts with.
#[derive(Clone, Debug)]
pub struct NewProject<'a> {
    pub intake_id: Option<IntakeId>,
    pub name: &'a str,
    pub slug: &'a str,
    pub repository_id: i64,
    pub repository_owner: &'a str,
    pub repository_name: &'a str,
    pub repository_url: &'a str,
    pub clone_url: &'a str,
    pub default_branch: &'a str,
    pub readme_path: &'a str,
    pub readme_sha: &'a str,
    pub max_fix_iterations: i32,
    pub agent_deadline_seconds: i32,
    pub checks_deadline_seconds: i32,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ProjectFilter {
    pub statuses: Vec<Status>,
    pub text: Option<String>,
    /// Numbers below this one.
    pub before: Option<i64>,
}

/// By id.
#[tracing::instrument(name = "db.projects.find", skip(conn), err)]
pub async fn find(conn: &mut PgConnection, id: ProjectId) -> sqlx::Result<Option<ProjectRow>> {
    sqlx::query_as("SELECT * FROM projects WHERE id = $1").bind(id).fetch_optional(conn).await
}

/// By id, locked until the end of the transaction. Not `FOR UPDATE`: rows that only point to the project may still be
/// written meanwhile, an event for example.
#[tracing::instrument(name = "db.projects.lock", skip(conn), err)]
pub async fn lock(conn: &mut PgConnection, id: ProjectId) -> sqlx::Result<Option<ProjectRow>> {
    sqlx::query_as("SELECT * FROM projects WHERE id = $1 FOR NO KEY UPDATE").bind(id).fetch_optional(conn).await
}

/// Those that wait for money.
pub async fn list_held_by_budget(conn: &mut PgConnection) -> sqlx::Result<Vec<ProjectId>> {
    sqlx::query_scalar("SELECT id FROM projects WHERE budget_hold AND finished_at IS NULL ORDER BY number")
        .fetch_all(conn)
        .await
}

/// By GitHub's id of the repository.
pub async fn find_by_repository(conn: &mut PgConnection, repository_id: i64) -> sqlx::Result<Option<ProjectRow>> {
    sqlx::query_as("SELECT * FROM projects WHERE repository_id = $1").bind(repository_id).fetch_optional(conn).await
}

/// A new project; `None` when its repository has one already.
pub async fn insert(
    conn: &mut PgConnection,
    project: &NewProject<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<ProjectRow>> {
    sqlx::query_as(
        "INSERT INTO projects (id, name, slug, intake_id, repository_id, repository_owner, repository_name, repository_url,
             clone_url, default_branch, readme_path, readme_sha, max_fix_iterations, agent_deadline_seconds,
             checks_deadline_seconds, status, phase, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'received', 'received', $16, $16)
         ON CONFLICT (repository_id) DO NOTHING RETURNING *",
    )
    .bind(ProjectId::new())
    .bind(project.name)
    .bind(project.slug)
    .bind(project.intake_id)
    .bind(project.repository_id)
    .bind(project.repository_owner)
    .bind(project.repository_name)
    .bind(project.repository_url)
    .bind(project.clone_url)
    .bind(project.default_branch)
    .bind(project.readme_path)
    .bind(project.readme_sha)
    .bind(project.max_fix_iterations)
    .bind(project.agent_deadline_seconds)
    .bind(project.checks_deadline_seconds)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Newest first.
pub async fn list(conn: &mut PgConnection, filter: &ProjectFilter, limit: i64) -> sqlx::Result<Vec<ProjectRow>> {
    let mut query = QueryBuilder::new("SELECT * FROM projects WHERE true");
    if !filter.statuses.is_empty() {
        query.push(" AND status = ANY(").push_bind(filter.statuses.clone()).push("::text[])");
    }
    if let Some(text) = &filter.text {
        let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        query.push(" AND (name ILIKE ").push_bind(pattern.clone());
        query.push(" OR (repository_owner || '/' || repository_name) ILIKE ").push_bind(pattern);
        query.push(" OR ('P-' || number) = upper(").push_bind(text.trim().to_owned()).push("))");
    }
    if let Some(before) = filter.before {
        query.push(" AND number < ").push_bind(before);
    }
    query.push(" ORDER BY number DESC LIMIT ").push_bind(limit);
    query.build_query_as().fetch_all(conn).await
}

/// Those that an execution should be at work on, if only waiting for people.
pub async fn list_needing_carrier(conn: &mut PgConnection) -> sqlx::Result<Vec<ProjectRow>> {
    sqlx::query_as(
        "SELECT * FROM projects WHERE phase NOT IN ('completed', 'rejected', 'cancelled') AND NOT failed AND NOT paused
         ORDER BY updated_at LIMIT 500",
    )
    .fetch_all(conn)
    .await
}

/// How many projects have each status.
pub async fn count_by_status(conn: &mut PgConnection) -> sqlx::Result<Vec<(Status, i64)>> {
    sqlx::query_as("SELECT status, count(*) FROM projects GROUP BY status").fetch_all(conn).await
}

/// Where it stands now. `reason` is what people read beside the status; `None` clears it.
pub async fn update_life(
    conn: &mut PgConnection,
    id: ProjectId,
    life: Life,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE projects SET phase = $2, awaiting = $3, paused = $4, budget_hold = $5, failed = $6, status = $7, status_reason = $8,
             updated_at = $9, finished_at = CASE WHEN $10 THEN coalesce(finished_at, $9) END
         WHERE id = $1",
    )
    .bind(id)
    .bind(life.phase)
    .bind(life.awaiting)
    .bind(life.paused)
    .bind(life.budget_hold)
    .bind(life.failed)
    .bind(life.status())
    .bind(reason)
    .bind(now)
    .bind(life.is_over())
    .execute(conn)
    .await?;
    Ok(())
}

/// The open stage.
pub async fn update_stage(
    conn: &mut PgConnection,
    id: ProjectId,
    stage: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE projects SET current_stage = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(stage)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// A sign of life.
pub async fn touch(conn: &mut PgConnection, id: ProjectId, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE projects SET updated_at = $2 WHERE id = $1").bind(id).bind(now).execute(conn).await?;
    Ok(())
}

/// What the analysis found, beside what is known already.
pub async fn merge_metadata(conn: &mut PgConnection, id: ProjectId, found: &Value) -> sqlx::Result<()> {
    sqlx::query("UPDATE projects SET metadata = metadata || $2 WHERE id = $1")
        .bind(id)
        .bind(found)
        .execute(conn)
        .await?;
    Ok(())
}

/// Which plan is being made or built.
pub async fn update_plan_iteration(conn: &mut PgConnection, id: ProjectId, iteration: i32) -> sqlx::Result<()> {
    sqlx::query("UPDATE projects SET plan_iteration = $2 WHERE id = $1").bind(id).bind(iteration).execute(conn).await?;
    Ok(())
}

/// The milestone being built.
pub async fn update_milestone(conn: &mut PgConnection, id: ProjectId, key: Option<&str>) -> sqlx::Result<()> {
    sqlx::query("UPDATE projects SET current_milestone = $2 WHERE id = $1").bind(id).bind(key).execute(conn).await?;
    Ok(())
}

/// What the last gate found.
pub async fn update_findings(conn: &mut PgConnection, id: ProjectId, findings: &Value) -> sqlx::Result<()> {
    sqlx::query("UPDATE projects SET open_findings = $2 WHERE id = $1").bind(id).bind(findings).execute(conn).await?;
    Ok(())
}

/// The release that was made.
pub async fn update_release(conn: &mut PgConnection, id: ProjectId, release: &Value) -> sqlx::Result<()> {
    sqlx::query("UPDATE projects SET release = $2 WHERE id = $1").bind(id).bind(release).execute(conn).await?;
    Ok(())
}

/// The execution epoch that the fence gave out, for the project's page.
pub async fn advance_epoch(conn: &mut PgConnection, id: ProjectId, epoch: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE projects SET epoch = $2 WHERE id = $1").bind(id).bind(epoch).execute(conn).await?;
    Ok(())
}

/// n8n accepted a trigger.
pub async fn update_trigger(
    conn: &mut PgConnection,
    id: ProjectId,
    execution: &str,
    epoch: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE projects SET carrier_execution_id = $2, carrier_triggered_epoch = $3, carrier_triggered_at = $4 WHERE id = $1",
    )
    .bind(id)
    .bind(execution)
    .bind(epoch)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// One more execution failed at this node; another node than before starts the count anew. Answers the count.
pub async fn count_carrier_failure(conn: &mut PgConnection, id: ProjectId, node: &str) -> sqlx::Result<i32> {
    sqlx::query_scalar(
        "UPDATE projects SET carrier_failures = CASE WHEN failing_node = $2 THEN carrier_failures + 1 ELSE 1 END, failing_node = $2
         WHERE id = $1 RETURNING carrier_failures",
    )
    .bind(id)
    .bind(node)
    .fetch_one(conn)
    .await
}

/// The work moved on: earlier failures no longer count.
pub async fn clear_carrier_failures(conn: &mut PgConnection, id: ProjectId) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE projects SET carrier_failures = 0, failing_node = NULL WHERE id = $1 AND failing_node IS NOT NULL",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(())
}
