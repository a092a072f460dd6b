//! `approval_links` and `approval_link_visits`.

use common::ids::{DecisionId, UserId};
use common::jobs::PRUNE_AT_ONCE;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use super::MessageId;

/// A link in a mail.
#[derive(Debug, Clone, FromRow)]
pub struct ApprovalLink {
    pub token_hash: Vec<u8>,
    pub message_id: MessageId,
    pub decision_id: DecisionId,
    pub user_id: UserId,
    pub evidence_sha: Option<String>,
    pub expires_at: OffsetDateTime,
    pub used_at: Option<OffsetDateTime>,
    pub void_at: Option<OffsetDateTime>,
    pub void_reason: Option<String>,
    pub code_hash: Option<Vec<u8>>,
    pub code_sent_at: Option<OffsetDateTime>,
    pub code_tries: i32,
}

/// What a new link needs.
#[derive(Debug, Clone)]
pub struct NewLink<'a> {
    pub token_hash: &'a [u8],
    pub message_id: MessageId,
    pub decision_id: DecisionId,
    pub user_id: UserId,
    pub evidence_sha: Option<&'a str>,
    pub expires_at: OffsetDateTime,
}

/// Keeps a link; a repeated attempt to send the same mail finds it there. After a rotation of the secret its token is another one: the
/// newest mail is the one that counts.
pub async fn insert(conn: &mut PgConnection, new: &NewLink<'_>, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO approval_links (token_hash, message_id, decision_id, user_id, evidence_sha, expires_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (message_id)
         DO UPDATE SET token_hash = EXCLUDED.token_hash WHERE approval_links.used_at IS NULL",
    )
    .bind(new.token_hash)
    .bind(new.message_id)
    .bind(new.decision_id)
    .bind(new.user_id)
    .bind(new.evidence_sha)
    .bind(new.expires_at)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// The link of a token.
pub async fn find(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<Option<ApprovalLink>> {
    sqlx::query_as(
        "SELECT token_hash, message_id, decision_id, user_id, evidence_sha, expires_at, used_at, void_at, void_reason, code_hash, code_sent_at, code_tries
         FROM approval_links WHERE token_hash = $1",
    )
    .bind(token_hash)
    .fetch_optional(conn)
    .await
}

/// Uses a link up. `false`: used, void or too old by now.
pub async fn use_up(conn: &mut PgConnection, token_hash: &[u8], now: OffsetDateTime) -> sqlx::Result<bool> {
    let used = sqlx::query("UPDATE approval_links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND void_at IS NULL AND expires_at > $2")
        .bind(token_hash)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(used.rows_affected() == 1)
}

/// No link of this decision counts any more.
pub async fn void(
    conn: &mut PgConnection,
    decision_id: DecisionId,
    reason: &str,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let gone = sqlx::query(
        "UPDATE approval_links SET void_at = $3, void_reason = $2 WHERE decision_id = $1 AND void_at IS NULL",
    )
    .bind(decision_id)
    .bind(reason)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Six digits went to another channel.
pub async fn set_code(
    conn: &mut PgConnection,
    token_hash: &[u8],
    code_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE approval_links SET code_hash = $2, code_sent_at = $3, code_tries = 0 WHERE token_hash = $1")
        .bind(token_hash)
        .bind(code_hash)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Counts a try at the six digits and answers how many there were.
pub async fn count_try(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<i32> {
    sqlx::query_scalar(
        "UPDATE approval_links SET code_tries = code_tries + 1 WHERE token_hash = $1 RETURNING code_tries",
    )
    .bind(token_hash)
    .fetch_one(conn)
    .await
}

/// A view or a try.
#[derive(Debug, Clone)]
pub struct Visit<'a> {
    pub token_hash: &'a [u8],
    pub kind: &'a str,
    pub outcome: &'a str,
    pub address: &'a str,
    pub user_agent: &'a str,
}

/// Keeps a view or try.
pub async fn record_visit(conn: &mut PgConnection, visit: &Visit<'_>, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO approval_link_visits (id, token_hash, kind, outcome, address, user_agent, visited_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(uuid::Uuid::now_v7())
    .bind(visit.token_hash)
    .bind(visit.kind)
    .bind(visit.outcome)
    .bind(visit.address)
    .bind(visit.user_agent)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// How often an address came with an unknown token, or tried to decide in vain, since `since`.
pub async fn count_misses(conn: &mut PgConnection, address: &str, since: OffsetDateTime) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM approval_link_visits WHERE address = $1 AND visited_at > $2 AND outcome IN ('unknown', 'wrong_nonce', 'wrong_code')")
        .bind(address)
        .bind(since)
        .fetch_one(conn)
        .await
}

/// Removes some visits before `before`: they hold addresses and browsers of people.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM approval_link_visits WHERE id IN (SELECT id FROM approval_link_visits WHERE visited_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
