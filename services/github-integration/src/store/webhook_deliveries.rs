//! SQL of the table `webhook_deliveries`: the inbox.

use common::jobs::PRUNE_AT_ONCE;
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;

common::typed_id! {
    /// A stored delivery.
    DeliveryId,
}

/// A delivery as people see it: without its body.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "`delivery_id` is GitHub's word for it")]
pub(crate) struct Delivery {
    pub id: DeliveryId,
    /// `X-GitHub-Delivery`.
    pub delivery_id: String,
    pub event: String,
    pub action: Option<String>,
    pub repository_name: Option<String>,
    pub sender_login: Option<String>,
    /// `received`, `processed`, `failed` or `invalid`.
    pub state: String,
    /// What it led to, for example `intake` or `ignored`.
    pub outcome: Option<String>,
    pub error: Option<String>,
    /// How often GitHub sent it.
    pub times_received: i32,
    /// How often somebody had it worked on again.
    pub replays: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub processed_at: Option<OffsetDateTime>,
}

/// The columns of [`Delivery`].
macro_rules! select {
    () => {
        "SELECT id, delivery_id, event, action, repository_name, sender_login, state, outcome, error, times_received, replays, received_at,
                processed_at
         FROM webhook_deliveries "
    };
}

/// What the job needs.
#[derive(Debug, FromRow)]
pub(crate) struct Stored {
    pub event: String,
    pub content_type: String,
    pub body: Vec<u8>,
    pub state: String,
}

/// A delivery about to be stored.
#[derive(Debug)]
pub(crate) struct NewDelivery<'a> {
    pub delivery_id: &'a str,
    pub event: &'a str,
    pub action: Option<&'a str>,
    pub github_repository_id: Option<i64>,
    pub repository_name: Option<&'a str>,
    pub sender_login: Option<&'a str>,
    pub content_type: &'a str,
    pub headers: &'a Value,
    pub body: &'a [u8],
    /// Why it cannot be worked on.
    pub invalid: Option<&'a str>,
}

/// What storing found.
#[derive(Debug, FromRow)]
pub(crate) struct Inserted {
    pub id: DeliveryId,
    pub times_received: i32,
    pub state: String,
}

/// Stores a delivery, or counts a repeat of one that is there.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    new: &NewDelivery<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Inserted> {
    sqlx::query_as(
        "INSERT INTO webhook_deliveries (id, delivery_id, event, action, github_repository_id, repository_name, sender_login, content_type,
                                         headers, body, state, error, received_at, last_received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $11::text IS NULL THEN 'received' ELSE 'invalid' END, $11, $12, $12)
         ON CONFLICT ON CONSTRAINT webhook_deliveries_delivery_id_key
         DO UPDATE SET times_received = webhook_deliveries.times_received + 1, last_received_at = EXCLUDED.last_received_at
         RETURNING id, times_received, state",
    )
    .bind(DeliveryId::new())
    .bind(new.delivery_id)
    .bind(new.event)
    .bind(new.action)
    .bind(new.github_repository_id)
    .bind(new.repository_name)
    .bind(new.sender_login)
    .bind(new.content_type)
    .bind(new.headers)
    .bind(new.body)
    .bind(new.invalid)
    .bind(now)
    .fetch_one(conn)
    .await
}

pub(crate) async fn find_stored(conn: &mut PgConnection, id: DeliveryId) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as("SELECT event, content_type, body, state FROM webhook_deliveries WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

pub(crate) async fn find(conn: &mut PgConnection, id: DeliveryId) -> sqlx::Result<Option<Delivery>> {
    sqlx::query_as(concat!(select!(), "WHERE id = $1")).bind(id).fetch_optional(conn).await
}

/// Newest first, beginning after `after`; only those in `state` when given.
pub(crate) async fn list(
    conn: &mut PgConnection,
    state: Option<&str>,
    after: Option<DeliveryId>,
    limit: i64,
) -> sqlx::Result<Vec<Delivery>> {
    sqlx::query_as(concat!(
        select!(),
        "WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
    ))
    .bind(state)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// It was worked on.
pub(crate) async fn update_processed(
    conn: &mut PgConnection,
    id: DeliveryId,
    outcome: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE webhook_deliveries SET state = 'processed', outcome = $2, error = NULL, processed_at = $3 WHERE id = $1")
        .bind(id)
        .bind(outcome)
        .bind(now)
        .execute(conn)
        .await
        .map(drop)
}

/// Its job gave up.
pub(crate) async fn update_failed(
    conn: &mut PgConnection,
    id: DeliveryId,
    error: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE webhook_deliveries SET state = 'failed', error = $2, processed_at = $3 WHERE id = $1")
        .bind(id)
        .bind(error)
        .bind(now)
        .execute(conn)
        .await
        .map(drop)
}

/// It is to be worked on again. `by_hand` counts an operator's wish.
pub(crate) async fn update_replayed(conn: &mut PgConnection, id: DeliveryId, by_hand: bool) -> sqlx::Result<()> {
    sqlx::query("UPDATE webhook_deliveries SET state = 'received', error = NULL, replays = replays + CASE WHEN $2 THEN 1 ELSE 0 END WHERE id = $1")
        .bind(id)
        .bind(by_hand)
        .execute(conn)
        .await
        .map(drop)
}

/// Which of these GUIDs have arrived.
pub(crate) async fn list_known(conn: &mut PgConnection, guids: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT delivery_id FROM webhook_deliveries WHERE delivery_id = ANY($1)")
        .bind(guids)
        .fetch_all(conn)
        .await
}

/// Removes some of what was received before `before` and needs nobody any more; what failed stays until somebody has seen to it.
pub(crate) async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM webhook_deliveries WHERE id IN
             (SELECT id FROM webhook_deliveries WHERE state IN ('processed', 'invalid') AND received_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
