//! `notifications`.

use common::clients::notification::Notify;
use common::ids::{DecisionId, NotificationId, ProjectId};
use common::jobs::PRUNE_AT_ONCE;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

/// What people are told.
#[derive(Debug, Clone, FromRow)]
pub struct Notification {
    pub id: NotificationId,
    pub kind: String,
    pub project_id: ProjectId,
    pub project_name: String,
    pub decision_id: Option<DecisionId>,
    pub title: String,
    pub text: String,
    pub link: Option<String>,
    pub created_at: OffsetDateTime,
}

/// Keeps a new one. `None`: one with this key is there.
pub async fn insert(
    conn: &mut PgConnection,
    notify: &Notify,
    now: OffsetDateTime,
) -> sqlx::Result<Option<NotificationId>> {
    sqlx::query_scalar(
        "INSERT INTO notifications (id, key, kind, project_id, project_name, decision_id, title, text, link, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING RETURNING id",
    )
    .bind(NotificationId::new())
    .bind(&notify.key)
    .bind(&notify.kind)
    .bind(notify.project.id)
    .bind(&notify.project.name)
    .bind(notify.decision.as_ref().map(|decision| decision.id))
    .bind(&notify.title)
    .bind(&notify.text)
    .bind(&notify.link)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// The one with this key.
pub async fn find_by_key(conn: &mut PgConnection, key: &str) -> sqlx::Result<Option<NotificationId>> {
    sqlx::query_scalar("SELECT id FROM notifications WHERE key = $1").bind(key).fetch_optional(conn).await
}

/// One of them.
pub async fn find(conn: &mut PgConnection, id: NotificationId) -> sqlx::Result<Option<Notification>> {
    sqlx::query_as(
        "SELECT id, kind, project_id, project_name, decision_id, title, text, link, created_at FROM notifications WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// Newest first; those before `before` when given.
pub async fn list(
    conn: &mut PgConnection,
    project_id: Option<ProjectId>,
    before: Option<NotificationId>,
    limit: i64,
) -> sqlx::Result<Vec<Notification>> {
    sqlx::query_as(
        "SELECT id, kind, project_id, project_name, decision_id, title, text, link, created_at FROM notifications
         WHERE ($1::uuid IS NULL OR project_id = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
    )
    .bind(project_id)
    .bind(before)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Removes some notifications made before `before`, messages and attempts with them. Those of decisions that are still open stay.
pub async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM notifications WHERE id IN (
             SELECT notifications.id FROM notifications LEFT JOIN notification_decisions ON notification_decisions.id = decision_id
             WHERE created_at < $1 AND (decision_id IS NULL OR notification_decisions.id IS NULL OR closed_at IS NOT NULL) LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
