//! `budget_reservations`: what is set aside for runs that have not told their cost.

use common::clients::agents::{AgentRole, AgentTask};
use common::ids::{AgentRunId, ProjectId, StageId};
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use crate::budgets::{Amount, Within};

/// Taken until the commit by everybody who sets money aside: of two who want the last of it, the second sees the first.
const LOCK: i64 = 0x7170_6275_6467_6574;
/// How many of the newest settled runs of a role an estimate looks at.
const HISTORY: i64 = 20;

/// Where a reservation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
    /// It does not fit yet.
    Held,
    /// Set aside.
    Open,
    /// The cost is known.
    Settled,
    /// The run took nothing.
    Released,
    /// Nobody said how the run ended.
    Lost,
}

/// A row of `budget_reservations`.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct ReservationRow {
    pub run_id: AgentRunId,
    pub project_id: ProjectId,
    pub stage_id: Option<StageId>,
    pub role: String,
    pub task: String,
    pub state: State,
    pub estimate_cents: f64,
    pub estimate_tokens: i64,
    pub estimated_from: i32,
    pub open_cents: f64,
    pub open_tokens: i64,
    pub used_cents: Option<f64>,
    pub used_tokens: Option<i64>,
    pub deadline_seconds: i64,
    pub asked_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    pub closed_at: Option<OffsetDateTime>,
    pub expires_at: OffsetDateTime,
}

impl ReservationRow {
    /// What the run is thought to take.
    pub fn estimate(&self) -> Amount {
        Amount { cents: self.estimate_cents, tokens: self.estimate_tokens }
    }
}

/// Has everybody else who sets money aside wait until this transaction ends. Whoever locks a project too locks it first.
pub async fn lock_all(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(conn).await?;
    Ok(())
}

/// A run that asks for money.
#[derive(Clone, Debug)]
pub struct NewReservation {
    pub run_id: AgentRunId,
    pub project_id: ProjectId,
    pub stage_id: Option<StageId>,
    pub role: AgentRole,
    pub task: AgentTask,
    pub estimate: Amount,
    pub estimated_from: i32,
    pub deadline_seconds: i64,
    pub expires_at: OffsetDateTime,
}

/// It asks: held until there is money for it. One that was lost asks anew.
pub async fn insert(
    conn: &mut PgConnection,
    new: &NewReservation,
    now: OffsetDateTime,
) -> sqlx::Result<ReservationRow> {
    sqlx::query_as(
        "INSERT INTO budget_reservations (run_id, project_id, stage_id, role, task, state, estimate_cents, estimate_tokens, estimated_from,
             deadline_seconds, asked_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, 'held', $6, $7, $8, $9, $10, $11)
         ON CONFLICT (run_id) DO UPDATE SET state = 'held', closed_at = NULL, estimate_cents = $6, estimate_tokens = $7,
             estimated_from = $8, expires_at = $11
         RETURNING *",
    )
    .bind(new.run_id)
    .bind(new.project_id)
    .bind(new.stage_id)
    .bind(new.role.as_str())
    .bind(new.task.as_str())
    .bind(new.estimate.cents)
    .bind(new.estimate.tokens)
    .bind(new.estimated_from)
    .bind(new.deadline_seconds)
    .bind(now)
    .bind(new.expires_at)
    .fetch_one(conn)
    .await
}

/// That of a run.
pub async fn find(conn: &mut PgConnection, run: AgentRunId) -> sqlx::Result<Option<ReservationRow>> {
    sqlx::query_as("SELECT * FROM budget_reservations WHERE run_id = $1").bind(run).fetch_optional(conn).await
}

/// What of a project waits for money, in the order in which it was asked for.
pub async fn list_held(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<ReservationRow>> {
    sqlx::query_as(
        "SELECT * FROM budget_reservations WHERE project_id = $1 AND state = 'held' ORDER BY asked_at, run_id",
    )
    .bind(project)
    .fetch_all(conn)
    .await
}

/// Keeps a row as it is now.
pub async fn update(conn: &mut PgConnection, row: &ReservationRow) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE budget_reservations SET state = $2, open_cents = $3, open_tokens = $4, used_cents = $5, used_tokens = $6, ended_at = $7,
                closed_at = $8, expires_at = $9
         WHERE run_id = $1",
    )
    .bind(row.run_id)
    .bind(row.state)
    .bind(row.open_cents)
    .bind(row.open_tokens)
    .bind(row.used_cents)
    .bind(row.used_tokens)
    .bind(row.ended_at)
    .bind(row.closed_at)
    .bind(row.expires_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Closes what nobody has spoken of for too long: what has ended is settled with what was told of it, the rest is lost. Answers how many.
pub async fn close_overdue(conn: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "UPDATE budget_reservations SET state = CASE WHEN ended_at IS NULL THEN 'lost' ELSE 'settled' END, open_cents = 0, open_tokens = 0,
                closed_at = $1
         WHERE state IN ('held', 'open') AND expires_at <= $1",
    )
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}

/// What is set aside in a scope. It counts for the present day and month whenever that was, because that is when the bill comes.
pub async fn open_within(conn: &mut PgConnection, within: Within) -> sqlx::Result<Amount> {
    let (cents, tokens): (f64, i64) = sqlx::query_as(
        "SELECT coalesce(sum(open_cents), 0)::double precision, coalesce(sum(open_tokens), 0)::bigint FROM budget_reservations
         WHERE state = 'open' AND ($1::uuid IS NULL OR project_id = $1) AND ($2::uuid IS NULL OR stage_id = $2)",
    )
    .bind(within.project)
    .bind(within.stage)
    .fetch_one(conn)
    .await?;
    Ok(Amount { cents, tokens })
}

/// What runs of a role took lately.
#[derive(Debug, FromRow)]
pub struct Experience {
    /// Runs whose cost is known.
    pub priced: i64,
    /// Runs whose tokens are known.
    pub counted: i64,
    /// Nine in ten took no more.
    pub cents: Option<f64>,
    /// Nine in ten took no more.
    pub tokens: Option<i64>,
}

/// The newest settled runs of a role in the whole installation.
pub async fn experience(conn: &mut PgConnection, role: AgentRole) -> sqlx::Result<Experience> {
    sqlx::query_as(
        "SELECT count(used_cents) AS priced, count(used_tokens) AS counted,
                percentile_disc(0.9) WITHIN GROUP (ORDER BY used_cents) AS cents,
                percentile_disc(0.9) WITHIN GROUP (ORDER BY used_tokens) AS tokens
         FROM (SELECT used_cents, used_tokens FROM budget_reservations WHERE role = $1 AND state = 'settled'
               ORDER BY closed_at DESC LIMIT $2) AS newest",
    )
    .bind(role.as_str())
    .bind(HISTORY)
    .fetch_one(conn)
    .await
}
