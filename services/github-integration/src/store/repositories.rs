//! SQL of the table `repositories`.

use common::ids::{ProjectId, RepositoryId};
use serde::Serialize;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::github::repositories::Repository as Seen;

/// A repository as we know it.
#[derive(Debug, Clone, FromRow, Serialize, ToSchema)]
pub(crate) struct Repository {
    pub id: RepositoryId,
    /// GitHub's numeric id.
    pub github_id: i64,
    pub owner: String,
    pub name: String,
    pub full_name: String,
    pub html_url: String,
    pub clone_url: String,
    pub default_branch: String,
    pub private: bool,
    /// `watching`, `ignored` or `adopted`.
    pub state: String,
    /// Why it is watched or ignored, for example `no_readme` or `fork`.
    pub state_reason: Option<String>,
    pub readme_path: Option<String>,
    pub readme_sha: Option<String>,
    pub project_id: Option<ProjectId>,
    /// `absent`, `installed` or `failed`.
    pub hook_state: String,
    pub hook_error: Option<String>,
    #[serde(skip)]
    pub hook_id: Option<i64>,
    #[serde(skip)]
    pub hook_secret_version: Option<String>,
    #[serde(skip)]
    pub looked_pushed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub removed_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    pub first_seen_at: OffsetDateTime,
}

/// The columns of [`Repository`].
macro_rules! columns {
    () => {
        "id, github_id, owner, name, full_name, html_url, clone_url, default_branch, private, state, state_reason, readme_path, readme_sha,
         project_id, hook_state, hook_error, hook_id, hook_secret_version, looked_pushed_at, removed_at, first_seen_at"
    };
}

macro_rules! select {
    ($rest:literal) => {
        sqlx::query_as::<_, Repository>(concat!("SELECT ", columns!(), " FROM repositories ", $rest))
    };
}

/// What the start rule made of a look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    pub state: &'a str,
    pub reason: Option<&'a str>,
    pub readme: Option<(&'a str, &'a str)>,
}

pub(crate) async fn find(conn: &mut PgConnection, id: RepositoryId) -> sqlx::Result<Option<Repository>> {
    select!("WHERE id = $1").bind(id).fetch_optional(conn).await
}

pub(crate) async fn find_by_github_id(conn: &mut PgConnection, github_id: i64) -> sqlx::Result<Option<Repository>> {
    select!("WHERE github_id = $1").bind(github_id).fetch_optional(conn).await
}

/// By `owner/name`; the newest, should an older one of that name be gone.
pub(crate) async fn find_by_name(conn: &mut PgConnection, full_name: &str) -> sqlx::Result<Option<Repository>> {
    select!("WHERE lower(full_name) = lower($1) ORDER BY removed_at IS NOT NULL, id DESC LIMIT 1")
        .bind(full_name)
        .fetch_optional(conn)
        .await
}

pub(crate) async fn list_by_github_ids(conn: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<Repository>> {
    select!("WHERE github_id = ANY($1)").bind(ids).fetch_all(conn).await
}

/// Newest first, beginning after `after`.
pub(crate) async fn list(
    conn: &mut PgConnection,
    after: Option<RepositoryId>,
    limit: i64,
) -> sqlx::Result<Vec<Repository>> {
    select!("WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2").bind(after).bind(limit).fetch_all(conn).await
}

/// Watched ones that nobody has looked at since `before`, the longest neglected first. Times of pushes are whole seconds, so a look
/// within moments of a push may have come before another push of the same second, and is made again.
pub(crate) async fn list_neglected(
    conn: &mut PgConnection,
    before: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<Repository>> {
    select!(
        "WHERE state = 'watching' AND removed_at IS NULL AND (looked_at < $1 OR looked_at < pushed_at + interval '10 seconds')
         ORDER BY looked_at LIMIT $2"
    )
    .bind(before)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Those whose webhook nobody has looked after since `before`, or has another secret than the one of `secret_version`.
pub(crate) async fn list_hook_due(
    conn: &mut PgConnection,
    before: OffsetDateTime,
    secret_version: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<Repository>> {
    select!(
        "WHERE state <> 'ignored' AND removed_at IS NULL
           AND (hook_checked_at IS NULL OR hook_checked_at < $1 OR hook_secret_version <> $2)
         ORDER BY hook_checked_at NULLS FIRST LIMIT $3"
    )
    .bind(before)
    .bind(secret_version)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Those that have a webhook of ours.
pub(crate) async fn list_hooked(conn: &mut PgConnection) -> sqlx::Result<Vec<Repository>> {
    select!("WHERE hook_id IS NOT NULL AND hook_state = 'installed' AND removed_at IS NULL ORDER BY id DESC LIMIT 200")
        .fetch_all(conn)
        .await
}

/// Write down what GitHub says of a repository, and lock its row until the transaction ends. A new one is `watching`.
pub(crate) async fn upsert(conn: &mut PgConnection, seen: &Seen, now: OffsetDateTime) -> sqlx::Result<Repository> {
    sqlx::query_as(concat!(
        "INSERT INTO repositories (id, github_id, owner, name, full_name, html_url, clone_url, default_branch, private, fork, template,
                                   archived, state, created_on_github_at, pushed_at, first_seen_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'watching', $13, $14, $15, $15)
         ON CONFLICT (github_id) DO UPDATE SET owner = EXCLUDED.owner, name = EXCLUDED.name, full_name = EXCLUDED.full_name,
             html_url = EXCLUDED.html_url, clone_url = EXCLUDED.clone_url, default_branch = EXCLUDED.default_branch,
             private = EXCLUDED.private, fork = EXCLUDED.fork, template = EXCLUDED.template, archived = EXCLUDED.archived,
             pushed_at = EXCLUDED.pushed_at, removed_at = NULL, updated_at = EXCLUDED.updated_at
         RETURNING ",
        columns!()
    ))
    .bind(RepositoryId::new())
    .bind(seen.id)
    .bind(&seen.owner.login)
    .bind(&seen.name)
    .bind(&seen.full_name)
    .bind(&seen.html_url)
    .bind(&seen.clone_url)
    .bind(&seen.default_branch)
    .bind(seen.private)
    .bind(seen.fork)
    .bind(seen.is_template)
    .bind(seen.archived)
    .bind(seen.created_at)
    .bind(seen.pushed_at)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// Write down a look; `pushed_at` is what GitHub said before we looked.
pub(crate) async fn update_look(
    conn: &mut PgConnection,
    id: RepositoryId,
    look: Look<'_>,
    pushed_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE repositories SET state = $2, state_reason = $3, readme_path = $4, readme_sha = $5, looked_pushed_at = $6,
                looked_at = $7, updated_at = $7
         WHERE id = $1",
    )
    .bind(id)
    .bind(look.state)
    .bind(look.reason)
    .bind(look.readme.map(|(path, _)| path))
    .bind(look.readme.map(|(_, sha)| sha))
    .bind(pushed_at)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

/// It has become this project.
pub(crate) async fn update_project(
    conn: &mut PgConnection,
    id: RepositoryId,
    project_id: ProjectId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE repositories SET project_id = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(project_id)
        .bind(now)
        .execute(conn)
        .await
        .map(drop)
}

/// It is gone from GitHub, or from our sight.
pub(crate) async fn update_removed(conn: &mut PgConnection, github_id: i64, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE repositories SET removed_at = $2, updated_at = $2 WHERE github_id = $1 AND removed_at IS NULL")
        .bind(github_id)
        .bind(now)
        .execute(conn)
        .await
        .map(drop)
}

/// How its webhook stands: its id and which secret it has, or why there is none.
pub(crate) async fn update_hook(
    conn: &mut PgConnection,
    id: RepositoryId,
    hook: Result<(i64, &str), &str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (state, hook_id, secret_version, error) = match hook {
        Ok((hook_id, secret_version)) => ("installed", Some(hook_id), Some(secret_version), None),
        Err(error) => ("failed", None, None, Some(error)),
    };
    sqlx::query(
        "UPDATE repositories SET hook_state = $2, hook_id = coalesce($3, hook_id), hook_error = $4, hook_checked_at = $5, updated_at = $5,
           hook_secret_version = coalesce($6, hook_secret_version)
         WHERE id = $1",
    )
    .bind(id)
    .bind(state)
    .bind(hook_id)
    .bind(error)
    .bind(now)
    .bind(secret_version)
    .execute(conn)
    .await
    .map(drop)
}
