//! SQL of the table `poll_states`.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// Takes the round `name` if it is due, and puts the next one at `next_at`. The answer holds the `ETag` of the last list.
pub(crate) async fn claim(
    conn: &mut PgConnection,
    name: &str,
    next_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Option<String>>> {
    sqlx::query_scalar(
        "INSERT INTO poll_states (name, next_at, started_at) VALUES ($1, $2, $3)
         ON CONFLICT ON CONSTRAINT poll_states_pkey DO UPDATE SET next_at = EXCLUDED.next_at WHERE poll_states.next_at <= $3
         RETURNING etag",
    )
    .bind(name)
    .bind(next_at)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// When this installation first asked; now, if it never has.
pub(crate) async fn started_at(
    conn: &mut PgConnection,
    name: &str,
    now: OffsetDateTime,
) -> sqlx::Result<OffsetDateTime> {
    sqlx::query_scalar(
        "INSERT INTO poll_states (name, next_at, started_at) VALUES ($1, $2, $2)
         ON CONFLICT ON CONSTRAINT poll_states_pkey DO UPDATE SET name = EXCLUDED.name RETURNING started_at",
    )
    .bind(name)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// The round went well; the next one need only hear what differs from `etag`.
pub(crate) async fn update_done(
    conn: &mut PgConnection,
    name: &str,
    etag: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE poll_states SET etag = $2, last_error = NULL, last_ok_at = $3 WHERE name = $1")
        .bind(name)
        .bind(etag)
        .bind(now)
        .execute(conn)
        .await
        .map(drop)
}

/// The round failed; the next one is at `next_at` and hears everything.
pub(crate) async fn update_failed(
    conn: &mut PgConnection,
    name: &str,
    error: &str,
    next_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE poll_states SET etag = NULL, last_error = $2, next_at = greatest(next_at, $3) WHERE name = $1")
        .bind(name)
        .bind(error)
        .bind(next_at)
        .execute(conn)
        .await
        .map(drop)
}
