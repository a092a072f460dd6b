//! Milestones of each version of the plan.

use common::ids::ProjectId;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use crate::views::projects::Milestone;

/// A row of `milestones`.
#[derive(Clone, Debug, FromRow)]
pub struct MilestoneRow {
    pub project_id: ProjectId,
    pub plan_version: i32,
    pub key: String,
    pub position: i32,
    pub title: String,
    pub goal: String,
    pub branch: String,
    pub status: String,
    pub pull_request: Option<i64>,
    pub merge_sha: Option<String>,
}

impl From<MilestoneRow> for Milestone {
    fn from(row: MilestoneRow) -> Self {
        Self {
            key: row.key,
            title: row.title,
            goal: row.goal,
            branch: row.branch,
            status: row.status,
            pull_request: row.pull_request,
            merge_sha: row.merge_sha,
        }
    }
}

/// What a milestone starts with.
#[derive(Clone, Debug)]
pub struct NewMilestone<'a> {
    pub key: &'a str,
    pub title: &'a str,
    pub goal: &'a str,
    pub branch: &'a str,
}

/// The milestones of a version of the plan.
pub async fn insert_all(
    conn: &mut PgConnection,
    project: ProjectId,
    version: i32,
    milestones: &[NewMilestone<'_>],
) -> sqlx::Result<()> {
    for (position, milestone) in (1_i32..).zip(milestones) {
        sqlx::query(
            "INSERT INTO milestones (project_id, plan_version, key, position, title, goal, branch) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(project)
        .bind(version)
        .bind(milestone.key)
        .bind(position)
        .bind(milestone.title)
        .bind(milestone.goal)
        .bind(milestone.branch)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Those of a version, in building order.
pub async fn list(conn: &mut PgConnection, project: ProjectId, version: i32) -> sqlx::Result<Vec<MilestoneRow>> {
    sqlx::query_as("SELECT * FROM milestones WHERE project_id = $1 AND plan_version = $2 ORDER BY position")
        .bind(project)
        .bind(version)
        .fetch_all(conn)
        .await
}

/// Those of the newest version of several projects.
pub async fn list_of(conn: &mut PgConnection, projects: &[ProjectId]) -> sqlx::Result<Vec<MilestoneRow>> {
    sqlx::query_as(
        "SELECT m.* FROM milestones m
         WHERE m.project_id = ANY($1)
           AND m.plan_version = (SELECT max(plan_version) FROM milestones newest WHERE newest.project_id = m.project_id)
         ORDER BY m.project_id, m.position",
    )
    .bind(projects)
    .fetch_all(conn)
    .await
}

/// It is being built.
pub async fn start(
    conn: &mut PgConnection,
    project: ProjectId,
    version: i32,
    key: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE milestones SET status = 'building', started_at = coalesce(started_at, $4) WHERE project_id = $1 AND plan_version = $2 AND key = $3",
    )
    .bind(project)
    .bind(version)
    .bind(key)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// It was merged. `false`: there is none of that key.
pub async fn complete(
    conn: &mut PgConnection,
    project: ProjectId,
    version: i32,
    key: &str,
    pull_request: i64,
    merge_sha: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE milestones SET status = 'completed', pull_request = $4, merge_sha = $5, completed_at = $6
         WHERE project_id = $1 AND plan_version = $2 AND key = $3",
    )
    .bind(project)
    .bind(version)
    .bind(key)
    .bind(pull_request)
    .bind(merge_sha)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// People chose to go on without it.
pub async fn skip(conn: &mut PgConnection, project: ProjectId, key: &str, now: OffsetDateTime) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE milestones SET status = 'skipped', completed_at = $3 WHERE project_id = $1 AND key = $2 AND status = 'building'",
    )
    .bind(project)
    .bind(key)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() > 0)
}
