//! From waiting to starting: a free place, the project's context, the prompt, and an id for the agent.

use std::time::Duration;

use common::clients::agents::AgentTask;
use common::clients::dashboard::{EventReport, Funding, ReserveBudget};
use common::events::ReportEvent;
use common::jobs;
use serde_json::json;

use super::{End, Next, finish};
use crate::agents::evidence;
use crate::agents::prompt::{Subject, role_name};
use crate::app::App;
use crate::store::agent_messages::{self, NewMessage};
use crate::store::agent_runs::{self, AgentRun, Prepared};
use crate::store::prompt_templates;

/// How long to wait for a free place before looking again.
const PLACE: Duration = Duration::from_secs(2);
/// How long a run that does not fit its project's budget waits before it asks again.
const MONEY: Duration = Duration::from_secs(5);
/// How long to wait when it could not be asked for money.
const ASK_AGAIN: Duration = Duration::from_secs(3);

pub(super) async fn prepare(app: &App, run: &AgentRun) -> anyhow::Result<Next> {
    // A look without the lock first: most of those who wait would only hold it up.
    let mut conn = app.db.acquire().await?;
    if agent_runs::count_active(&mut conn).await?.0 >= app.config.runs.max_running {
        return Ok(Some(PLACE));
    }
    let template = prompt_templates::active(&mut conn, run.task().as_str()).await?;
    drop(conn);

    if let Some(wait) = wait_for_money(app, run).await {
        return Ok(Some(wait));
    }
    let context = match app.dashboard.context(run.project_id).await {
        Ok(context) => context,
        Err(error) if error.is_retryable() => {
            tracing::warn!(run.id = %run.id, error = %error, "cannot read the project's context; trying again");
            return Ok(Some(error.retry_after().unwrap_or(Duration::from_secs(3))));
        }
        Err(error) => {
            return finish(app, run, End::failed(format!("The project's context cannot be read: {error}"))).await;
        }
    };
    let pushes = !matches!(run.task(), AgentTask::Plan | AgentTask::Review);
    let head =
        if pushes { evidence::head(app, &run.repository, &run.branch, &run.base_branch).await.flatten() } else { None };
    let subject = Subject {
        project_id: run.project_id,
        project_name: context.project.name.clone(),
        clone_url: context.project.repository.clone_url.clone(),
        readme_path: context.readme.path.clone(),
    };
    let body = template.as_ref().map(|template| template.body.as_str());
    let rendered = app.prompts.render(&run.request, &subject, &context, app.config.runs.context_tokens, body);
    let prompt = match rendered {
        Ok(prompt) => prompt,
        Err(error) => {
            return finish(app, run, End::failed(format!("The prompt template cannot be used: {error:#}"))).await;
        }
    };

    let now = app.clock.now();
    let agent_id = app.backend.new_agent_id();
    let mut tx = app.db.begin().await?;
    agent_runs::lock_places(&mut tx).await?;
    if agent_runs::count_active(&mut tx).await?.0 >= app.config.runs.max_running {
        return Ok(Some(PLACE));
    }
    let prepared = Prepared {
        project_name: &subject.project_name,
        repository_url: &context.project.repository.html_url,
        clone_url: &subject.clone_url,
        readme_path: &subject.readme_path,
        template_version: template.as_ref().map(|template| template.version),
        start_head_sha: head.as_deref(),
        agent_id: &agent_id,
    };
    if agent_runs::prepare(&mut tx, run.id, &prepared, now).await? {
        let message = NewMessage {
            run_id: run.id,
            generation: 1,
            author: "quantapilot",
            kind: "prompt",
            content: &prompt,
            data: None,
            event_id: None,
        };
        agent_messages::insert(&mut tx, &message, now).await?;
        jobs::enqueue(&mut tx, &ReportEvent(started(run, now)), now).await?;
    }
    tx.commit().await?;
    Ok(Some(Duration::ZERO))
}

/// No run starts without its money set aside. Idempotent by the run, so a repetition after a crash finds what there is; the project waits and
/// people are asked meanwhile. Until the answer is yes, nothing is begun.
async fn wait_for_money(app: &App, run: &AgentRun) -> Option<Duration> {
    let request =
        ReserveBudget { run_id: run.id, role: run.role(), task: run.task(), deadline_seconds: run.deadline_seconds };
    match app.dashboard.reserve_budget(run.project_id, &request).await {
        Ok(reservation) if reservation.status == Funding::Reserved => None,
        Ok(_) => {
            tracing::info!(run.id = %run.id, project.id = %run.project_id, "the run does not fit the budget; waiting");
            Some(MONEY)
        }
        // A project that was closed meanwhile ends the run at the next look, and a project that is not known has no context either.
        Err(error) if error.code() == "no_such_project" => None,
        Err(error) => {
            tracing::warn!(run.id = %run.id, error = %error, "cannot reserve money for the run; trying again");
            Some(error.retry_after().unwrap_or(ASK_AGAIN))
        }
    }
}

fn started(run: &AgentRun, now: time::OffsetDateTime) -> EventReport {
    let place = run.request.milestone.as_ref().map(|milestone| format!(" ({})", milestone.key)).unwrap_or_default();
    EventReport {
        key: format!("agent_run/{}/started", run.id),
        project_id: run.project_id,
        kind: "agent_run.started".to_owned(),
        actor: run.role().as_str().to_owned(),
        summary: format!("The {} starts to {}{place}", role_name(run.role()), run.task().as_str()),
        data: json!({"run_id": run.id, "role": run.role(), "task": run.task(), "branch": run.branch, "iteration": run.request.iteration}),
        occurred_at: now,
    }
}
