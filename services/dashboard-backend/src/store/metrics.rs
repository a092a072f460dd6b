//! Numbers per project: tokens and cost of each agent run.

use common::ids::{ProjectId, StageId};
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::budgets::{Amount, Within};
use crate::views::Spend;

/// Tokens of one agent run.
pub const TOKENS: &str = "agent_run.tokens";
/// Cost of one agent run, in US cents.
pub const COST: &str = "agent_run.cost_cents";

/// A number about a project.
#[derive(Clone, Debug)]
pub struct NewMetric<'a> {
    pub project_id: ProjectId,
    pub stage_id: Option<StageId>,
    pub name: &'a str,
    /// What was measured.
    pub subject: &'a str,
    pub value: f64,
    pub unit: &'a str,
}

/// Keeps a number. Reports of the same subject may come in any order, and numbers only grow: the largest stays. Answers by how much
/// the number grew.
pub async fn upsert(conn: &mut PgConnection, metric: &NewMetric<'_>, now: OffsetDateTime) -> sqlx::Result<f64> {
    let before: Option<f64> = sqlx::query_scalar(
        "SELECT value FROM performance_metrics WHERE project_id = $1 AND metric_name = $2 AND subject = $3",
    )
    .bind(metric.project_id)
    .bind(metric.name)
    .bind(metric.subject)
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query(
        "INSERT INTO performance_metrics (id, project_id, stage_id, metric_name, subject, value, unit, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT performance_metrics_subject_key
         DO UPDATE SET value = greatest(performance_metrics.value, EXCLUDED.value)",
    )
    .bind(Uuid::now_v7())
    .bind(metric.project_id)
    .bind(metric.stage_id)
    .bind(metric.name)
    .bind(metric.subject)
    .bind(metric.value)
    .bind(metric.unit)
    .bind(now)
    .execute(conn)
    .await?;
    Ok((metric.value - before.unwrap_or(0.0)).max(0.0))
}

#[derive(Debug, FromRow)]
struct SpendRow {
    project_id: Option<ProjectId>,
    tokens: f64,
    cost_cents: f64,
}

impl SpendRow {
    #[expect(clippy::cast_possible_truncation, reason = "token counts are whole and far below 2^53")]
    fn spend(&self) -> Spend {
        Spend { tokens: self.tokens as i64, cost_cents: self.cost_cents }
    }
}

/// What several projects have cost.
pub async fn spend_of(conn: &mut PgConnection, projects: &[ProjectId]) -> sqlx::Result<Vec<(ProjectId, Spend)>> {
    let rows: Vec<SpendRow> = sqlx::query_as(
        "SELECT project_id, coalesce(sum(value) FILTER (WHERE metric_name = $2), 0) AS tokens,
                coalesce(sum(value) FILTER (WHERE metric_name = $3), 0) AS cost_cents
         FROM performance_metrics WHERE project_id = ANY($1) GROUP BY project_id",
    )
    .bind(projects)
    .bind(TOKENS)
    .bind(COST)
    .fetch_all(conn)
    .await?;
    Ok(rows.iter().filter_map(|row| Some((row.project_id?, row.spend()))).collect())
}

/// What all projects have cost since.
pub async fn spend_since(conn: &mut PgConnection, since: OffsetDateTime) -> sqlx::Result<Spend> {
    let row: SpendRow = sqlx::query_as(
        "SELECT NULL::uuid AS project_id, coalesce(sum(value) FILTER (WHERE metric_name = $2), 0) AS tokens,
                coalesce(sum(value) FILTER (WHERE metric_name = $3), 0) AS cost_cents
         FROM performance_metrics WHERE recorded_at >= $1",
    )
    .bind(since)
    .bind(TOKENS)
    .bind(COST)
    .fetch_one(conn)
    .await?;
    Ok(row.spend())
}

/// What was spent in a scope.
#[expect(clippy::cast_possible_truncation, reason = "token counts are whole and far below 2^53")]
pub async fn spent_within(conn: &mut PgConnection, within: Within) -> sqlx::Result<Amount> {
    let (cents, tokens): (f64, f64) = sqlx::query_as(
        "SELECT coalesce(sum(value) FILTER (WHERE metric_name = $1), 0), coalesce(sum(value) FILTER (WHERE metric_name = $2), 0)
         FROM performance_metrics
         WHERE metric_name IN ($1, $2) AND ($3::uuid IS NULL OR project_id = $3) AND ($4::uuid IS NULL OR stage_id = $4)
           AND ($5::timestamptz IS NULL OR recorded_at >= $5)",
    )
    .bind(COST)
    .bind(TOKENS)
    .bind(within.project)
    .bind(within.stage)
    .bind(within.since)
    .fetch_one(conn)
    .await?;
    Ok(Amount { cents, tokens: tokens as i64 })
}
