//! SQL of the table `agent_runs`.

use common::clients::agents::{AgentOutcome, AgentRole, AgentTask};
use common::clients::cursor::StartAgentRun;
use common::ids::{AgentRunId, ProjectId, UserId};
use common::steps::Step;
use serde::Serialize;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum State {
    Queued,
    Starting,
    Running,
    Repairing,
    Finished,
}

/// Why a run is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum CancelReason {
    Cancelled,
    Stalled,
    Expired,
}

impl CancelReason {
    pub(crate) fn outcome(self) -> AgentOutcome {
        match self {
            Self::Cancelled => AgentOutcome::Cancelled,
            Self::Stalled => AgentOutcome::Stalled,
            Self::Expired => AgentOutcome::Expired,
        }
    }
}

/// A run with everything that its jobs need.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct AgentRun {
    pub id: AgentRunId,
    pub project_id: ProjectId,
    pub step: String,
    pub iteration: i32,
    pub request: Json<StartAgentRun>,
    pub repository: String,
    pub branch: String,
    pub base_branch: String,
    pub state: State,
    pub repository_url: Option<String>,
    pub clone_url: Option<String>,
    pub project_name: String,
    pub readme_path: String,
    pub start_head_sha: Option<String>,
    pub generation: i32,
    pub backend_agent_id: Option<String>,
    pub backend_run_id: Option<String>,
    pub start_tried_at: Option<OffsetDateTime>,
    pub repairs: i32,
    pub errors_in_row: i32,
    pub last_error: Option<String>,
    pub last_event_id: Option<String>,
    pub last_sign_at: Option<OffsetDateTime>,
    pub cancel_reason: Option<CancelReason>,
    pub cancel_requested_at: Option<OffsetDateTime>,
    pub deadline_seconds: i64,
    pub started_at: Option<OffsetDateTime>,
}

impl AgentRun {
    pub(crate) fn role(&self) -> AgentRole {
        self.request.role
    }

    pub(crate) fn task(&self) -> AgentTask {
        self.request.task
    }

    /// The agent that works on it; there is one from the state `starting` on.
    pub(crate) fn agent_id(&self) -> &str {
        self.backend_agent_id.as_deref().unwrap_or_default()
    }
}

/// A run as people see it.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
pub(crate) struct AgentRunView {
    pub id: AgentRunId,
    pub project_id: ProjectId,
    /// The step of the workflow that asked for it, for example `m1.implement`.
    pub step: String,
    pub iteration: i32,
    /// `architect`, `developer` or `qa`.
    pub role: String,
    /// `plan`, `implement`, `fix`, `test` or `review`.
    pub task: String,
    pub repository: String,
    pub branch: String,
    pub base_branch: String,
    pub milestone_key: Option<String>,
    /// `queued`, `starting`, `running`, `repairing` or `finished`.
    pub state: String,
    pub backend: String,
    pub model: Option<String>,
    /// The agent's id at the backend.
    pub backend_agent_id: Option<String>,
    /// 2 when the backend lost the first agent.
    pub generation: i32,
    /// How often the answer was sent back.
    pub repairs: i32,
    /// What went wrong last, while it goes on.
    pub last_error: Option<String>,
    pub cancel_reason: Option<String>,
    /// `succeeded`, `failed`, `invalid_answer`, `no_branch`, `stalled`, `expired` or `cancelled`.
    pub outcome: Option<String>,
    /// Why it did not succeed, in one sentence.
    pub reason: Option<String>,
    /// The validated answer. Foreign text: show it as text.
    #[schema(value_type = Option<Object>)]
    pub answer: Option<Value>,
    pub total_tokens: i64,
    /// US cents; null until it is known.
    pub cost_cents: Option<f64>,
    pub deadline_seconds: i64,
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_sign_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, step, iteration, request, repository, branch, base_branch, state, repository_url, clone_url, project_name,
                    readme_path, start_head_sha, generation, backend_agent_id, backend_run_id, start_tried_at, repairs, errors_in_row, last_error,
                    last_event_id, last_sign_at, cancel_reason, cancel_requested_at, deadline_seconds, started_at
             FROM agent_runs ",
            $rest
        )
    };
}

macro_rules! select_view {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.project_id, r.step, r.iteration, r.role, r.task, r.repository, r.branch, r.base_branch, r.milestone_key, r.state, r.backend,
                    r.model, r.backend_agent_id, r.generation, r.repairs, r.last_error, r.cancel_reason, r.outcome, r.reason, r.answer,
                    coalesce(u.tokens, 0)::bigint AS total_tokens, u.cost AS cost_cents, r.deadline_seconds, r.last_sign_at, r.created_at,
                    r.started_at, r.finished_at
             FROM agent_runs r
             LEFT JOIN LATERAL (
                 SELECT sum(input_tokens + output_tokens + cache_read_tokens + cache_write_tokens) AS tokens, sum(cost_cents) AS cost
                 FROM token_usage WHERE agent_run_id = r.id) u ON TRUE ",
            $rest
        )
    };
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: AgentRunId,
    step: &Step,
    request: &StartAgentRun,
    backend: (&str, Option<&str>),
    deadline_seconds: i64,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO agent_runs (id, project_id, step, iteration, role, task, request, repository, branch, base_branch, milestone_key, task_iteration,
                                 state, backend, model, deadline_seconds, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'queued', $13, $14, $15, $16, $16)",
    )
    .bind(id)
    .bind(step.project_id)
    .bind(&step.name)
    .bind(step.iteration)
    .bind(request.role.as_str())
    .bind(request.task.as_str())
    .bind(Json(request))
    .bind(&request.repository)
    .bind(&request.branch)
    .bind(&request.base)
    .bind(request.milestone.as_ref().map(|milestone| &milestone.key))
    .bind(request.iteration)
    .bind(backend.0)
    .bind(backend.1)
    .bind(deadline_seconds)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

pub(crate) async fn find(conn: &mut PgConnection, id: AgentRunId) -> sqlx::Result<Option<AgentRun>> {
    sqlx::query_as(select!("WHERE id = $1")).bind(id).fetch_optional(conn).await
}

/// The same, and nobody else changes it until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, id: AgentRunId) -> sqlx::Result<Option<AgentRun>> {
    sqlx::query_as(select!("WHERE id = $1 FOR UPDATE")).bind(id).fetch_optional(conn).await
}

pub(crate) async fn find_view(conn: &mut PgConnection, id: AgentRunId) -> sqlx::Result<Option<AgentRunView>> {
    sqlx::query_as(select_view!("WHERE r.id = $1")).bind(id).fetch_optional(conn).await
}

/// Which runs to list.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub project_id: Option<ProjectId>,
    pub state: Option<String>,
    pub before: Option<AgentRunId>,
    pub limit: i64,
}

/// Newest first.
pub(crate) async fn list(conn: &mut PgConnection, filter: &Filter) -> sqlx::Result<Vec<AgentRunView>> {
    sqlx::query_as(select_view!(
        "WHERE ($1::uuid IS NULL OR r.project_id = $1) AND ($2::text IS NULL OR r.state = $2) AND ($3::uuid IS NULL OR r.id < $3)
         ORDER BY r.id DESC LIMIT $4"
    ))
    .bind(filter.project_id)
    .bind(&filter.state)
    .bind(filter.before)
    .bind(filter.limit)
    .fetch_all(conn)
    .await
}

/// How many runs hold a place, and how many wait for one.
pub(crate) async fn count_active(conn: &mut PgConnection) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE state <> 'queued'), count(*) FILTER (WHERE state = 'queued') FROM agent_runs WHERE state <> 'finished'",
    )
    .fetch_one(conn)
    .await
}

/// What works and what waits.
#[derive(Debug, FromRow)]
pub(crate) struct Busy {
    pub working: i64,
    pub queued: i64,
    /// When the running agent that is silent longest showed a sign of life.
    pub silent_since: Option<OffsetDateTime>,
    /// When the run that waits longest was asked for.
    pub queued_since: Option<OffsetDateTime>,
}

/// How many runs work and wait, and for how long nothing has been heard of the quietest.
pub(crate) async fn busy(conn: &mut PgConnection) -> sqlx::Result<Busy> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE state <> 'queued') AS working, count(*) FILTER (WHERE state = 'queued') AS queued,
                min(last_sign_at) FILTER (WHERE state = 'running') AS silent_since,
                min(created_at) FILTER (WHERE state = 'queued') AS queued_since
         FROM agent_runs WHERE state <> 'finished'",
    )
    .fetch_one(conn)
    .await
}

/// One caller at a time counts places and takes one; the lock is held until the transaction ends.
pub(crate) async fn lock_places(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('cursor-integration.places'))").execute(conn).await?;
    Ok(())
}

/// What is known once a run has a place.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub project_name: &'a str,
    pub repository_url: &'a str,
    pub clone_url: &'a str,
    pub readme_path: &'a str,
    pub template_version: Option<i32>,
    pub start_head_sha: Option<&'a str>,
    pub agent_id: &'a str,
}

pub(crate) async fn prepare(
    conn: &mut PgConnection,
    id: AgentRunId,
    prepared: &Prepared<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE agent_runs SET state = 'starting', project_name = $2, repository_url = $3, clone_url = $4, readme_path = $5, template_version = $6,
                start_head_sha = $7, backend_agent_id = $8, generation = 1, started_at = $9, last_sign_at = $9, errors_in_row = 0, updated_at = $9
         WHERE id = $1 AND state = 'queued'",
    )
    .bind(id)
    .bind(prepared.project_name)
    .bind(prepared.repository_url)
    .bind(prepared.clone_url)
    .bind(prepared.readme_path)
    .bind(prepared.template_version)
    .bind(prepared.start_head_sha)
    .bind(prepared.agent_id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Remember that something is about to be made, before it is made.
pub(crate) async fn mark_tried(conn: &mut PgConnection, id: AgentRunId, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE agent_runs SET start_tried_at = coalesce(start_tried_at, $2), updated_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// The agent has a run under way.
pub(crate) async fn set_running(
    conn: &mut PgConnection,
    id: AgentRunId,
    backend_run_id: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agent_runs SET state = 'running', backend_run_id = $2, start_tried_at = NULL, last_event_id = NULL, last_sign_at = $3,
                errors_in_row = 0, last_error = NULL, updated_at = $3
         WHERE id = $1 AND state IN ('starting', 'repairing')",
    )
    .bind(id)
    .bind(backend_run_id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// An invalid answer is to be sent back.
pub(crate) async fn set_repairing(conn: &mut PgConnection, id: AgentRunId, now: OffsetDateTime) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE agent_runs SET state = 'repairing', repairs = repairs + 1, start_tried_at = NULL, updated_at = $2 WHERE id = $1 AND state = 'running'",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// The backend lost the agent: another one takes over.
pub(crate) async fn set_next_agent(
    conn: &mut PgConnection,
    id: AgentRunId,
    agent_id: &str,
    reason: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agent_runs SET state = 'starting', generation = generation + 1, backend_agent_id = $2, backend_run_id = NULL, start_tried_at = NULL,
                repairs = 0, last_event_id = NULL, last_sign_at = $4, last_error = $3, errors_in_row = 0, updated_at = $4
         WHERE id = $1 AND state <> 'finished'",
    )
    .bind(id)
    .bind(agent_id)
    .bind(reason)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// A call failed; the run goes on.
pub(crate) async fn note_error(
    conn: &mut PgConnection,
    id: AgentRunId,
    error: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agent_runs SET errors_in_row = errors_in_row + 1, last_error = $2, updated_at = $3 WHERE id = $1 AND state <> 'finished'",
    )
    .bind(id)
    .bind(error)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// A look went well; `event` is the newest that was read, which is a sign of life.
pub(crate) async fn note_look(
    conn: &mut PgConnection,
    id: AgentRunId,
    event: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE agent_runs SET errors_in_row = 0, last_error = NULL, last_event_id = coalesce($2, last_event_id),
                last_sign_at = CASE WHEN $2::text IS NULL THEN last_sign_at ELSE $3 END, updated_at = $3
         WHERE id = $1 AND state <> 'finished'",
    )
    .bind(id)
    .bind(event)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Ask for the run to be stopped; the first reason stays. `false`: it has ended.
pub(crate) async fn request_cancel(
    conn: &mut PgConnection,
    id: AgentRunId,
    reason: CancelReason,
    by: Option<UserId>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE agent_runs SET cancel_reason = coalesce(cancel_reason, $2), cancel_requested_at = coalesce(cancel_requested_at, $4),
                cancelled_by = coalesce(cancelled_by, $3), updated_at = $4
         WHERE id = $1 AND state <> 'finished'",
    )
    .bind(id)
    .bind(reason)
    .bind(by)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// The run has ended. `false`: it had ended before.
pub(crate) async fn finish(
    conn: &mut PgConnection,
    id: AgentRunId,
    outcome: AgentOutcome,
    reason: Option<&str>,
    answer: Option<&Value>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE agent_runs SET state = 'finished', outcome = $2, reason = $3, answer = $4, finished_at = $5, updated_at = $5
         WHERE id = $1 AND state <> 'finished'",
    )
    .bind(id)
    .bind(outcome.as_str())
    .bind(reason)
    .bind(answer)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}
