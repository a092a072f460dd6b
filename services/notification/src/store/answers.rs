//! `notification_answers`: answers on their way to dashboard-backend.

use common::ids::{DecisionId, UserId};
use common::jobs::PRUNE_AT_ONCE;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::{AnswerId, MessageId};

/// An answer given outside the dashboard.
#[derive(Debug, Clone, FromRow)]
pub struct Answer {
    pub id: AnswerId,
    pub decision_id: DecisionId,
    pub user_id: UserId,
    pub choice: String,
    pub comment: Option<String>,
    pub channel: String,
    pub evidence_sha: Option<String>,
    pub chat_id: Option<i64>,
    pub message_id: Option<MessageId>,
    pub state: String,
    pub result: Option<String>,
}

/// What a new answer needs.
#[derive(Debug, Clone)]
pub struct NewAnswer<'a> {
    /// The update or link it came from: each counts once.
    pub source: String,
    pub decision_id: DecisionId,
    pub user_id: UserId,
    pub choice: &'a str,
    pub comment: Option<String>,
    pub channel: &'a str,
    pub evidence_sha: Option<String>,
    pub chat_id: Option<i64>,
    pub message_id: Option<MessageId>,
}

/// Keeps a new one. `None`: this source has answered.
pub async fn insert(
    conn: &mut PgConnection,
    new: &NewAnswer<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<AnswerId>> {
    sqlx::query_scalar(
        "INSERT INTO notification_answers (id, source, decision_id, user_id, choice, comment, channel, evidence_sha, chat_id, message_id, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', $11) ON CONFLICT (source) DO NOTHING RETURNING id",
    )
    .bind(AnswerId::new())
    .bind(&new.source)
    .bind(new.decision_id)
    .bind(new.user_id)
    .bind(new.choice)
    .bind(&new.comment)
    .bind(new.channel)
    .bind(&new.evidence_sha)
    .bind(new.chat_id)
    .bind(new.message_id)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// One of them.
pub async fn find(conn: &mut PgConnection, id: AnswerId) -> sqlx::Result<Option<Answer>> {
    sqlx::query_as(
        "SELECT id, decision_id, user_id, choice, comment, channel, evidence_sha, chat_id, message_id, state, result FROM notification_answers WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Whether an answer of this person is on its way.
pub async fn is_pending(conn: &mut PgConnection, decision_id: DecisionId, user_id: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM notification_answers WHERE decision_id = $1 AND user_id = $2 AND state = 'pending')")
        .bind(decision_id)
        .bind(user_id)
        .fetch_one(conn)
        .await
}

/// The ruling. `false`: it was there already.
pub async fn finish(
    conn: &mut PgConnection,
    id: AnswerId,
    state: &str,
    result: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let ruled = sqlx::query(
        "UPDATE notification_answers SET state = $2, result = $3, finished_at = $4 WHERE id = $1 AND state = 'pending'",
    )
    .bind(id)
    .bind(state)
    .bind(result)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(ruled.rows_affected() == 1)
}

/// Removes some answers that were ruled on before `before`; dashboard-backend keeps what was decided.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM notification_answers WHERE id IN (SELECT id FROM notification_answers WHERE state <> 'pending' AND finished_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
