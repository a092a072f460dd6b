//! What the installation made for itself.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// The value under `key`.
pub async fn find(conn: &mut PgConnection, key: &str) -> sqlx::Result<Option<serde_json::Value>> {
    sqlx::query_scalar("SELECT value FROM settings WHERE key = $1").bind(key).fetch_optional(conn).await
}

/// Keeps `value` unless there is one already; answers what is there now. So two instances that start together agree.
pub async fn find_or_insert(
    conn: &mut PgConnection,
    key: &str,
    value: &serde_json::Value,
    now: OffsetDateTime,
) -> sqlx::Result<serde_json::Value> {
    sqlx::query("INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING")
        .bind(key)
        .bind(value)
        .bind(now)
        .execute(&mut *conn)
        .await?;
    sqlx::query_scalar("SELECT value FROM settings WHERE key = $1").bind(key).fetch_one(conn).await
}

/// The value under `key`, which nobody else changes until the transaction ends.
pub async fn lock(conn: &mut PgConnection, key: &str) -> sqlx::Result<Option<serde_json::Value>> {
    sqlx::query_scalar("SELECT value FROM settings WHERE key = $1 FOR UPDATE").bind(key).fetch_optional(conn).await
}

/// Keeps `value`, whatever was there.
pub async fn put(
    conn: &mut PgConnection,
    key: &str,
    value: &serde_json::Value,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at",
    )
    .bind(key)
    .bind(value)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets it.
pub async fn delete(conn: &mut PgConnection, key: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM settings WHERE key = $1").bind(key).execute(conn).await?;
    Ok(())
}
