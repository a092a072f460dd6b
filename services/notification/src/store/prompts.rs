//! `telegram_prompts`: questions for a reason.

use common::ids::UserId;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::MessageId;
use super::outbox::PromptFor;

/// An open question for a reason.
#[derive(Debug, Clone, FromRow)]
pub struct Prompt {
    pub message_id: MessageId,
    pub user_id: UserId,
    pub choice: String,
}

/// It was asked in this Telegram message.
pub async fn insert(
    conn: &mut PgConnection,
    chat_id: i64,
    telegram_message_id: i64,
    wanted: &PromptFor,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO telegram_prompts (chat_id, telegram_message_id, message_id, user_id, choice, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (chat_id, telegram_message_id) DO NOTHING",
    )
    .bind(chat_id)
    .bind(telegram_message_id)
    .bind(wanted.message_id)
    .bind(wanted.user_id)
    .bind(&wanted.choice)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the reason of `user_id`. `None`: not a question, not theirs, or answered.
pub async fn answer(
    conn: &mut PgConnection,
    chat_id: i64,
    telegram_message_id: i64,
    user_id: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Prompt>> {
    sqlx::query_as(
        "UPDATE telegram_prompts SET answered_at = $4 WHERE chat_id = $1 AND telegram_message_id = $2 AND user_id = $3 AND answered_at IS NULL
         RETURNING message_id, user_id, choice",
    )
    .bind(chat_id)
    .bind(telegram_message_id)
    .bind(user_id)
    .bind(now)
    .fetch_optional(conn)
    .await
}
