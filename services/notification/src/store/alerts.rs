//! `alerts` and `alert_recipients`.

use std::collections::BTreeMap;

use common::clients::notification::Recipient;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

/// Labels or annotations.
pub type Texts = BTreeMap<String, String>;

/// An alert, as Alertmanager last told it.
#[derive(Debug, Clone, FromRow)]
pub struct Alert {
    pub fingerprint: String,
    pub starts_at: OffsetDateTime,
    pub name: String,
    pub severity: String,
    pub status: String,
    pub labels: Json<Texts>,
    pub annotations: Json<Texts>,
    pub ends_at: Option<OffsetDateTime>,
    pub silence_url: Option<String>,
    pub told_firing_at: Option<OffsetDateTime>,
    pub told_resolved_at: Option<OffsetDateTime>,
}

impl Alert {
    /// Whether it is over.
    pub fn is_resolved(&self) -> bool {
        self.status == "resolved"
    }
}

/// What a report of an alert says.
#[derive(Debug, Clone)]
pub struct NewAlert<'a> {
    pub fingerprint: &'a str,
    pub starts_at: OffsetDateTime,
    pub group_key: &'a str,
    pub name: &'a str,
    pub severity: &'a str,
    pub status: &'a str,
    pub labels: &'a Texts,
    pub annotations: &'a Texts,
    pub ends_at: Option<OffsetDateTime>,
    pub silence_url: Option<&'a str>,
}

/// Keeps what is reported. An alert that is over stays over: a report that was overtaken does not wake it. Answers whether it is new.
pub async fn upsert(conn: &mut PgConnection, alert: &NewAlert<'_>, now: OffsetDateTime) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "INSERT INTO alerts (fingerprint, starts_at, group_key, name, severity, status, labels, annotations, ends_at, silence_url, received_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         ON CONFLICT (fingerprint, starts_at) DO UPDATE SET
             group_key = EXCLUDED.group_key, annotations = EXCLUDED.annotations, silence_url = EXCLUDED.silence_url, updated_at = EXCLUDED.updated_at,
             status = CASE WHEN alerts.status = 'resolved' THEN alerts.status ELSE EXCLUDED.status END,
             ends_at = coalesce(alerts.ends_at, EXCLUDED.ends_at)
         RETURNING xmax = 0",
    )
    .bind(alert.fingerprint)
    .bind(alert.starts_at)
    .bind(alert.group_key)
    .bind(alert.name)
    .bind(alert.severity)
    .bind(alert.status)
    .bind(Json(alert.labels))
    .bind(Json(alert.annotations))
    .bind(alert.ends_at)
    .bind(alert.silence_url)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// What of a group people do not know yet, locked until the transaction ends: what fires and was never told or not since `remind_before`
/// although Alertmanager spoke of it again, and what is over and was told to fire.
pub async fn lock_news(
    conn: &mut PgConnection,
    group_key: &str,
    remind_before: OffsetDateTime,
) -> sqlx::Result<Vec<Alert>> {
    sqlx::query_as(
        "SELECT fingerprint, starts_at, name, severity, status, labels, annotations, ends_at, silence_url, told_firing_at, told_resolved_at
         FROM alerts
         WHERE group_key = $1 AND (
             (status = 'firing' AND (told_firing_at IS NULL OR (told_firing_at <= $2 AND updated_at > told_firing_at)))
             OR (status = 'resolved' AND told_firing_at IS NOT NULL AND told_resolved_at IS NULL))
         ORDER BY status, array_position(ARRAY['critical', 'warning'], severity), name, fingerprint
         FOR UPDATE",
    )
    .bind(group_key)
    .bind(remind_before)
    .fetch_all(conn)
    .await
}

/// People are told in this transaction.
pub async fn set_told(conn: &mut PgConnection, alert: &Alert, now: OffsetDateTime) -> sqlx::Result<()> {
    let sql = if alert.is_resolved() {
        "UPDATE alerts SET told_resolved_at = $3 WHERE fingerprint = $1 AND starts_at = $2"
    } else {
        "UPDATE alerts SET told_firing_at = $3 WHERE fingerprint = $1 AND starts_at = $2"
    };
    sqlx::query(sql).bind(&alert.fingerprint).bind(alert.starts_at).bind(now).execute(conn).await?;
    Ok(())
}

/// Removes what is over since `before`. Answers how many.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let gone = sqlx::query("DELETE FROM alerts WHERE status = 'resolved' AND updated_at < $1").bind(before);
    Ok(gone.execute(conn).await?.rows_affected())
}

/// Remembers whom to tell.
pub async fn remember_recipients(
    conn: &mut PgConnection,
    recipients: &[Recipient],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let ids: Vec<_> = recipients.iter().map(|recipient| recipient.user_id.0).collect();
    sqlx::query("DELETE FROM alert_recipients WHERE user_id <> ALL($1)").bind(&ids).execute(&mut *conn).await?;
    for recipient in recipients {
        sqlx::query(
            "INSERT INTO alert_recipients (user_id, email, name, role, seen_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (user_id) DO UPDATE SET email = EXCLUDED.email, name = EXCLUDED.name, role = EXCLUDED.role, seen_at = EXCLUDED.seen_at",
        )
        .bind(recipient.user_id)
        .bind(&recipient.email)
        .bind(&recipient.name)
        .bind(recipient.role.as_str())
        .bind(now)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Whom to tell, as last heard.
pub async fn recipients(conn: &mut PgConnection) -> sqlx::Result<Vec<Recipient>> {
    let rows: Vec<(common::ids::UserId, String, String, common::auth::Role)> =
        sqlx::query_as("SELECT user_id, email, name, role FROM alert_recipients ORDER BY user_id")
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|(user_id, email, name, role)| Recipient { user_id, email, name, role }).collect())
}
