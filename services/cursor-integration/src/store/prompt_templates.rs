//! SQL of the table `prompt_templates`.

use common::ids::UserId;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A version of a template written by a person.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
pub(crate) struct PromptTemplate {
    /// The task.
    pub name: String,
    pub version: i32,
    pub body: String,
    /// Whether runs use it.
    pub active: bool,
    pub created_by: UserId,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// The version in use; none: the built-in template.
pub(crate) async fn active(conn: &mut PgConnection, name: &str) -> sqlx::Result<Option<PromptTemplate>> {
    sqlx::query_as(
        "SELECT name, version, body, active, created_by, created_at FROM prompt_templates WHERE name = $1 AND active",
    )
    .bind(name)
    .fetch_optional(conn)
    .await
}

/// Every version, newest first.
pub(crate) async fn list(conn: &mut PgConnection) -> sqlx::Result<Vec<PromptTemplate>> {
    sqlx::query_as(
        "SELECT name, version, body, active, created_by, created_at FROM prompt_templates ORDER BY name, version DESC",
    )
    .fetch_all(conn)
    .await
}

/// Add a version and use it from now on. Two at once: one of them fails on the version's key.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    name: &str,
    body: &str,
    by: UserId,
    now: OffsetDateTime,
) -> sqlx::Result<PromptTemplate> {
    deactivate(&mut *conn, name).await?;
    sqlx::query_as(
        "INSERT INTO prompt_templates (id, name, version, body, active, created_by, created_at)
         VALUES ($1, $2, (SELECT coalesce(max(version), 0) + 1 FROM prompt_templates WHERE name = $2), $3, TRUE, $4, $5)
         RETURNING name, version, body, active, created_by, created_at",
    )
    .bind(Uuid::now_v7())
    .bind(name)
    .bind(body)
    .bind(by)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// Go back to the built-in template.
pub(crate) async fn deactivate(conn: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE prompt_templates SET active = FALSE WHERE name = $1 AND active")
        .bind(name)
        .execute(conn)
        .await?;
    Ok(())
}
