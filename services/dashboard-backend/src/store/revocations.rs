//! What ended before it expired: the truth behind the gateway's fast path in Redis.

use common::clients::dashboard::Revocation;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Keeps that tokens of `subject` are no longer good, until the last of them would have expired.
pub async fn insert(
    conn: &mut PgConnection,
    subject: &str,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO auth_revocations (subject, until_at, recorded_at) VALUES ($1, $2, $3)
         ON CONFLICT (subject) DO UPDATE SET until_at = greatest(auth_revocations.until_at, EXCLUDED.until_at), recorded_at = EXCLUDED.recorded_at",
    )
    .bind(subject)
    .bind(until)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// What still matters at `now`; of that, what was recorded after `since`.
pub async fn list(
    conn: &mut PgConnection,
    since: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Revocation>> {
    let rows: Vec<(String, OffsetDateTime)> = sqlx::query_as(
        "SELECT subject, until_at FROM auth_revocations
         WHERE until_at > $1 AND ($2::timestamptz IS NULL OR recorded_at >= $2) ORDER BY recorded_at, subject",
    )
    .bind(now)
    .bind(since)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(subject, until)| Revocation { subject, until: until.unix_timestamp() }).collect())
}

/// Forgets what expired by itself.
pub async fn prune(conn: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<u64> {
    Ok(sqlx::query("DELETE FROM auth_revocations WHERE until_at <= $1").bind(now).execute(conn).await?.rows_affected())
}
