//! Decisions and every attempt to answer them.

use common::clients::dashboard::{DecidedBy, Decision, DecisionArtifact};
use common::ids::{DecisionId, ProjectId, StageId, UserId};
use serde_json::Value;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::views::work::AnswerAttempt;

/// A row of `hitl_decisions` with the name of its project.
#[derive(Clone, Debug, FromRow)]
pub struct DecisionRow {
    pub id: DecisionId,
    pub project_id: ProjectId,
    pub project_name: String,
    pub decision_type: String,
    pub context: Value,
    pub status: String,
    pub decided_by: Option<String>,
    pub decided_by_id: Option<UserId>,
    pub decided_at: Option<OffsetDateTime>,
    pub short_id: String,
    pub step: Option<String>,
    pub iteration: Option<i32>,
    pub title: String,
    pub summary: String,
    pub options: Vec<String>,
    pub risk: String,
    pub artifact_kind: Option<String>,
    pub artifact_id: Option<Uuid>,
    pub artifact_sha: Option<String>,
    pub choice: Option<String>,
    pub comment: Option<String>,
    pub channel: Option<String>,
    pub auto: bool,
    pub quorum: i32,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub applied_at: Option<OffsetDateTime>,
}

impl DecisionRow {
    /// Whether an answer would still count.
    pub fn is_pending(&self) -> bool {
        self.status == "pending"
    }
}

impl From<DecisionRow> for Decision {
    fn from(row: DecisionRow) -> Self {
        Self {
            id: row.id,
            short_id: row.short_id,
            project_id: row.project_id,
            project_name: row.project_name,
            decision_type: row.decision_type,
            title: row.title,
            summary: row.summary,
            context: row.context,
            options: row.options,
            risk: row.risk,
            artifact: row.artifact_kind.map(|kind| DecisionArtifact {
                kind,
                id: row.artifact_id.map(|id| id.to_string()),
                sha: row.artifact_sha,
            }),
            status: row.status,
            choice: row.choice,
            comment: row.comment,
            decided_by: row.decided_by.map(|name| DecidedBy { id: row.decided_by_id, name }),
            decided_at: row.decided_at,
            channel: row.channel,
            expires_at: Some(row.expires_at),
            created_at: row.created_at,
        }
    }
}

/// A question to be asked.
#[derive(Clone, Debug)]
pub struct NewDecision<'a> {
    pub id: DecisionId,
    pub project_id: ProjectId,
    pub stage_id: Option<StageId>,
    pub decision_type: &'a str,
    /// The step of the workflow that asks; none when we ask by ourselves.
    pub step: Option<(&'a str, i32)>,
    pub title: &'a str,
    pub summary: &'a str,
    pub context: &'a Value,
    pub options: &'a [String],
    pub risk: &'a str,
    pub artifact: Option<&'a DecisionArtifact>,
    pub quorum: i32,
    pub expires_at: OffsetDateTime,
}

/// How a decision ended.
#[derive(Clone, Debug)]
pub struct Verdict<'a> {
    pub status: &'a str,
    pub choice: &'a str,
    pub comment: Option<&'a str>,
    pub decided_by: Option<&'a str>,
    pub decided_by_id: Option<UserId>,
    pub channel: &'a str,
    pub auto: bool,
    /// The whole answer, as the workflow gets it.
    pub result: &'a Value,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct DecisionFilter {
    pub status: Option<String>,
    pub project_id: Option<ProjectId>,
    /// Asked before this one.
    pub before: Option<DecisionId>,
    /// Oldest first: what waits longest comes first.
    pub oldest_first: bool,
}

/// By id.
pub async fn find(conn: &mut PgConnection, id: DecisionId) -> sqlx::Result<Option<DecisionRow>> {
    sqlx::query_as("SELECT d.*, p.name AS project_name FROM hitl_decisions d JOIN projects p ON p.id = d.project_id WHERE d.id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// By id, locked until the end of the transaction: of two answers at once, the second sees the first.
pub async fn lock(conn: &mut PgConnection, id: DecisionId) -> sqlx::Result<Option<DecisionRow>> {
    sqlx::query_as(
        "SELECT d.*, p.name AS project_name FROM hitl_decisions d JOIN projects p ON p.id = d.project_id WHERE d.id = $1 FOR NO KEY UPDATE OF d",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// The one that a step asked.
pub async fn find_by_step(
    conn: &mut PgConnection,
    project: ProjectId,
    step: &str,
    iteration: i32,
) -> sqlx::Result<Option<DecisionRow>> {
    sqlx::query_as(
        "SELECT d.*, p.name AS project_name FROM hitl_decisions d JOIN projects p ON p.id = d.project_id
         WHERE d.project_id = $1 AND d.step = $2 AND d.iteration = $3",
    )
    .bind(project)
    .bind(step)
    .bind(iteration)
    .fetch_optional(conn)
    .await
}

/// A new question. `None`: the short id is taken, draw another.
pub async fn insert(
    conn: &mut PgConnection,
    decision: &NewDecision<'_>,
    short_id: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Option<DecisionRow>> {
    let artifact = decision.artifact;
    let inserted = sqlx::query(
        "INSERT INTO hitl_decisions (id, project_id, stage_id, decision_type, context, short_id, step, iteration, title, summary, options,
             risk, artifact_kind, artifact_id, artifact_sha, quorum, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT (short_id) DO NOTHING",
    )
    .bind(decision.id)
    .bind(decision.project_id)
    .bind(decision.stage_id)
    .bind(decision.decision_type)
    .bind(decision.context)
    .bind(short_id)
    .bind(decision.step.map(|(name, _)| name))
    .bind(decision.step.map(|(_, iteration)| iteration))
    .bind(decision.title)
    .bind(decision.summary)
    .bind(decision.options)
    .bind(decision.risk)
    .bind(artifact.map(|a| a.kind.as_str()))
    .bind(artifact.and_then(|a| a.id.as_deref()).and_then(|id| id.parse::<Uuid>().ok()))
    .bind(artifact.and_then(|a| a.sha.as_deref()))
    .bind(decision.quorum)
    .bind(now)
    .bind(decision.expires_at)
    .execute(&mut *conn)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(None);
    }
    find(conn, decision.id).await
}

/// It is over. `false`: it was before.
pub async fn close(
    conn: &mut PgConnection,
    id: DecisionId,
    verdict: &Verdict<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE hitl_decisions SET status = $2, choice = $3, comment = $4, decided_by = $5, decided_by_id = $6, channel = $7, auto = $8,
             decision = $9, decided_at = $10
         WHERE id = $1 AND status = 'pending'",
    )
    .bind(id)
    .bind(verdict.status)
    .bind(verdict.choice)
    .bind(verdict.comment)
    .bind(verdict.decided_by)
    .bind(verdict.decided_by_id)
    .bind(verdict.channel)
    .bind(verdict.auto)
    .bind(verdict.result)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// The workflow came back for the answer. `false`: it had before.
pub async fn apply(conn: &mut PgConnection, id: DecisionId, now: OffsetDateTime) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE hitl_decisions SET status = 'applied', applied_at = $2 WHERE id = $1 AND status = 'answered'",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// How many of a project wait for people.
pub async fn count_pending(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM hitl_decisions WHERE project_id = $1 AND status = 'pending'")
        .bind(project)
        .fetch_one(conn)
        .await
}

/// The question of a type that we asked a project's people by ourselves and that is still open.
pub async fn find_own_pending(
    conn: &mut PgConnection,
    project: ProjectId,
    decision_type: &str,
) -> sqlx::Result<Option<DecisionRow>> {
    sqlx::query_as(
        "SELECT d.*, p.name AS project_name FROM hitl_decisions d JOIN projects p ON p.id = d.project_id
         WHERE d.project_id = $1 AND d.decision_type = $2 AND d.step IS NULL AND d.status = 'pending' LIMIT 1",
    )
    .bind(project)
    .bind(decision_type)
    .fetch_optional(conn)
    .await
}

/// How many wait for people, over all projects.
pub async fn count_all_pending(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM hitl_decisions WHERE status = 'pending'").fetch_one(conn).await
}

/// How the decisions of one type stand.
#[derive(Debug, FromRow)]
pub struct DecisionNumbers {
    pub decision_type: String,
    pub pending: i64,
    pub oldest_pending: Option<OffsetDateTime>,
    pub answered: i64,
    pub by_policy: i64,
    pub expired: i64,
    pub cancelled: i64,
    /// Of those that people answered since the time asked for.
    pub median_wait_seconds: Option<f64>,
}

/// By type: what waits, how the others ended, and how long people took since `since`.
pub async fn numbers(conn: &mut PgConnection, since: OffsetDateTime) -> sqlx::Result<Vec<DecisionNumbers>> {
    sqlx::query_as(
        "SELECT decision_type,
                count(*) FILTER (WHERE status = 'pending') AS pending,
                min(created_at) FILTER (WHERE status = 'pending') AS oldest_pending,
                count(*) FILTER (WHERE status IN ('answered', 'applied') AND NOT auto) AS answered,
                count(*) FILTER (WHERE status IN ('answered', 'applied') AND auto) AS by_policy,
                count(*) FILTER (WHERE status = 'expired') AS expired,
                count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - created_at)::double precision)
                    FILTER (WHERE status IN ('answered', 'applied') AND NOT auto AND decided_at >= $1) AS median_wait_seconds
         FROM hitl_decisions GROUP BY decision_type",
    )
    .bind(since)
    .fetch_all(conn)
    .await
}

/// Those of a project that wait for people.
pub async fn list_pending(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<DecisionRow>> {
    let filter =
        DecisionFilter { status: Some("pending".to_owned()), project_id: Some(project), ..DecisionFilter::default() };
    list(conn, &filter, 100).await
}

/// The oldest pending decision of each of several projects.
pub async fn pending_of(
    conn: &mut PgConnection,
    projects: &[ProjectId],
) -> sqlx::Result<Vec<(ProjectId, DecisionId, String)>> {
    sqlx::query_as(
        "SELECT DISTINCT ON (project_id) project_id, id, title FROM hitl_decisions
         WHERE project_id = ANY($1) AND status = 'pending' ORDER BY project_id, created_at",
    )
    .bind(projects)
    .fetch_all(conn)
    .await
}

/// Those whose time is over.
pub async fn list_expired(conn: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Vec<DecisionId>> {
    sqlx::query_scalar(
        "SELECT id FROM hitl_decisions WHERE status = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT 100",
    )
    .bind(now)
    .fetch_all(conn)
    .await
}

/// Those of which people have not been reminded although half of their time is over; marks them.
pub async fn take_due_reminders(conn: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<Vec<DecisionId>> {
    sqlx::query_scalar(
        "UPDATE hitl_decisions SET reminded_at = $1
         WHERE id IN (SELECT id FROM hitl_decisions WHERE status = 'pending' AND reminded_at IS NULL
                          AND $1 > created_at + (expires_at - created_at) / 2 AND $1 < expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)
         RETURNING id",
    )
    .bind(now)
    .fetch_all(conn)
    .await
}

/// A list, newest first unless asked otherwise.
pub async fn list(conn: &mut PgConnection, filter: &DecisionFilter, limit: i64) -> sqlx::Result<Vec<DecisionRow>> {
    let mut query = QueryBuilder::new(
        "SELECT d.*, p.name AS project_name FROM hitl_decisions d JOIN projects p ON p.id = d.project_id WHERE true",
    );
    if let Some(status) = &filter.status {
        query.push(" AND d.status = ").push_bind(status.clone());
    }
    if let Some(project) = filter.project_id {
        query.push(" AND d.project_id = ").push_bind(project);
    }
    if let Some(before) = filter.before {
        query.push(if filter.oldest_first { " AND d.id > " } else { " AND d.id < " }).push_bind(before);
    }
    query
        .push(if filter.oldest_first { " ORDER BY d.id LIMIT " } else { " ORDER BY d.id DESC LIMIT " })
        .push_bind(limit);
    query.build_query_as().fetch_all(conn).await
}

/// Those of a project that were answered, oldest first.
pub async fn list_answered(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Vec<DecisionRow>> {
    sqlx::query_as(
        "SELECT d.*, p.name AS project_name FROM hitl_decisions d JOIN projects p ON p.id = d.project_id
         WHERE d.project_id = $1 AND d.status IN ('answered', 'applied') ORDER BY d.decided_at LIMIT 50",
    )
    .bind(project)
    .fetch_all(conn)
    .await
}

/// An attempt to answer.
#[derive(Clone, Debug)]
pub struct NewAnswer<'a> {
    pub decision_id: DecisionId,
    pub user_id: Option<UserId>,
    pub choice: &'a str,
    pub comment: Option<&'a str>,
    pub channel: &'a str,
    pub refusal: Option<&'a str>,
}

/// Keeps an attempt.
pub async fn insert_answer(conn: &mut PgConnection, answer: &NewAnswer<'_>, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO decision_answers (id, decision_id, user_id, choice, comment, channel, accepted, refusal, answered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(Uuid::now_v7())
    .bind(answer.decision_id)
    .bind(answer.user_id)
    .bind(answer.choice)
    .bind(answer.comment)
    .bind(answer.channel)
    .bind(answer.refusal.is_none())
    .bind(answer.refusal)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// How many different people said yes so far.
pub async fn count_approvals(conn: &mut PgConnection, id: DecisionId) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(DISTINCT user_id) FROM decision_answers WHERE decision_id = $1 AND accepted AND choice = 'approve'")
        .bind(id)
        .fetch_one(conn)
        .await
}

/// Everyone who tried to answer, in order.
pub async fn list_answers(conn: &mut PgConnection, id: DecisionId) -> sqlx::Result<Vec<AnswerAttempt>> {
    #[derive(FromRow)]
    struct Row {
        name: Option<String>,
        choice: String,
        comment: Option<String>,
        channel: String,
        accepted: bool,
        refusal: Option<String>,
        answered_at: OffsetDateTime,
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT u.display_name AS name, a.choice, a.comment, a.channel, a.accepted, a.refusal, a.answered_at
         FROM decision_answers a LEFT JOIN users u ON u.id = a.user_id WHERE a.decision_id = $1 ORDER BY a.answered_at, a.id",
    )
    .bind(id)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| AnswerAttempt {
            name: row.name.unwrap_or_else(|| "policy".to_owned()),
            choice: row.choice,
            comment: row.comment,
            channel: row.channel,
            accepted: row.accepted,
            refusal: row.refusal,
            answered_at: row.answered_at,
        })
        .collect())
}
