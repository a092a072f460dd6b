//! `telegram_outbox`: what is to be said in which chat, in order.

use common::jobs::PRUNE_AT_ONCE;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::MessageId;
use common::ids::UserId;

/// A text of ours, not a notification.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reply {
    /// HTML in Telegram's style.
    pub html: String,
    /// The Telegram message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// It asks for a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<PromptFor>,
}

/// What a reason is wanted for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PromptFor {
    pub message_id: MessageId,
    pub user_id: UserId,
    pub choice: String,
    /// Empty in what an older version wrote.
    #[serde(default)]
    pub decision_type: String,
}

/// Something to say.
#[derive(Debug, Clone, FromRow)]
pub struct Entry {
    pub id: i64,
    pub operation: String,
    pub message_id: Option<MessageId>,
    pub body: Option<Json<Reply>>,
}

/// A message, or bringing one up to date. An edit that waits already covers this one.
pub async fn insert(
    conn: &mut PgConnection,
    chat_id: i64,
    operation: &str,
    message_id: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO telegram_outbox (chat_id, operation, message_id, state, created_at) VALUES ($1, $2, $3, 'waiting', $4)
         ON CONFLICT (message_id) WHERE state = 'waiting' AND operation = 'edit' DO NOTHING",
    )
    .bind(chat_id)
    .bind(operation)
    .bind(message_id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// A text.
pub async fn insert_reply(
    conn: &mut PgConnection,
    chat_id: i64,
    reply: &Reply,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO telegram_outbox (chat_id, operation, body, state, created_at) VALUES ($1, 'reply', $2, 'waiting', $3)")
        .bind(chat_id)
        .bind(Json(reply))
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// What is to be said next in a chat.
pub async fn next(conn: &mut PgConnection, chat_id: i64) -> sqlx::Result<Option<Entry>> {
    sqlx::query_as("SELECT id, operation, message_id, body FROM telegram_outbox WHERE chat_id = $1 AND state = 'waiting' ORDER BY id LIMIT 1")
        .bind(chat_id)
        .fetch_optional(conn)
        .await
}

/// It was said, or never will be.
pub async fn settle(conn: &mut PgConnection, id: i64, state: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE telegram_outbox SET state = $2, done_at = $3 WHERE id = $1")
        .bind(id)
        .bind(state)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes some of what was said, or given up, before `before`.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM telegram_outbox WHERE id IN (SELECT id FROM telegram_outbox WHERE state <> 'waiting' AND done_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
