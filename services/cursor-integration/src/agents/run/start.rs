//! Making an agent, and sending an answer back to it: the two calls that make something.

use std::time::Duration;

use anyhow::Context as _;

use super::{End, Next, finish, later};
use crate::agents::backend::{BackendError, StartAgent};
use crate::app::App;
use crate::store::agent_messages;
use crate::store::agent_runs::{self, AgentRun};

/// After an unclear answer the agent may still be booting: do not ask for it at once.
const SETTLE: Duration = Duration::from_secs(5);
/// A refusal that usually passes is repeated so often.
const FLAKY_LIMIT: i32 = 3;
/// The first look at a run that has just begun.
const FIRST_LOOK: Duration = Duration::ZERO;

/// Make the agent, unless an earlier try made it already.
pub(super) async fn start(app: &App, run: &AgentRun) -> anyhow::Result<Next> {
    if run.start_tried_at.is_some() {
        match app.backend.latest_run(run.agent_id()).await {
            Ok(Some(run_id)) => return adopted(app, run, &run_id).await,
            Ok(None) => return Ok(Some(SETTLE)), // it is being made
            Err(BackendError::NotFound) => {}    // it never was, or not yet: the id guards the repetition
            Err(error) => return later(app, run, &error).await,
        }
    }
    let prompt = sent_text(app, run, "prompt").await?;
    let mut conn = app.db.acquire().await?;
    agent_runs::mark_tried(&mut conn, run.id, app.clock.now()).await?;
    drop(conn);
    let agent = StartAgent {
        agent_id: run.agent_id(),
        name: &format!(
            "{}: {} {}",
            run.repository,
            run.task().as_str(),
            run.request.milestone.as_ref().map_or("", |m| m.key.as_str())
        ),
        prompt: &prompt,
        repository_url: run.repository_url.as_deref().unwrap_or_default(),
        branch: &run.branch,
    };
    match app.backend.start(agent).await {
        Ok(run_id) => adopted(app, run, &run_id).await,
        Err(BackendError::Exists) => Ok(Some(Duration::ZERO)), // an earlier try made it: look for its run
        Err(error @ BackendError::NoAnswer(_)) => {
            later(app, run, &error).await?;
            Ok(Some(SETTLE))
        }
        Err(error) => refused(app, run, error).await,
    }
}

/// Send the newest repair prompt to the agent, unless an earlier try did already.
pub(super) async fn repair(app: &App, run: &AgentRun) -> anyhow::Result<Next> {
    if run.start_tried_at.is_some() {
        match app.backend.latest_run(run.agent_id()).await {
            // One that we do not know: the earlier try made it.
            Ok(Some(latest)) if run.backend_run_id.as_deref() != Some(&latest) => {
                return adopted(app, run, &latest).await;
            }
            Ok(_) => {}
            Err(BackendError::NotFound) => return next_agent(app, run, "the backend lost the agent").await,
            Err(error) => return later(app, run, &error).await,
        }
    }
    let prompt = sent_text(app, run, "repair").await?;
    let mut conn = app.db.acquire().await?;
    agent_runs::mark_tried(&mut conn, run.id, app.clock.now()).await?;
    drop(conn);
    match app.backend.follow_up(run.agent_id(), &prompt).await {
        Ok(run_id) => adopted(app, run, &run_id).await,
        Err(BackendError::NotFound) => next_agent(app, run, "the backend lost the agent").await,
        Err(error @ (BackendError::NoAnswer(_) | BackendError::Busy)) => later(app, run, &error).await,
        Err(error) => refused(app, run, error).await,
    }
}

async fn adopted(app: &App, run: &AgentRun, backend_run_id: &str) -> anyhow::Result<Next> {
    let mut conn = app.db.acquire().await?;
    agent_runs::set_running(&mut conn, run.id, backend_run_id, app.clock.now()).await?;
    tracing::info!(run.id = %run.id, agent = run.agent_id(), backend_run = backend_run_id, "the agent works");
    Ok(Some(FIRST_LOOK))
}

async fn refused(app: &App, run: &AgentRun, error: BackendError) -> anyhow::Result<Next> {
    match error {
        BackendError::Flaky { .. } if run.errors_in_row < FLAKY_LIMIT => later(app, run, &error).await,
        BackendError::UsageLimit(message) => {
            let reason = format!(
                "usage_limit_exceeded: the agent account has no budget left ({message}); raise its limit, then retry"
            );
            finish(app, run, End::failed(reason)).await
        }
        BackendError::Flaky { .. } | BackendError::Refused { .. } | BackendError::NotFound => {
            finish(app, run, End::failed(format!("The agent backend refused the work: {error}"))).await
        }
        error => later(app, run, &error).await,
    }
}

/// Start over with a fresh agent on the same branch, once.
pub(super) async fn next_agent(app: &App, run: &AgentRun, why: &str) -> anyhow::Result<Next> {
    if run.generation >= 2 {
        return finish(app, run, End::failed(format!("Two agents in a row failed: {why}"))).await;
    }
    super::finish::replace_agent(app, run, why).await?;
    Ok(Some(Duration::from_secs(1)))
}

async fn sent_text(app: &App, run: &AgentRun, kind: &str) -> anyhow::Result<String> {
    let mut conn = app.db.acquire().await?;
    agent_messages::newest(&mut conn, run.id, run.generation, kind)
        .await?
        .with_context(|| format!("run {} has no {kind} to send", run.id))
}
