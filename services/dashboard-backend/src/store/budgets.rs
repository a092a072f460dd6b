//! `budgets`: what may be spent, beside what was.

use sqlx::{FromRow, PgConnection};
use time::{OffsetDateTime, Time};

use super::metrics::{COST, TOKENS};

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

/// Budgets of unfinished projects and of the installation; days and months are those of UTC. A project's own budget goes before the default
/// for all projects, which is the row for a project's life without a project.
pub async fn used(conn: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Vec<BudgetUse>> {
    let day = now.to_offset(time::UtcOffset::UTC).replace_time(Time::MIDNIGHT);
    let month = day.replace_day(1).unwrap_or(day);
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
                    coalesce(sum(m.value) FILTER (WHERE m.metric_name = $1) / nullif(b.limit_cents, 0), 0),
                    coalesce(sum(m.value) FILTER (WHERE m.metric_name = $2) / nullif(b.limit_tokens, 0), 0)) AS ratio
             FROM (SELECT * FROM scoped UNION ALL SELECT * FROM timed) AS b
             LEFT JOIN performance_metrics m ON (b.project_id IS NULL OR m.project_id = b.project_id)
                  AND (b.period = 'project' OR m.recorded_at >= CASE b.period WHEN 'day' THEN $3 ELSE $4 END)
             GROUP BY b.scope, b.period, b.project_id, b.limit_cents, b.limit_tokens, b.warn_percent)
         SELECT scope, period, max(ratio)::double precision AS used_ratio, count(*) FILTER (WHERE ratio * 100 >= warn_percent) AS near_limit
         FROM used GROUP BY scope, period",
    )
    .bind(COST)
    .bind(TOKENS)
    .bind(day)
    .bind(month)
    .fetch_all(conn)
    .await
}
