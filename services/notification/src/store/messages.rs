//! `notification_messages`.

use common::ids::{DecisionId, NotificationId, UserId};
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::MessageId;

/// One message to one person or group on one channel.
#[derive(Debug, Clone, FromRow)]
pub struct Message {
    pub id: MessageId,
    pub notification_id: NotificationId,
    pub channel: String,
    pub user_id: Option<UserId>,
    pub name: String,
    pub address: String,
    pub code: String,
    pub state: String,
    pub reason: Option<String>,
    pub provider_id: Option<String>,
    pub confirming: Option<String>,
    pub fallback_to: Option<String>,
    pub telegram_ids: Vec<i64>,
    pub created_at: OffsetDateTime,
    pub sent_at: Option<OffsetDateTime>,
}

impl Message {
    /// The chat of a Telegram message.
    pub fn chat_id(&self) -> Option<i64> {
        self.address.parse().ok().filter(|_| self.channel == "telegram")
    }
}

/// What a new message needs.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    pub notification_id: NotificationId,
    pub channel: &'a str,
    pub user_id: Option<UserId>,
    pub name: &'a str,
    pub address: &'a str,
    pub fallback_of: Option<MessageId>,
    pub fallback_to: Option<&'a str>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.id, m.notification_id, m.channel, m.user_id, m.name, m.address, m.code, m.state, m.reason, m.provider_id, m.confirming, m.fallback_to, m.telegram_ids,
                    m.created_at, m.sent_at FROM notification_messages m ",
            $rest
        )
    };
}

/// Keeps a new message. `None`: this notification goes there already.
pub async fn insert(
    conn: &mut PgConnection,
    new: &NewMessage<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<MessageId>> {
    sqlx::query_scalar(
        "INSERT INTO notification_messages (id, notification_id, channel, user_id, name, address, code, state, fallback_of, fallback_to, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10) ON CONFLICT (notification_id, channel, address) DO NOTHING RETURNING id",
    )
    .bind(MessageId::new())
    .bind(new.notification_id)
    .bind(new.channel)
    .bind(new.user_id)
    .bind(new.name)
    .bind(new.address)
    .bind(code())
    .bind(new.fallback_of)
    .bind(new.fallback_to)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// 12 characters that nobody can guess: 60 bits, and a press counts only from a linked account anyway.
fn code() -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    (0..12).map(|_| char::from(ALPHABET[rand::random_range(0..ALPHABET.len())])).collect()
}

/// One of them.
pub async fn find(conn: &mut PgConnection, id: MessageId) -> sqlx::Result<Option<Message>> {
    sqlx::query_as(select!("WHERE m.id = $1")).bind(id).fetch_optional(conn).await
}

/// The one whose buttons carry this code.
pub async fn find_by_code(conn: &mut PgConnection, code: &str) -> sqlx::Result<Option<Message>> {
    sqlx::query_as(select!("WHERE m.code = $1")).bind(code).fetch_optional(conn).await
}

/// All messages of some notifications.
pub async fn list(conn: &mut PgConnection, notifications: &[NotificationId]) -> sqlx::Result<Vec<Message>> {
    let ids: Vec<_> = notifications.iter().map(|id| id.0).collect();
    sqlx::query_as(select!("WHERE m.notification_id = ANY($1) ORDER BY m.id")).bind(ids).fetch_all(conn).await
}

/// Every sent Telegram message that asks for a decision.
pub async fn list_asking(conn: &mut PgConnection, decision_id: DecisionId) -> sqlx::Result<Vec<Message>> {
    sqlx::query_as(select!(
        "JOIN notifications n ON n.id = m.notification_id WHERE n.decision_id = $1 AND m.channel = 'telegram' AND m.state = 'sent' ORDER BY m.id"
    ))
    .bind(decision_id)
    .fetch_all(conn)
    .await
}

/// Since when the oldest one of each channel waits.
pub async fn oldest_pending(conn: &mut PgConnection) -> sqlx::Result<Vec<(String, OffsetDateTime)>> {
    sqlx::query_as(
        "SELECT channel, min(created_at) FROM notification_messages WHERE state = 'pending' GROUP BY channel",
    )
    .fetch_all(conn)
    .await
}

/// It is out.
pub async fn set_sent(
    conn: &mut PgConnection,
    id: MessageId,
    provider_id: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE notification_messages SET state = 'sent', reason = NULL, provider_id = $2, sent_at = coalesce(sent_at, $3) WHERE id = $1")
        .bind(id)
        .bind(provider_id)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Telegram has it under this number: because we sent it, or because somebody pressed a button of it.
pub async fn note_copy(
    conn: &mut PgConnection,
    id: MessageId,
    telegram_id: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE notification_messages SET state = 'sent', reason = NULL, provider_id = $2::text, sent_at = coalesce(sent_at, $3),
             telegram_ids = CASE WHEN $2 = ANY(telegram_ids) THEN telegram_ids ELSE array_append(telegram_ids, $2) END
         WHERE id = $1",
    )
    .bind(id)
    .bind(telegram_id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// It will not go out.
pub async fn set_unsent(conn: &mut PgConnection, id: MessageId, state: &str, reason: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE notification_messages SET state = $2, reason = $3 WHERE id = $1 AND state = 'pending'")
        .bind(id)
        .bind(state)
        .bind(reason)
        .execute(conn)
        .await?;
    Ok(())
}

/// Which option's confirmation it asks for, if any.
pub async fn set_confirming(conn: &mut PgConnection, id: MessageId, choice: Option<&str>) -> sqlx::Result<()> {
    sqlx::query("UPDATE notification_messages SET confirming = $2 WHERE id = $1")
        .bind(id)
        .bind(choice)
        .execute(conn)
        .await?;
    Ok(())
}
