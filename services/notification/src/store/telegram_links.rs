//! `telegram_links` and `telegram_link_codes`.

use common::ids::UserId;
use common::jobs::PRUNE_AT_ONCE;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

/// Which Telegram account belongs to a user.
#[derive(Debug, Clone, FromRow)]
pub struct Link {
    pub user_id: UserId,
    pub telegram_user_id: i64,
    pub name: String,
    pub blocked_at: Option<OffsetDateTime>,
    pub created_at: OffsetDateTime,
}

/// Links; what either side was linked to before is given up.
pub async fn link(
    conn: &mut PgConnection,
    user_id: UserId,
    telegram_user_id: i64,
    name: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM telegram_links WHERE user_id = $1 OR telegram_user_id = $2")
        .bind(user_id)
        .bind(telegram_user_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query("INSERT INTO telegram_links (user_id, telegram_user_id, name, created_at) VALUES ($1, $2, $3, $4)")
        .bind(user_id)
        .bind(telegram_user_id)
        .bind(name)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// The link of a user.
pub async fn find(conn: &mut PgConnection, user_id: UserId) -> sqlx::Result<Option<Link>> {
    sqlx::query_as(
        "SELECT user_id, telegram_user_id, name, blocked_at, created_at FROM telegram_links WHERE user_id = $1",
    )
    .bind(user_id)
    .fetch_optional(conn)
    .await
}

/// The link of a Telegram account.
pub async fn find_by_account(conn: &mut PgConnection, telegram_user_id: i64) -> sqlx::Result<Option<Link>> {
    sqlx::query_as("SELECT user_id, telegram_user_id, name, blocked_at, created_at FROM telegram_links WHERE telegram_user_id = $1")
        .bind(telegram_user_id)
        .fetch_optional(conn)
        .await
}

/// Ends the link of a user. `false`: there was none.
pub async fn unlink(conn: &mut PgConnection, user_id: UserId) -> sqlx::Result<bool> {
    let gone = sqlx::query("DELETE FROM telegram_links WHERE user_id = $1").bind(user_id).execute(conn).await?;
    Ok(gone.rows_affected() == 1)
}

/// The person blocked the bot (with the reason Telegram gave), or came back.
pub async fn set_blocked(
    conn: &mut PgConnection,
    telegram_user_id: i64,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE telegram_links SET blocked_at = CASE WHEN $2::text IS NULL THEN NULL ELSE coalesce(blocked_at, $3) END, blocked_reason = $2
         WHERE telegram_user_id = $1",
    )
    .bind(telegram_user_id)
    .bind(reason)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps a fresh code; older unused ones of the same user end.
pub async fn insert_code(
    conn: &mut PgConnection,
    code_hash: &[u8],
    user_id: UserId,
    name: &str,
    expires_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM telegram_link_codes WHERE user_id = $1 AND used_at IS NULL")
        .bind(user_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query("INSERT INTO telegram_link_codes (code_hash, user_id, name, expires_at, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(code_hash)
        .bind(user_id)
        .bind(name)
        .bind(expires_at)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Uses a code up. `None`: unknown, used or too old.
pub async fn use_code(
    conn: &mut PgConnection,
    code_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<(UserId, String)>> {
    sqlx::query_as(
        "UPDATE telegram_link_codes SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING user_id, name",
    )
    .bind(code_hash)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Removes some codes that ended before `before`.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM telegram_link_codes WHERE code_hash IN (SELECT code_hash FROM telegram_link_codes WHERE expires_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
