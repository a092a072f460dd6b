//! `notification_deliveries`: every attempt.

use common::jobs::PRUNE_AT_ONCE;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{DeliveryId, MessageId};

/// About to try. The row is there before the provider is called, so that a killed process leaves a trace.
pub async fn start(
    conn: &mut PgConnection,
    message_id: Option<MessageId>,
    chat_id: Option<i64>,
    operation: &str,
    attempt: i32,
    now: OffsetDateTime,
) -> sqlx::Result<DeliveryId> {
    let id = DeliveryId::new();
    sqlx::query(
        "INSERT INTO notification_deliveries (id, message_id, chat_id, operation, attempt, outcome, started_at)
         VALUES ($1, $2, $3, $4, $5, 'started', $6)",
    )
    .bind(id)
    .bind(message_id)
    .bind(chat_id)
    .bind(operation)
    .bind(attempt)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(id)
}

/// How it went.
pub async fn finish(
    conn: &mut PgConnection,
    id: DeliveryId,
    outcome: &str,
    answer: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE notification_deliveries SET outcome = $2, answer = $3, finished_at = $4 WHERE id = $1")
        .bind(id)
        .bind(outcome)
        .bind(answer)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// An attempt, as the API shows it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Delivery {
    pub message_id: Option<MessageId>,
    pub operation: String,
    pub attempt: i32,
    pub outcome: String,
    pub answer: Option<String>,
    pub started_at: OffsetDateTime,
}

/// The attempts of some messages, oldest first.
pub async fn list(conn: &mut PgConnection, messages: &[MessageId]) -> sqlx::Result<Vec<Delivery>> {
    let ids: Vec<_> = messages.iter().map(|id| id.0).collect();
    sqlx::query_as(
        "SELECT message_id, operation, attempt, outcome, answer, started_at FROM notification_deliveries WHERE message_id = ANY($1) ORDER BY id",
    )
    .bind(ids)
    .fetch_all(conn)
    .await
}

/// Removes some attempts before `before` that belong to no message: replies. Those of messages go with them.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM notification_deliveries WHERE id IN
             (SELECT id FROM notification_deliveries WHERE message_id IS NULL AND started_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
