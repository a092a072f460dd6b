//! The life of a run. Each call of [`drive`] reads the row, does one thing, writes what came of it, and says when to look again.
//!
//! What makes something outside (an agent, a follow-up) is written down before it is done, and looked for before it is repeated. So a crash at
//! any point neither loses a run nor makes an agent twice.

mod finish;
mod follow;
mod prepare;
mod start;

use std::time::Duration;

use common::ids::AgentRunId;
use common::steps::fence;
use time::OffsetDateTime;

use super::backend::BackendError;
use super::prompt::Subject;
use crate::app::App;
use crate::metrics;
use crate::store::agent_runs::{self, AgentRun, CancelReason, State};

pub(crate) use finish::{End, finish};

/// When to look again; none: the run has ended.
type Next = Option<Duration>;

/// Bring the run one step further.
pub(crate) async fn drive(app: &App, id: AgentRunId) -> anyhow::Result<Next> {
    let mut conn = app.db.acquire().await?;
    let Some(run) = agent_runs::find(&mut conn, id).await? else { return Ok(None) };
    let (working, queued) = agent_runs::count_active(&mut conn).await?;
    metrics::active(working, queued);
    let closed = fence::find(&mut conn, run.project_id).await?.is_some_and(|fence| fence.is_closed());
    drop(conn);
    if run.state == State::Finished {
        return Ok(None);
    }
    let run = stop_when_it_must(app, run, closed).await?;
    match (run.state, run.cancel_reason) {
        (State::Finished, _) => Ok(None),
        (_, Some(reason)) => follow::stop(app, &run, reason).await,
        (State::Queued, None) => prepare::prepare(app, &run).await,
        (State::Starting, None) => start::start(app, &run).await,
        (State::Running, None) => follow::look(app, &run).await,
        (State::Repairing, None) => start::repair(app, &run).await,
    }
}

/// The project was closed, the deadline has passed, or there was no sign of life for too long.
async fn stop_when_it_must(app: &App, mut run: AgentRun, closed: bool) -> anyhow::Result<AgentRun> {
    if run.cancel_reason.is_some() {
        return Ok(run);
    }
    let now = app.clock.now();
    let over = |since: Option<OffsetDateTime>, limit: time::Duration| since.is_some_and(|since| now - since >= limit);
    let stall = time::Duration::try_from(app.config.runs.stall)?;
    let reason = if closed {
        CancelReason::Cancelled
    } else if over(run.started_at, time::Duration::seconds(run.deadline_seconds)) {
        CancelReason::Expired
    } else if run.state == State::Running && over(run.last_sign_at, stall) {
        CancelReason::Stalled
    } else {
        return Ok(run);
    };
    tracing::warn!(run.id = %run.id, project.id = %run.project_id, ?reason, "stopping the run");
    let mut conn = app.db.acquire().await?;
    agent_runs::request_cancel(&mut conn, run.id, reason, None, now).await?;
    (run.cancel_reason, run.cancel_requested_at) = (Some(reason), Some(now));
    Ok(run)
}

/// A call failed and may be repeated: write it down and say when.
async fn later(app: &App, run: &AgentRun, error: &BackendError) -> anyhow::Result<Next> {
    if let Some(wait) = error.wait() {
        // We were asked to wait, or wait by ourselves: that is no failure.
        return Ok(Some(wait));
    }
    tracing::warn!(run.id = %run.id, error = %error, "a call of the agent backend failed; trying again");
    let mut conn = app.db.acquire().await?;
    agent_runs::note_error(&mut conn, run.id, &error.to_string(), app.clock.now()).await?;
    Ok(Some(common::jobs::backoff(run.errors_in_row + 1).clamp(Duration::from_secs(1), Duration::from_mins(1))))
}

/// What the prompts of this run are about.
fn subject(run: &AgentRun) -> Subject {
    Subject {
        project_id: run.project_id,
        project_name: run.project_name.clone(),
        clone_url: run.clone_url.clone().unwrap_or_default(),
        readme_path: run.readme_path.clone(),
    }
}
