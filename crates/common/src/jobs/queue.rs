//! SQL of the table `jobs`.

use std::time::Duration;

use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Job;
use crate::http::Context;
use crate::ids::JobId;

/// How long a worker may go without a sign of life before its job is taken by another.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// Rows that one statement of housekeeping removes at most: short locks, and a first round over an old table that others do not feel.
pub const PRUNE_AT_ONCE: i64 = 5_000;

/// A claimed job.
#[derive(Debug, FromRow)]
pub(super) struct Claimed {
    pub(super) id: JobId,
    pub(super) queue: String,
    pub(super) payload: serde_json::Value,
    pub(super) attempts: i32,
    pub(super) looks: i32,
    pub(super) max_attempts: i32,
    pub(super) correlation_id: Option<String>,
    pub(super) traceparent: Option<String>,
}

/// A job that was given up.
#[derive(Debug, Serialize, FromRow, ToSchema)]
pub struct DeadJob {
    /// Which.
    pub id: JobId,
    /// What kind.
    pub queue: String,
    /// What it was to do.
    pub payload: serde_json::Value,
    /// Tries.
    pub attempts: i32,
    /// Why the last one failed.
    pub last_error: Option<String>,
    /// When it was given up.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
}

/// What waits in one queue.
#[derive(Debug, Default, FromRow)]
pub(super) struct Backlog {
    pub(super) queue: String,
    /// Could run now.
    pub(super) due: i64,
    /// Wait for their time: back-off, or a look later.
    pub(super) scheduled: i64,
    pub(super) running: i64,
    pub(super) dead: i64,
    pub(super) oldest_due: Option<OffsetDateTime>,
    pub(super) oldest_failing: Option<OffsetDateTime>,
}

/// Queues a job in the caller's transaction; it runs after the commit.
pub async fn enqueue<J: Job>(conn: &mut PgConnection, job: &J, now: OffsetDateTime) -> sqlx::Result<()> {
    enqueue_at(conn, job, now, now).await
}

/// Queues a job that is due at `run_at`.
pub async fn enqueue_at<J: Job>(
    conn: &mut PgConnection,
    job: &J,
    run_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let payload = serde_json::to_value(job).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let context = crate::http::context_now();
    sqlx::query(
        "INSERT INTO jobs (id, queue, key, payload, max_attempts, run_at, correlation_id, traceparent, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (queue, key) WHERE state = 'ready' AND key IS NOT NULL
         DO UPDATE SET payload = EXCLUDED.payload, run_at = least(jobs.run_at, EXCLUDED.run_at)",
    )
    .bind(JobId::new())
    .bind(J::QUEUE)
    .bind(job.key())
    .bind(payload)
    .bind(J::MAX_ATTEMPTS)
    .bind(run_at)
    .bind(context.as_ref().map(|c| c.correlation_id.clone()))
    .bind(context.as_ref().map(Context::traceparent))
    .bind(now)
    .execute(&mut *conn)
    .await?;
    sqlx::query("SELECT pg_notify('jobs', $1)").bind(J::QUEUE).execute(conn).await?;
    Ok(())
}

/// Takes up to `limit` due jobs, and those whose process was lost.
pub(super) async fn claim(
    conn: &mut PgConnection,
    queues: &[String],
    owner: Uuid,
    limit: i64,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Claimed>> {
    sqlx::query_as(
        "UPDATE jobs SET state = 'running', lease_until = $4, lease_owner = $3
         WHERE id IN (
             SELECT id FROM (
                 SELECT DISTINCT ON (coalesce(key, id::text), queue) id, run_at FROM jobs AS due
                 WHERE queue = ANY($1)
                   AND ((state = 'ready' AND run_at <= $2) OR (state = 'running' AND lease_until < $2))
                   AND (key IS NULL OR NOT EXISTS (
                       SELECT 1 FROM jobs AS other
                       WHERE other.queue = due.queue AND other.key = due.key AND other.state = 'running' AND other.lease_until >= $2 AND other.id <> due.id))
                 ORDER BY coalesce(key, id::text), queue, (state = 'running') DESC, run_at
             ) AS candidates ORDER BY run_at LIMIT $5)
           AND id IN (SELECT id FROM jobs WHERE queue = ANY($1) AND ((state = 'ready' AND run_at <= $2) OR (state = 'running' AND lease_until < $2)) FOR UPDATE SKIP LOCKED)
         RETURNING id, queue, payload, attempts, looks, max_attempts, correlation_id, traceparent",
    )
    .bind(queues)
    .bind(now)
    .bind(owner)
    .bind(now + LEASE)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// A sign of life. `false`: the job was taken by another.
pub(super) async fn extend(conn: &mut PgConnection, id: JobId, owner: Uuid, now: OffsetDateTime) -> sqlx::Result<bool> {
    let result =
        sqlx::query("UPDATE jobs SET lease_until = $3 WHERE id = $1 AND lease_owner = $2 AND state = 'running'")
            .bind(id)
            .bind(owner)
            .bind(now + LEASE)
            .execute(conn)
            .await?;
    Ok(result.rows_affected() == 1)
}

/// It is done.
pub(super) async fn finish(conn: &mut PgConnection, id: JobId, owner: Uuid, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE jobs SET state = 'done', finished_at = $3, lease_until = NULL WHERE id = $1 AND lease_owner = $2 AND state = 'running'")
        .bind(id)
        .bind(owner)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// It is to run again at `run_at`. When another with the same key waits already, that one stands for both.
pub(super) async fn put_back(
    conn: &mut PgConnection,
    id: JobId,
    owner: Uuid,
    failed: Option<&str>,
    run_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let result = sqlx::query(
        "UPDATE jobs SET state = 'ready', lease_until = NULL, lease_owner = NULL, run_at = $3, last_error = coalesce($4, last_error),
                attempts = attempts + CASE WHEN $4::text IS NULL THEN 0 ELSE 1 END, looks = looks + CASE WHEN $4::text IS NULL THEN 1 ELSE 0 END
         WHERE id = $1 AND lease_owner = $2 AND state = 'running'",
    )
    .bind(id)
    .bind(owner)
    .bind(run_at)
    .bind(failed.map(crate::scrub::scrub))
    .execute(&mut *conn)
    .await;
    match result {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(cause)) if cause.constraint() == Some("jobs_waiting_key") => {
            finish(conn, id, owner, now).await
        }
        Err(error) => Err(error),
    }
}

/// It is given up.
pub(super) async fn bury(
    conn: &mut PgConnection,
    id: JobId,
    owner: Uuid,
    error: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE jobs SET state = 'dead', attempts = attempts + 1, last_error = $3, finished_at = $4, lease_until = NULL
         WHERE id = $1 AND lease_owner = $2 AND state = 'running'",
    )
    .bind(id)
    .bind(owner)
    .bind(crate::scrub::scrub(error))
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// When the next job of these queues is due.
pub(super) async fn next_due(conn: &mut PgConnection, queues: &[String]) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar("SELECT min(run_at) FROM jobs WHERE state = 'ready' AND queue = ANY($1)")
        .bind(queues)
        .fetch_one(conn)
        .await
}

/// Removes up to [`PRUNE_AT_ONCE`] jobs in `state` that ended before `before`.
pub(super) async fn prune(conn: &mut PgConnection, state: &str, before: OffsetDateTime) -> sqlx::Result<u64> {
    Ok(sqlx::query("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = $1 AND finished_at < $2 LIMIT $3)")
        .bind(state)
        .bind(before)
        .bind(PRUNE_AT_ONCE)
        .execute(conn)
        .await?
        .rows_affected())
}

/// What was given up in queues that start with `prefix`, newest first.
pub async fn dead(conn: &mut PgConnection, prefix: &str, limit: i64) -> sqlx::Result<Vec<DeadJob>> {
    sqlx::query_as("SELECT id, queue, payload, attempts, last_error, finished_at FROM jobs WHERE state = 'dead' AND starts_with(queue, $1) ORDER BY finished_at DESC LIMIT $2")
        .bind(prefix)
        .bind(limit)
        .fetch_all(conn)
        .await
}

/// Gives a dead job a new life. `false`: there is none of that id.
pub async fn revive(conn: &mut PgConnection, id: JobId, now: OffsetDateTime) -> sqlx::Result<bool> {
    let result = sqlx::query("UPDATE jobs SET state = 'ready', attempts = 0, run_at = $2, finished_at = NULL, lease_owner = NULL WHERE id = $1 AND state = 'dead'")
        .bind(id)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// How much waits, runs and is dead in `queues`. A single failure is no news: whoever fails three times is in trouble.
pub(super) async fn backlogs(
    conn: &mut PgConnection,
    queues: &[String],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Backlog>> {
    sqlx::query_as(
        "SELECT queue,
                count(*) FILTER (WHERE state = 'ready' AND run_at <= $2) AS due,
                count(*) FILTER (WHERE state = 'ready' AND run_at > $2) AS scheduled,
                count(*) FILTER (WHERE state = 'running') AS running,
                count(*) FILTER (WHERE state = 'dead') AS dead,
                min(run_at) FILTER (WHERE state = 'ready' AND run_at <= $2) AS oldest_due,
                min(created_at) FILTER (WHERE state IN ('ready', 'running') AND attempts >= 3) AS oldest_failing
         FROM jobs WHERE state <> 'done' AND queue = ANY($1) GROUP BY queue",
    )
    .bind(queues)
    .bind(now)
    .fetch_all(conn)
    .await
}
