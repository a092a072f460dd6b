//! `telegram_updates` (inbox) and `telegram_bot`.

use common::jobs::PRUNE_AT_ONCE;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

/// Keeps an update. `false`: we have it.
pub async fn insert(
    conn: &mut PgConnection,
    update_id: i64,
    kind: &str,
    sender: Option<i64>,
    body: &serde_json::Value,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let kept = sqlx::query(
        "INSERT INTO telegram_updates (update_id, kind, telegram_user_id, body, outcome, received_at) VALUES ($1, $2, $3, $4, 'received', $5)
         ON CONFLICT (update_id) DO NOTHING",
    )
    .bind(update_id)
    .bind(kind)
    .bind(sender)
    .bind(body)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// What came of it.
pub async fn set_outcome(conn: &mut PgConnection, update_id: i64, outcome: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE telegram_updates SET outcome = $2 WHERE update_id = $1")
        .bind(update_id)
        .bind(outcome)
        .execute(conn)
        .await?;
    Ok(())
}

/// How often an account did something with this outcome since `since`.
pub async fn count(
    conn: &mut PgConnection,
    telegram_user_id: i64,
    outcome: &str,
    since: OffsetDateTime,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM telegram_updates WHERE telegram_user_id = $1 AND outcome = $2 AND received_at > $3",
    )
    .bind(telegram_user_id)
    .bind(outcome)
    .bind(since)
    .fetch_one(conn)
    .await
}

/// Removes some updates that were received before `before`. Telegram does not send them again: the offset stays.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM telegram_updates WHERE update_id IN
             (SELECT update_id FROM telegram_updates WHERE received_at < $1 AND outcome <> 'received' LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}

/// State of the bot.
#[derive(Debug, Clone, FromRow)]
pub struct BotState {
    pub next_offset: i64,
    pub paused_until: Option<OffsetDateTime>,
    pub username: Option<String>,
    pub problem: Option<String>,
}

/// As it is.
pub async fn bot(conn: &mut PgConnection) -> sqlx::Result<BotState> {
    sqlx::query_as("SELECT next_offset, paused_until, username, problem FROM telegram_bot").fetch_one(conn).await
}

/// Everything below `offset` is stored.
pub async fn advance(conn: &mut PgConnection, offset: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE telegram_bot SET next_offset = greatest(next_offset, $1)").bind(offset).execute(conn).await?;
    Ok(())
}

/// Telegram asked the whole bot to wait.
pub async fn pause(conn: &mut PgConnection, until: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE telegram_bot SET paused_until = greatest(paused_until, $1)").bind(until).execute(conn).await?;
    Ok(())
}

/// The bot's public name.
pub async fn set_username(conn: &mut PgConnection, username: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE telegram_bot SET username = $1").bind(username).execute(conn).await?;
    Ok(())
}

/// Why updates cannot be fetched, or that they can.
pub async fn set_problem(conn: &mut PgConnection, problem: Option<&str>, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE telegram_bot SET problem = $1, problem_at = $2 WHERE problem IS DISTINCT FROM $1")
        .bind(problem)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}
