//! Sessions and their refresh tokens.

use common::ids::{SessionId, UserId};
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

/// A refresh token with the session it belongs to.
#[derive(Clone, Debug, FromRow)]
pub struct TokenRow {
    pub session_id: SessionId,
    pub user_id: UserId,
    pub used_at: Option<OffsetDateTime>,
    pub expires_at: OffsetDateTime,
    pub revoked_at: Option<OffsetDateTime>,
}

/// A new session.
pub async fn insert(
    conn: &mut PgConnection,
    user_id: UserId,
    user_agent: Option<&str>,
    expires_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<SessionId> {
    let id = SessionId::new();
    sqlx::query(
        "INSERT INTO user_sessions (id, user_id, created_at, last_used_at, expires_at, user_agent)
         VALUES ($1, $2, $3, $3, $4, $5)",
    )
    .bind(id)
    .bind(user_id)
    .bind(now)
    .bind(expires_at)
    .bind(user_agent)
    .execute(conn)
    .await?;
    Ok(id)
}

/// Keeps the hash of a fresh refresh token.
pub async fn insert_token(
    conn: &mut PgConnection,
    session: SessionId,
    hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO user_session_tokens (token_hash, session_id, issued_at) VALUES ($1, $2, $3)")
        .bind(hash)
        .bind(session)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// The token, its session locked: two uses at once are told apart.
pub async fn lock_token(conn: &mut PgConnection, hash: &[u8]) -> sqlx::Result<Option<TokenRow>> {
    sqlx::query_as(
        "SELECT t.session_id, s.user_id, t.used_at, s.expires_at, s.revoked_at
         FROM user_session_tokens t JOIN user_sessions s ON s.id = t.session_id
         WHERE t.token_hash = $1 FOR UPDATE",
    )
    .bind(hash)
    .fetch_optional(conn)
    .await
}

/// Marks a token as used and the session as alive.
pub async fn use_token(
    conn: &mut PgConnection,
    session: SessionId,
    hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE user_session_tokens SET used_at = $2 WHERE token_hash = $1")
        .bind(hash)
        .bind(now)
        .execute(&mut *conn)
        .await?;
    sqlx::query("UPDATE user_sessions SET last_used_at = $2 WHERE id = $1")
        .bind(session)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether the session is still good.
pub async fn is_live(conn: &mut PgConnection, id: SessionId, now: OffsetDateTime) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM user_sessions WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2)",
    )
    .bind(id)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// Ends a session. `false`: it had ended before.
pub async fn revoke(conn: &mut PgConnection, id: SessionId, reason: &str, now: OffsetDateTime) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE user_sessions SET revoked_at = $2, revoked_reason = $3 WHERE id = $1 AND revoked_at IS NULL",
    )
    .bind(id)
    .bind(now)
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Ends every session of a user but `keep`; answers which.
pub async fn revoke_all(
    conn: &mut PgConnection,
    user: UserId,
    keep: Option<SessionId>,
    reason: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<SessionId>> {
    sqlx::query_scalar(
        "UPDATE user_sessions SET revoked_at = $3, revoked_reason = $4
         WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $2 RETURNING id",
    )
    .bind(user)
    .bind(keep)
    .bind(now)
    .bind(reason)
    .fetch_all(conn)
    .await
}

/// Forgets sessions that ended before `before`, tokens with them.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    sqlx::query(
        "DELETE FROM user_session_tokens WHERE session_id IN
             (SELECT id FROM user_sessions WHERE expires_at < $1 OR revoked_at < $1)",
    )
    .bind(before)
    .execute(&mut *conn)
    .await?;
    let result = sqlx::query("DELETE FROM user_sessions WHERE expires_at < $1 OR revoked_at < $1")
        .bind(before)
        .execute(conn)
        .await?;
    Ok(result.rows_affected())
}
