//! The end of a run, written in one transaction with everything that follows from it.

use common::clients::agents::{AgentOutcome, AgentResult, Usage};
use common::clients::dashboard::EventReport;
use common::events::ReportEvent;
use common::jobs;
use common::steps::finish_long;
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::Next;
use crate::agents::backend::UsageReading;
use crate::agents::prompt::role_name;
use crate::app::App;
use crate::jobs::{ReadUsage, ReleaseAgent};
use crate::metrics;
use crate::store::agent_messages::{self, NewMessage};
use crate::store::agent_runs::{self, AgentRun};
use crate::store::token_usage;

/// How a run ended.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub outcome: AgentOutcome,
    /// Why it did not succeed.
    pub reason: Option<String>,
    pub answer: Option<Value>,
    /// The agent's final message, for the transcript.
    pub text: Option<String>,
}

impl End {
    pub(super) fn of(outcome: AgentOutcome) -> Self {
        Self { outcome, reason: None, answer: None, text: None }
    }

    pub(super) fn failed(reason: String) -> Self {
        Self { reason: Some(reason), ..Self::of(AgentOutcome::Failed) }
    }
}

/// End the run: the row, the transcript, the step's result (which wakes the workflow), the event, and the jobs that tidy up.
pub(crate) async fn finish(app: &App, run: &AgentRun, end: End) -> anyhow::Result<Next> {
    let reading = read_usage(app, run).await;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if !agent_runs::finish(&mut tx, run.id, end.outcome, end.reason.as_deref(), end.answer.as_ref(), now).await? {
        return Ok(None);
    }
    if let Some(text) = end.text.as_deref().filter(|text| !text.trim().is_empty()) {
        note(&mut tx, run, ("agent", "answer"), text, now).await?;
    }
    if let Some(reason) = &end.reason {
        note(&mut tx, run, ("quantapilot", "note"), reason, now).await?;
    }
    let told_all = settle(app, &mut tx, run, reading, now).await?;
    let usage = token_usage::of_run(&mut tx, run.id).await?;
    let result = AgentResult {
        run_id: run.id,
        outcome: end.outcome,
        answer: end.answer.clone(),
        reason: end.reason.clone(),
        usage: usage.clone(),
    };
    finish_long(&mut tx, run.project_id, &run.step, run.iteration, &result, now)
        .await
        .map_err(|error| anyhow::anyhow!("cannot keep the result of the step: {error:?}"))?;
    jobs::enqueue(&mut tx, &ReportEvent(event(run, &end, (&usage, told_all), now)), now).await?;
    tx.commit().await?;

    let seconds = run.started_at.map_or(0.0, |at| (now - at).as_seconds_f64());
    metrics::finished(run.role().as_str(), run.task().as_str(), end.outcome.as_str(), seconds);
    metrics::tokens(run.role().as_str(), &usage);
    tracing::info!(run.id = %run.id, project.id = %run.project_id, outcome = end.outcome.as_str(), reason = end.reason, "the run has ended");
    Ok(None)
}

/// Give the run another agent: the old one is accounted for and released.
pub(super) async fn replace_agent(app: &App, run: &AgentRun, why: &str) -> anyhow::Result<()> {
    let reading = read_usage(app, run).await;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let Some(locked) = agent_runs::lock(&mut tx, run.id).await? else { return Ok(()) };
    if locked.generation != run.generation {
        return Ok(());
    }
    settle(app, &mut tx, run, reading, now).await?;
    let prompt = agent_messages::newest(&mut tx, run.id, run.generation, "prompt").await?.unwrap_or_default();
    agent_runs::set_next_agent(&mut tx, run.id, &app.backend.new_agent_id(), why, now).await?;
    note(&mut tx, run, ("quantapilot", "note"), &format!("A fresh agent takes over: {why}"), now).await?;
    let next = AgentRun { generation: run.generation + 1, ..run.clone() };
    note(&mut tx, &next, ("quantapilot", "prompt"), &prompt, now).await?;
    tx.commit().await?;
    tracing::warn!(run.id = %run.id, "the agent failed ({why}); a fresh one takes over");
    Ok(())
}

/// What the agent took so far; none when there is no agent, or it cannot be told right now.
async fn read_usage(app: &App, run: &AgentRun) -> Option<UsageReading> {
    run.backend_run_id.as_ref()?;
    match app.backend.usage(run.agent_id()).await {
        Ok(reading) => Some(reading),
        Err(error) => {
            tracing::warn!(run.id = %run.id, error = %error, "cannot read what the agent took; reading it later");
            None
        }
    }
}

/// Keep what was read, read again later when the cost is missing, and release the agent. Answers whether all is known that will be.
async fn settle(
    app: &App,
    conn: &mut PgConnection,
    run: &AgentRun,
    reading: Option<UsageReading>,
    now: OffsetDateTime,
) -> anyhow::Result<bool> {
    let Some(agent_id) = run.backend_agent_id.clone() else { return Ok(true) };
    let settled = reading.as_ref().is_some_and(|reading| reading.settled);
    if let Some(reading) = &reading {
        let agent = (app.backend.name(), agent_id.as_str());
        token_usage::record(conn, (run.id, run.project_id), agent, &reading.usage, settled, now).await?;
    }
    let later = app.config.runs.usage.first().filter(|_| !settled && run.backend_run_id.is_some());
    if let Some(delay) = later {
        let job = ReadUsage { run_id: run.id, agent_id: agent_id.clone(), round: 0 };
        jobs::enqueue_at(conn, &job, now + *delay, now).await?;
    }
    jobs::enqueue(conn, &ReleaseAgent { agent_id }, now).await?;
    Ok(later.is_none() && token_usage::is_final(conn, run.id).await?)
}

async fn note(
    conn: &mut PgConnection,
    run: &AgentRun,
    (author, kind): (&str, &str),
    content: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let message =
        NewMessage { run_id: run.id, generation: run.generation, author, kind, content, data: None, event_id: None };
    agent_messages::insert(conn, &message, now).await
}

fn event(run: &AgentRun, end: &End, (usage, told_all): (&Usage, bool), now: OffsetDateTime) -> EventReport {
    let who = role_name(run.role());
    let task = run.task().as_str();
    let summary = match (end.outcome, &end.reason) {
        (AgentOutcome::Succeeded, _) => format!("The {who} has finished to {task}"),
        (outcome, Some(reason)) => format!("The {who} did not {task} ({}): {reason}", outcome.as_str()),
        (outcome, None) => format!("The {who} did not {task} ({})", outcome.as_str()),
    };
    EventReport {
        key: format!("agent_run/{}/finished", run.id),
        project_id: run.project_id,
        kind: "agent_run.finished".to_owned(),
        actor: run.role().as_str().to_owned(),
        summary: summary.chars().take(500).collect(),
        data: json!({
            "run_id": run.id, "role": run.role(), "task": run.task(), "outcome": end.outcome, "reason": end.reason, "usage": usage,
            "usage_final": told_all, "milestone": run.request.milestone.as_ref().map(|milestone| &milestone.key), "iteration": run.request.iteration,
        }),
        occurred_at: now,
    }
}
