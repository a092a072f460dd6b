//! SQL of the table `pull_requests`.

use common::ids::ProjectId;
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::github::FullName;
use crate::github::pulls::Pull;

common::typed_id! {
    /// A pull request we opened.
    PullRequestId,
}

/// A pull request as last seen.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub(crate) struct PullRequest {
    pub id: PullRequestId,
    pub project_id: ProjectId,
    /// `owner/name`.
    pub repository: String,
    pub number: i64,
    pub title: String,
    pub html_url: String,
    pub head: String,
    pub base: String,
    pub head_sha: String,
    /// `open`, `closed` or `merged`.
    pub state: String,
    pub merge_sha: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub opened_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
}

/// Writes down a pull request of a project.
pub(crate) async fn upsert(
    conn: &mut PgConnection,
    project_id: ProjectId,
    repository: &FullName,
    pull: &Pull,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let state = if pull.merged || pull.merged_at.is_some() { "merged" } else { pull.state.as_str() };
    sqlx::query(
        "INSERT INTO pull_requests (id, project_id, github_id, repository, number, title, html_url, head, base, head_sha, state, merge_sha,
                                    opened_at, closed_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         ON CONFLICT ON CONSTRAINT pull_requests_github_id_key DO UPDATE SET repository = EXCLUDED.repository, title = EXCLUDED.title,
             head_sha = EXCLUDED.head_sha, state = EXCLUDED.state, merge_sha = coalesce(EXCLUDED.merge_sha, pull_requests.merge_sha),
             closed_at = EXCLUDED.closed_at, updated_at = EXCLUDED.updated_at",
    )
    .bind(PullRequestId::new())
    .bind(project_id)
    .bind(pull.id)
    .bind(repository.to_string())
    .bind(pull.number)
    .bind(&pull.title)
    .bind(&pull.html_url)
    .bind(&pull.head.name)
    .bind(&pull.base.name)
    .bind(&pull.head.sha)
    .bind(state)
    .bind(pull.merge_commit_sha.as_ref().filter(|_| state == "merged"))
    .bind(pull.created_at.unwrap_or(now))
    .bind(pull.closed_at)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

/// The project whose pull request this is.
pub(crate) async fn find_project(conn: &mut PgConnection, github_id: i64) -> sqlx::Result<Option<ProjectId>> {
    sqlx::query_scalar("SELECT project_id FROM pull_requests WHERE github_id = $1")
        .bind(github_id)
        .fetch_optional(conn)
        .await
}

/// The branch whose pull request last had this head.
pub(crate) async fn find_head(
    conn: &mut PgConnection,
    project_id: ProjectId,
    sha: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT head FROM pull_requests WHERE project_id = $1 AND head_sha = $2 ORDER BY id DESC LIMIT 1",
    )
    .bind(project_id)
    .bind(sha)
    .fetch_optional(conn)
    .await
}

/// A project's pull requests (of all projects when `None`), newest first, beginning after `after`.
pub(crate) async fn list(
    conn: &mut PgConnection,
    project_id: Option<ProjectId>,
    after: Option<PullRequestId>,
    limit: i64,
) -> sqlx::Result<Vec<PullRequest>> {
    sqlx::query_as(
        "SELECT id, project_id, repository, number, title, html_url, head, base, head_sha, state, merge_sha, opened_at, closed_at
         FROM pull_requests WHERE ($1::uuid IS NULL OR project_id = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
    )
    .bind(project_id)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}
