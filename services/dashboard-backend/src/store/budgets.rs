//! `budgets`: what may be spent, beside what was.

use common::ids::ProjectId;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::metrics::{COST, TOKENS};
use crate::budgets::{Limits, Period, starts};

/// A row of `budgets`.
#[derive(Clone, Debug, FromRow)]
pub struct BudgetRow {
    pub project_id: Option<ProjectId>,
    pub period: Period,
    pub limit_cents: Option<i64>,
    pub limit_tokens: Option<i64>,
    pub warn_percent: i32,
    pub updated_at: OffsetDateTime,
}

impl BudgetRow {
    /// Whether all projects share it: the installation's day and month. Its other rows are defaults, for each project by itself.
    pub fn is_shared(&self) -> bool {
        self.project_id.is_none() && matches!(self.period, Period::Day | Period::Month)
    }
}

/// Those of the installation, by how long their period is.
pub async fn list(conn: &mut PgConnection) -> sqlx::Result<Vec<BudgetRow>> {
    sqlx::query_as(
        "SELECT project_id, period, limit_cents, limit_tokens, warn_percent, updated_at FROM budgets
         WHERE project_id IS NULL ORDER BY array_position(ARRAY['run', 'stage', 'project', 'day', 'month'], period)",
    )
    .fetch_all(conn)
    .await
}

/// Those that hold for a project: its own before the default for a run, a stage and its whole life; of days and months both its own and the
/// one that all projects share.
pub async fn list_holding(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<BudgetRow>> {
    sqlx::query_as(
        "SELECT project_id, period, limit_cents, limit_tokens, warn_percent, updated_at FROM (
             SELECT DISTINCT ON (period, shared) * FROM (
                 SELECT *, project_id IS NULL AND period IN ('day', 'month') AS shared FROM budgets
                 WHERE project_id = $1 OR project_id IS NULL) AS candidate
             ORDER BY period, shared, project_id NULLS LAST) AS holding
         ORDER BY array_position(ARRAY['run', 'stage', 'project', 'day', 'month'], period), shared",
    )
    .bind(project)
    .fetch_all(conn)
    .await
}

/// The one of a project, or of the installation.
pub async fn find(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    period: Period,
) -> sqlx::Result<Option<BudgetRow>> {
    sqlx::query_as(
        "SELECT project_id, period, limit_cents, limit_tokens, warn_percent, updated_at FROM budgets
         WHERE project_id IS NOT DISTINCT FROM $1 AND period = $2",
    )
    .bind(project)
    .bind(period)
    .fetch_optional(conn)
    .await
}

/// Sets the budget of a project, or of the installation.
pub async fn upsert(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    period: Period,
    limits: Limits,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO budgets (id, project_id, period, limit_cents, limit_tokens, warn_percent, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT ON CONSTRAINT budgets_scope_key
         DO UPDATE SET limit_cents = $4, limit_tokens = $5, warn_percent = $6, updated_at = $7",
    )
    .bind(Uuid::now_v7())
    .bind(project)
    .bind(period)
    .bind(limits.cents)
    .bind(limits.tokens)
    .bind(limits.warn_percent)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// There is no such budget any more. `false`: there was none.
pub async fn delete(conn: &mut PgConnection, project: Option<ProjectId>, period: Period) -> sqlx::Result<bool> {
    let result = sqlx::query("DELETE FROM budgets WHERE project_id IS NOT DISTINCT FROM $1 AND period = $2")
        .bind(project)
        .bind(period)
        .execute(conn)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// How far the budgets of one scope and period are used up.
#[derive(Debug, FromRow)]
pub struct BudgetUse {
    /// `project` or `installation`.
    pub scope: String,
    /// `project` (its whole life), `day` or `month`.
    pub period: String,
    /// Of the one that is nearest to its limit.
    pub used_ratio: f64,
    /// How many are beyond their warning threshold.
    pub near_limit: i64,
}

/// Budgets of unfinished projects and of the installation, as the lock sees them: what was spent and what is reserved. Days and months are
/// those of UTC. A project's own budget goes before the default for all projects, which is the row for a project's life without a project.
pub async fn used(conn: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Vec<BudgetUse>> {
    sqlx::query_as(
        "WITH scoped AS (
             SELECT DISTINCT ON (p.id) 'project' AS scope, b.period, p.id AS project_id, b.limit_cents, b.limit_tokens, b.warn_percent
             FROM projects p JOIN budgets b ON b.period = 'project' AND (b.project_id = p.id OR b.project_id IS NULL)
             WHERE p.finished_at IS NULL ORDER BY p.id, b.project_id NULLS LAST),
         timed AS (
             SELECT CASE WHEN b.project_id IS NULL THEN 'installation' ELSE 'project' END AS scope, b.period, b.project_id, b.limit_cents,
                    b.limit_tokens, b.warn_percent
             FROM budgets b LEFT JOIN projects p ON p.id = b.project_id
             WHERE b.period IN ('day', 'month') AND p.finished_at IS NULL),
         used AS (
             SELECT b.scope, b.period, b.warn_percent, greatest(
                    coalesce((spent.cents + reserved.cents) / nullif(b.limit_cents, 0), 0),
                    coalesce((spent.tokens + reserved.tokens) / nullif(b.limit_tokens, 0), 0)) AS ratio
             FROM (SELECT * FROM scoped UNION ALL SELECT * FROM timed) AS b
             CROSS JOIN LATERAL (
                 SELECT coalesce(sum(value) FILTER (WHERE metric_name = $1), 0) AS cents,
                        coalesce(sum(value) FILTER (WHERE metric_name = $2), 0) AS tokens
                 FROM performance_metrics m
                 WHERE (b.project_id IS NULL OR m.project_id = b.project_id)
                   AND (b.period = 'project' OR m.recorded_at >= CASE b.period WHEN 'day' THEN $3 ELSE $4 END)) AS spent
             CROSS JOIN LATERAL (
                 SELECT coalesce(sum(open_cents), 0) AS cents, coalesce(sum(open_tokens), 0)::double precision AS tokens
                 FROM budget_reservations r
                 WHERE r.state = 'open' AND (b.project_id IS NULL OR r.project_id = b.project_id)) AS reserved)
         SELECT scope, period, max(ratio)::double precision AS used_ratio, count(*) FILTER (WHERE ratio * 100 >= warn_percent) AS near_limit
         FROM used GROUP BY scope, period",
    )
    .bind(COST)
    .bind(TOKENS)
    .bind(starts(Period::Day, now))
    .bind(starts(Period::Month, now))
    .fetch_all(conn)
    .await
}
