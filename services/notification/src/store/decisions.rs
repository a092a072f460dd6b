//! `notification_decisions`: decisions as we last heard of them.

use common::clients::dashboard::Decision;
use common::ids::DecisionId;
use common::jobs::PRUNE_AT_ONCE;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::MessageId;

/// A decision and whether it is over.
#[derive(Debug, Clone, FromRow)]
pub struct KnownDecision {
    pub body: Json<Decision>,
    pub closed_at: Option<OffsetDateTime>,
}

/// Keeps what a request for approval says, unless the decision is over already: the news of that may have overtaken it.
pub async fn remember(conn: &mut PgConnection, decision: &Decision, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO notification_decisions (id, body, updated_at) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, updated_at = EXCLUDED.updated_at WHERE notification_decisions.closed_at IS NULL",
    )
    .bind(decision.id)
    .bind(Json(decision))
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// It is over.
pub async fn close(conn: &mut PgConnection, decision: &Decision, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO notification_decisions (id, body, closed_at, updated_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, updated_at = EXCLUDED.updated_at,
             closed_at = coalesce(notification_decisions.closed_at, EXCLUDED.closed_at)",
    )
    .bind(decision.id)
    .bind(Json(decision))
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// As we last heard.
pub async fn find(conn: &mut PgConnection, id: DecisionId) -> sqlx::Result<Option<KnownDecision>> {
    sqlx::query_as("SELECT body, closed_at FROM notification_decisions WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// Whether the decision that a message asks for is over; it stays as it is until the transaction ends.
pub async fn hold(conn: &mut PgConnection, message_id: MessageId) -> sqlx::Result<bool> {
    let over: Option<bool> = sqlx::query_scalar(
        "SELECT known.closed_at IS NOT NULL FROM notification_messages AS message
             JOIN notifications ON notifications.id = message.notification_id
             JOIN notification_decisions AS known ON known.id = notifications.decision_id
         WHERE message.id = $1 FOR SHARE OF known",
    )
    .bind(message_id)
    .fetch_optional(conn)
    .await?;
    Ok(over.unwrap_or(false))
}

/// Removes some decisions that were over before `before` and that no notification speaks of any more.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM notification_decisions WHERE id IN (
             SELECT known.id FROM notification_decisions AS known WHERE closed_at < $1
                AND NOT EXISTS (SELECT 1 FROM notifications WHERE notifications.decision_id = known.id) LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
