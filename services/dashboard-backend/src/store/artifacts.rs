//! Versioned, content-addressed products of the stages.

use common::ids::{ArtifactId, ProjectId, StageId};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use crate::views::work::ArtifactSummary;

/// A row of `artifacts`.
#[derive(Clone, Debug, FromRow)]
pub struct ArtifactRow {
    pub id: ArtifactId,
    pub kind: String,
    pub version: i32,
    pub title: String,
    pub sha256: String,
    pub content: Value,
    pub created_at: OffsetDateTime,
}

impl From<ArtifactRow> for ArtifactSummary {
    fn from(row: ArtifactRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            version: row.version,
            title: row.title,
            sha256: row.sha256,
            created_at: row.created_at,
        }
    }
}

/// What approvals are bound to: SHA-256 of the canonical JSON.
pub fn sha256_of(content: &Value) -> String {
    hex::encode(Sha256::digest(super::events::canonical(content)))
}

/// The next version of its kind. The project's row must be locked: versions are counted.
pub async fn insert(
    conn: &mut PgConnection,
    project: ProjectId,
    stage: Option<StageId>,
    kind: &str,
    title: &str,
    content: &Value,
    now: OffsetDateTime,
) -> sqlx::Result<ArtifactRow> {
    sqlx::query_as(
        "INSERT INTO artifacts (id, project_id, stage_id, kind, version, title, sha256, content, created_at)
         SELECT $1, $2, $3, $4, coalesce(max(version), 0) + 1, $5, $6, $7, $8 FROM artifacts WHERE project_id = $2 AND kind = $4
         RETURNING *",
    )
    .bind(ArtifactId::new())
    .bind(project)
    .bind(stage)
    .bind(kind)
    .bind(title)
    .bind(sha256_of(content))
    .bind(content)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// The newest version of a kind.
pub async fn find_newest(conn: &mut PgConnection, project: ProjectId, kind: &str) -> sqlx::Result<Option<ArtifactRow>> {
    sqlx::query_as("SELECT * FROM artifacts WHERE project_id = $1 AND kind = $2 ORDER BY version DESC LIMIT 1")
        .bind(project)
        .bind(kind)
        .fetch_optional(conn)
        .await
}

/// The README as it was analysed; foreign text.
pub async fn find_readme(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<String> {
    let analysis = find_newest(conn, project, "analysis").await?;
    let text = analysis.as_ref().and_then(|row| row.content.pointer("/readme/text")).and_then(Value::as_str);
    Ok(text.unwrap_or_default().to_owned())
}

/// One version.
pub async fn find(conn: &mut PgConnection, project: ProjectId, id: ArtifactId) -> sqlx::Result<Option<ArtifactRow>> {
    sqlx::query_as("SELECT * FROM artifacts WHERE project_id = $1 AND id = $2")
        .bind(project)
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// The newest plan that people, or a policy, approved byte for byte.
pub async fn find_approved_plan(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Option<ArtifactRow>> {
    sqlx::query_as(
        "SELECT * FROM artifacts WHERE project_id = $1 AND kind = 'plan' AND EXISTS (
             SELECT 1 FROM hitl_decisions d WHERE d.project_id = $1 AND d.decision_type = 'plan' AND d.choice = 'approve'
                 AND d.status IN ('answered', 'applied') AND d.artifact_sha = artifacts.sha256)
         ORDER BY version DESC LIMIT 1",
    )
    .bind(project)
    .fetch_optional(conn)
    .await
}

/// All of a project, newest first, without their content.
pub async fn list(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<ArtifactRow>> {
    sqlx::query_as(
        "SELECT id, kind, version, title, sha256, 'null'::jsonb AS content, created_at FROM artifacts
         WHERE project_id = $1 ORDER BY created_at DESC, id DESC",
    )
    .bind(project)
    .fetch_all(conn)
    .await
}
