//! Looking at a run that works, and stopping one that must not go on.

use std::time::Duration;

use common::clients::agents::AgentOutcome;
use serde_json::Value;

use super::start::next_agent;
use super::{End, Next, finish, later, subject};
use crate::agents::backend::{BackendError, EventKind, Phase, RunState};
use crate::agents::evidence;
use crate::agents::prompt::Prompts;
use crate::app::App;
use crate::metrics;
use crate::store::agent_messages::{self, NewMessage};
use crate::store::agent_runs::{self, AgentRun, CancelReason, State};

/// So long we insist on stopping; then the run counts as ended whatever the backend says.
const STOPPING: time::Duration = time::Duration::minutes(2);
const STOP_LOOK: Duration = Duration::from_secs(2);

pub(super) async fn look(app: &App, run: &AgentRun) -> anyhow::Result<Next> {
    let (agent_id, run_id) = (run.agent_id(), run.backend_run_id.as_deref().unwrap_or_default());
    let state = match app.backend.status(agent_id, run_id).await {
        Ok(state) => state,
        Err(BackendError::NotFound) => return next_agent(app, run, "the backend lost the agent").await,
        Err(error) => return later(app, run, &error).await,
    };
    follow_events(app, run, agent_id, run_id, state.text.as_deref()).await?;
    match &state.phase {
        Phase::Working | Phase::Unknown(_) => Ok(Some(pause(app, run))),
        Phase::Finished => judge(app, run, &state).await,
        Phase::Failed => {
            let why = state.error.as_deref().unwrap_or("the agent failed and did not say why");
            next_agent(app, run, why).await
        }
        Phase::Cancelled => {
            let end = End {
                reason: Some("The agent was stopped at the backend".to_owned()),
                ..End::of(AgentOutcome::Cancelled)
            };
            finish(app, run, end).await
        }
        Phase::Expired => {
            let end = End {
                reason: Some("The backend gave the run up as too long".to_owned()),
                ..End::of(AgentOutcome::Expired)
            };
            finish(app, run, end).await
        }
    }
}

/// Short at first, long later.
fn pause(app: &App, run: &AgentRun) -> Duration {
    let age = run.started_at.map_or(time::Duration::ZERO, |at| app.clock.now() - at).whole_seconds();
    let [first, second, third, last] = app.config.runs.poll;
    match age {
        ..10 => first,
        10..60 => second,
        60..600 => third,
        _ => last,
    }
}

/// Keep what the agent did since the last look. The stream only informs: when it cannot be read, the run goes on.
async fn follow_events(
    app: &App,
    run: &AgentRun,
    agent_id: &str,
    run_id: &str,
    result: Option<&str>,
) -> anyhow::Result<()> {
    let events = match app.backend.events(agent_id, run_id, run.last_event_id.as_deref()).await {
        Ok(events) => events,
        Err(error) => {
            tracing::debug!(run.id = %run.id, error = %error, "cannot read the agent's events");
            Vec::new()
        }
    };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    for event in &events {
        let (author, kind) = match event.kind {
            EventKind::Text => ("agent", "progress"),
            EventKind::ToolCall => ("tool", "tool_call"),
        };
        // The final message is kept as the answer.
        let content =
            result.map_or(event.text.as_str(), |result| event.text.strip_suffix(result).unwrap_or(&event.text));
        if content.trim().is_empty() {
            continue;
        }
        let message = NewMessage {
            run_id: run.id,
            generation: run.generation,
            author,
            kind,
            content,
            data: event.data.as_ref(),
            event_id: Some(&event.id),
        };
        agent_messages::insert(&mut tx, &message, now).await?;
    }
    agent_runs::note_look(&mut tx, run.id, events.last().map(|event| event.id.as_str()), now).await?;
    tx.commit().await?;
    Ok(())
}

/// The agent says that it is done. That is a claim: the answer must fit its schema, and the branch must bear it out.
async fn judge(app: &App, run: &AgentRun, state: &RunState) -> anyhow::Result<Next> {
    let text = state.text.as_deref().unwrap_or_default();
    match app.answers.read(run.task(), &run.branch, text) {
        Ok(answer) => {
            let contradiction = evidence::contradiction(app, run, &answer, state).await;
            let end = match contradiction {
                None => End { answer: Some(answer), ..End::of(AgentOutcome::Succeeded) },
                Some(reason) => End { answer: Some(answer), reason: Some(reason), ..End::of(AgentOutcome::NoBranch) },
            };
            finish(app, run, End { text: Some(text.to_owned()), ..end }).await
        }
        Err(errors) if run.repairs >= app.config.runs.max_repairs => {
            let reason = format!("No valid answer after {} repair prompts: {}", run.repairs, errors.join(" "));
            let end = End { reason: Some(reason), text: Some(text.to_owned()), ..End::of(AgentOutcome::InvalidAnswer) };
            finish(app, run, end).await
        }
        Err(errors) => send_back(app, run, text, &errors).await,
    }
}

/// Write the repair prompt down; the next look sends it.
async fn send_back(app: &App, run: &AgentRun, text: &str, errors: &[String]) -> anyhow::Result<Next> {
    tracing::warn!(run.id = %run.id, errors = errors.len(), "the answer is not valid; sending it back");
    let prompt = Prompts::repair(&run.request, &subject(run), errors);
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if agent_runs::set_repairing(&mut tx, run.id, now).await? {
        let list: Value = errors.iter().map(String::as_str).collect();
        for (author, kind, content, data) in
            [("agent", "answer", text, Some(&list)), ("quantapilot", "repair", prompt.as_str(), None)]
        {
            let message =
                NewMessage { run_id: run.id, generation: run.generation, author, kind, content, data, event_id: None };
            agent_messages::insert(&mut tx, &message, now).await?;
        }
        metrics::repair(run.task().as_str());
    }
    tx.commit().await?;
    Ok(Some(Duration::ZERO))
}

/// Cancel, look whether it worked, and insist for two minutes. Then the run has ended for us.
pub(super) async fn stop(app: &App, run: &AgentRun, reason: CancelReason) -> anyhow::Result<Next> {
    let ended = || End { reason: Some(why(app, run, reason)), ..End::of(reason.outcome()) };
    if run.state == State::Queued {
        return finish(app, run, ended()).await;
    }
    let insisted_long_enough = run.cancel_requested_at.is_some_and(|at| app.clock.now() - at >= STOPPING);
    let backend_run_id = match &run.backend_run_id {
        Some(id) if run.state == State::Running => Some(id.clone()),
        // A start or a follow-up whose outcome we do not know yet.
        _ => match app.backend.latest_run(run.agent_id()).await {
            Ok(found) => found,
            Err(BackendError::NotFound) => None,
            Err(error) if insisted_long_enough => {
                tracing::error!(run.id = %run.id, agent = run.agent_id(), error = %error, "cannot find out whether an agent is still at work");
                None
            }
            Err(error) => return later(app, run, &error).await,
        },
    };
    let Some(backend_run_id) = backend_run_id else {
        return finish(app, run, ended()).await;
    };
    match app.backend.cancel(run.agent_id(), &backend_run_id).await {
        Ok(()) | Err(BackendError::Ended | BackendError::NotFound) => {}
        Err(error) => tracing::warn!(run.id = %run.id, error = %error, "cannot stop the agent yet"),
    }
    match app.backend.status(run.agent_id(), &backend_run_id).await {
        Ok(state) if !matches!(state.phase, Phase::Working | Phase::Unknown(_)) => finish(app, run, ended()).await,
        Err(BackendError::NotFound) => finish(app, run, ended()).await,
        _ if insisted_long_enough => {
            tracing::error!(run.id = %run.id, agent = run.agent_id(), "the agent does not stop; look at the backend");
            finish(app, run, ended()).await
        }
        _ => Ok(Some(STOP_LOOK)),
    }
}

fn why(app: &App, run: &AgentRun, reason: CancelReason) -> String {
    let last = run.last_error.as_ref().map(|error| format!("; the last error was: {error}")).unwrap_or_default();
    match reason {
        CancelReason::Cancelled => "Stopped by a person, or because its project was closed".to_owned(),
        CancelReason::Stalled => format!("No sign of life for {} s{last}", app.config.runs.stall.as_secs()),
        CancelReason::Expired => format!("Not finished within {} s{last}", run.deadline_seconds),
    }
}
