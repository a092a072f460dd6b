//! Who is asked for what.

use common::ids::ProjectId;
use sqlx::{FromRow, PgConnection};

use crate::views::work::Policy;

/// The policy that holds for a kind of decision.
#[derive(Clone, Debug, FromRow)]
pub struct PolicyRow {
    pub decision_type: String,
    pub mode: String,
    pub quorum: i32,
    pub expires_after_seconds: i32,
    pub own: bool,
}

impl From<PolicyRow> for Policy {
    fn from(row: PolicyRow) -> Self {
        Self {
            decision_type: row.decision_type,
            mode: row.mode,
            quorum: row.quorum,
            expires_after_seconds: row.expires_after_seconds,
            own: row.own,
        }
    }
}

/// What holds for a project: its own policy, else the installation's.
pub async fn find(conn: &mut PgConnection, project: ProjectId, decision_type: &str) -> sqlx::Result<Option<PolicyRow>> {
    sqlx::query_as(
        "SELECT decision_type, mode, quorum, expires_after_seconds, project_id IS NOT NULL AS own FROM approval_policies
         WHERE decision_type = $2 AND (project_id = $1 OR project_id IS NULL) ORDER BY project_id NULLS LAST LIMIT 1",
    )
    .bind(project)
    .bind(decision_type)
    .fetch_optional(conn)
    .await
}

/// What holds for a project, every kind; without a project, the defaults.
pub async fn list(conn: &mut PgConnection, project: Option<ProjectId>) -> sqlx::Result<Vec<PolicyRow>> {
    sqlx::query_as(
        "SELECT DISTINCT ON (decision_type) decision_type, mode, quorum, expires_after_seconds, project_id IS NOT NULL AS own
         FROM approval_policies WHERE project_id = $1 OR project_id IS NULL ORDER BY decision_type, project_id NULLS LAST",
    )
    .bind(project)
    .fetch_all(conn)
    .await
}

/// Sets the policy of a project, or the default.
pub async fn upsert(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    decision_type: &str,
    mode: &str,
    quorum: i32,
    expires_after_seconds: i32,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO approval_policies (project_id, decision_type, mode, quorum, expires_after_seconds) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT ON CONSTRAINT approval_policies_scope_key
         DO UPDATE SET mode = $3, quorum = $4, expires_after_seconds = $5",
    )
    .bind(project)
    .bind(decision_type)
    .bind(mode)
    .bind(quorum)
    .bind(expires_after_seconds)
    .execute(conn)
    .await?;
    Ok(())
}
