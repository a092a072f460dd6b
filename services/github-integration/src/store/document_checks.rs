//! SQL of the table `document_checks`.

use common::ids::ProjectId;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

/// A check of the documents of a commit.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct DocumentCheck {
    pub id: Uuid,
    pub repository: String,
    pub sha: String,
    pub required: bool,
    /// `None` until it was made: `success`, `failure` or `neutral`.
    pub conclusion: Option<String>,
    pub summary: String,
}

/// What a check found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome<'a> {
    pub conclusion: &'a str,
    pub problems: usize,
    pub older: usize,
    pub summary: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        sqlx::query_as::<_, DocumentCheck>(concat!(
            "SELECT id, repository, sha, required, conclusion, summary FROM document_checks ",
            $rest
        ))
    };
}

/// Ask for a check; the id when there is work to do. A check that was only shown is made again when it becomes required.
pub(crate) async fn ask(
    conn: &mut PgConnection,
    project_id: ProjectId,
    (repository, sha): (&str, &str),
    required: bool,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Uuid>> {
    let (id, checked): (Uuid, bool) = sqlx::query_as(
        "INSERT INTO document_checks AS known (id, project_id, repository, sha, required, asked_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT ON CONSTRAINT document_checks_commit_key DO UPDATE SET
             required = known.required OR EXCLUDED.required,
             checked_at = CASE WHEN EXCLUDED.required AND NOT known.required THEN NULL ELSE known.checked_at END,
             conclusion = CASE WHEN EXCLUDED.required AND NOT known.required THEN NULL ELSE known.conclusion END
         RETURNING id, checked_at IS NOT NULL",
    )
    .bind(Uuid::now_v7())
    .bind(project_id)
    .bind(repository)
    .bind(sha)
    .bind(required)
    .bind(now)
    .fetch_one(conn)
    .await?;
    Ok((!checked).then_some(id))
}

pub(crate) async fn find(conn: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<DocumentCheck>> {
    select!("WHERE id = $1").bind(id).fetch_optional(conn).await
}

pub(crate) async fn find_by_commit(
    conn: &mut PgConnection,
    project_id: ProjectId,
    sha: &str,
) -> sqlx::Result<Option<DocumentCheck>> {
    select!("WHERE project_id = $1 AND sha = $2").bind(project_id).bind(sha).fetch_optional(conn).await
}

/// Keep what was found. `false`: it has become required meanwhile, and is made again.
pub(crate) async fn update_checked(
    conn: &mut PgConnection,
    check: &DocumentCheck,
    outcome: Outcome<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    sqlx::query(
        "UPDATE document_checks SET checked_at = $3, conclusion = $4, problems = $5, older = $6, summary = $7
         WHERE id = $1 AND required = $2",
    )
    .bind(check.id)
    .bind(check.required)
    .bind(now)
    .bind(outcome.conclusion)
    .bind(count(outcome.problems))
    .bind(count(outcome.older))
    .bind(outcome.summary)
    .execute(conn)
    .await
    .map(|result| result.rows_affected() == 1)
}
