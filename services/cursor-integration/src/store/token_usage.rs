//! SQL of the table `token_usage`.

use common::clients::agents::Usage;
use common::ids::{AgentRunId, ProjectId};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Keep what an agent took; a later reading replaces an earlier one, but never a known cost by none.
pub(crate) async fn record(
    conn: &mut PgConnection,
    run: (AgentRunId, ProjectId),
    agent: (&str, &str),
    usage: &Usage,
    is_final: bool,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO token_usage (id, agent_run_id, project_id, backend, backend_agent_id, input_tokens, output_tokens, cache_read_tokens,
                                  cache_write_tokens, cost_cents, source, final, observed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (agent_run_id, backend_agent_id) DO UPDATE SET
             input_tokens = EXCLUDED.input_tokens, output_tokens = EXCLUDED.output_tokens, cache_read_tokens = EXCLUDED.cache_read_tokens,
             cache_write_tokens = EXCLUDED.cache_write_tokens, cost_cents = coalesce(EXCLUDED.cost_cents, token_usage.cost_cents),
             source = EXCLUDED.source, final = EXCLUDED.final OR token_usage.final, observed_at = EXCLUDED.observed_at",
    )
    .bind(Uuid::now_v7())
    .bind(run.0)
    .bind(run.1)
    .bind(agent.0)
    .bind(agent.1)
    .bind(usage.input_tokens)
    .bind(usage.output_tokens)
    .bind(usage.cache_read_tokens)
    .bind(usage.cache_write_tokens)
    .bind(usage.cost_cents)
    .bind(&usage.source)
    .bind(is_final)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// What a run took, over all its agents.
pub(crate) async fn of_run(conn: &mut PgConnection, run_id: AgentRunId) -> sqlx::Result<Usage> {
    let sum: Sum = sqlx::query_as(
        "SELECT coalesce(sum(input_tokens), 0)::bigint AS input_tokens, coalesce(sum(output_tokens), 0)::bigint AS output_tokens,
                coalesce(sum(cache_read_tokens), 0)::bigint AS cache_read_tokens, coalesce(sum(cache_write_tokens), 0)::bigint AS cache_write_tokens,
                sum(cost_cents) AS cost_cents, coalesce(min(source), 'none') AS source
         FROM token_usage WHERE agent_run_id = $1",
    )
    .bind(run_id)
    .fetch_one(conn)
    .await?;
    Ok(Usage {
        total_tokens: sum.input_tokens + sum.output_tokens + sum.cache_read_tokens + sum.cache_write_tokens,
        input_tokens: sum.input_tokens,
        output_tokens: sum.output_tokens,
        cache_read_tokens: sum.cache_read_tokens,
        cache_write_tokens: sum.cache_write_tokens,
        cost_cents: sum.cost_cents,
        source: sum.source,
    })
}

/// Whether no agent of a run will be read again.
pub(crate) async fn is_final(conn: &mut PgConnection, run_id: AgentRunId) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT coalesce(bool_and(final), true) FROM token_usage WHERE agent_run_id = $1")
        .bind(run_id)
        .fetch_one(conn)
        .await
}

#[derive(FromRow)]
struct Sum {
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    cost_cents: Option<f64>,
    source: String,
}

/// Tokens and cost of one role and task.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
pub(crate) struct UsageLine {
    pub role: String,
    pub task: String,
    pub runs: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    pub total_tokens: i64,
    /// US cents of the runs whose cost is known.
    pub cost_cents: f64,
    /// Runs whose cost is not known yet.
    pub runs_without_cost: i64,
}

/// By role and task, for one project or all.
pub(crate) async fn summary(conn: &mut PgConnection, project_id: Option<ProjectId>) -> sqlx::Result<Vec<UsageLine>> {
    sqlx::query_as(
        "SELECT r.role, r.task, count(DISTINCT r.id) AS runs,
                coalesce(sum(u.input_tokens), 0)::bigint AS input_tokens, coalesce(sum(u.output_tokens), 0)::bigint AS output_tokens,
                coalesce(sum(u.cache_read_tokens), 0)::bigint AS cache_read_tokens, coalesce(sum(u.cache_write_tokens), 0)::bigint AS cache_write_tokens,
                coalesce(sum(u.input_tokens + u.output_tokens + u.cache_read_tokens + u.cache_write_tokens), 0)::bigint AS total_tokens,
                coalesce(sum(u.cost_cents), 0)::double precision AS cost_cents,
                count(DISTINCT r.id) FILTER (WHERE u.cost_cents IS NULL) AS runs_without_cost
         FROM agent_runs r LEFT JOIN token_usage u ON u.agent_run_id = r.id
         WHERE $1::uuid IS NULL OR r.project_id = $1
         GROUP BY r.role, r.task ORDER BY r.role, r.task",
    )
    .bind(project_id)
    .fetch_all(conn)
    .await
}
