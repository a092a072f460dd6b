//! Work on a stored webhook delivery.
//!
//! A delivery only says that something happened; what follows is decided by how GitHub says things stand when we ask.

use common::clients::dashboard::EventReport;
use common::events::ReportEvent;
use common::jobs::{self, Attempt, Job, JobError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::app::App;
use crate::config::Policy;
use crate::documents::{self, Commit};
use crate::github::{FullName, GithubError};
use crate::intake::{ConsiderError, Outcome, Seen, consider};
use crate::jobs::{EnsureHook, PollChecks};
use crate::metrics;
use crate::store::webhook_deliveries::DeliveryId;
use crate::store::{check_waits, pull_requests, repositories, webhook_deliveries};
use crate::webhooks::body;
use crate::webhooks::payload::{Payload, RepositoryName};

/// Works on one delivery.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProcessDelivery {
    pub id: DeliveryId,
}

impl Job for ProcessDelivery {
    const QUEUE: &'static str = "github.process_delivery";
    const MAX_ATTEMPTS: i32 = 30;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.id.to_string())
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let Some(stored) = webhook_deliveries::find_stored(&mut *app.db.acquire().await?, self.id).await? else {
            return Ok(());
        };
        if stored.state != "received" {
            return Ok(());
        }
        let body = body::parse(&stored.content_type, &stored.body).map_err(JobError::fail)?;
        match handle(app, &stored.event, &body).await {
            Ok(outcome) => {
                metrics::processed(outcome);
                webhook_deliveries::update_processed(&mut *app.db.acquire().await?, self.id, outcome, app.clock.now())
                    .await?;
                Ok(())
            }
            Err(JobError::Retry { error, .. }) if attempt.number >= Self::MAX_ATTEMPTS => {
                let text = format!("{error:#}");
                metrics::processed("failed");
                webhook_deliveries::update_failed(&mut *app.db.acquire().await?, self.id, &text, app.clock.now())
                    .await?;
                Err(JobError::fail(error))
            }
            Err(error) => Err(error),
        }
    }
}

/// The outcome in one stable word.
async fn handle(app: &App, event: &str, body: &Value) -> Result<&'static str, JobError> {
    let payload = Payload(body);
    match event {
        "ping" => Ok("pong"),
        "repository" => repository_changed(app, &payload).await,
        "push" => pushed(app, &payload).await,
        "create" => match payload.repository() {
            Some(repository) if payload.creates_default_branch(&repository) => see(app, &repository, false).await,
            _ => Ok("other_branch"),
        },
        "installation" | "installation_repositories" => installed(app, &payload).await,
        "pull_request" => pull_request_changed(app, &payload).await,
        "check_run" | "check_suite" | "workflow_run" | "workflow_job" | "status" => {
            wake_checks(app, payload.checked_sha(event)).await
        }
        "meta" => hook_removed(app, &payload).await,
        _ => Ok("not_of_interest"),
    }
}

async fn see(app: &App, repository: &RepositoryName, readme_added: bool) -> Result<&'static str, JobError> {
    let Ok(name) = repository.full_name.parse::<FullName>() else { return Ok("not_of_interest") };
    let seen = Seen { by: "webhook", github_id: Some(repository.id), readme_added, by_hand: false };
    consider(app, &name, seen).await.map(Outcome::as_str).map_err(ConsiderError::into_job_error)
}

async fn repository_changed(app: &App, payload: &Payload<'_>) -> Result<&'static str, JobError> {
    let Some(repository) = payload.repository() else { return Ok("not_of_interest") };
    if payload.action() == Some("deleted") {
        repositories::update_removed(&mut *app.db.acquire().await?, repository.id, app.clock.now()).await?;
        return Ok("gone");
    }
    see(app, &repository, false).await
}

async fn pushed(app: &App, payload: &Payload<'_>) -> Result<&'static str, JobError> {
    let Some(repository) = payload.repository() else { return Ok("not_of_interest") };
    let push = payload.push();
    if push.deleted || push.branch.is_none() || push.branch != repository.default_branch {
        return Ok("other_branch");
    }
    // With a personal token we share our identity with a person, so only our mark on the commit tells our pushes from theirs.
    if push.made_by_step {
        return Ok("own_push");
    }
    see(app, &repository, push.adds_readme).await
}

async fn installed(app: &App, payload: &Payload<'_>) -> Result<&'static str, JobError> {
    if !matches!(payload.action(), Some("created" | "added" | "unsuspend" | "new_permissions_accepted")) {
        return Ok("not_of_interest");
    }
    let mut outcome = "not_of_interest";
    for repository in payload.added_repositories() {
        outcome = see(app, &repository, false).await?;
    }
    Ok(outcome)
}

async fn wake_checks(app: &App, sha: Option<&str>) -> Result<&'static str, JobError> {
    let Some(sha) = sha else { return Ok("not_of_interest") };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let waits = check_waits::list_open(&mut tx, sha).await?;
    for wait_id in &waits {
        jobs::enqueue(&mut tx, &PollChecks { wait_id: *wait_id }, now).await?;
    }
    tx.commit().await?;
    Ok(if waits.is_empty() { "not_awaited" } else { "woke_checks" })
}

async fn hook_removed(app: &App, payload: &Payload<'_>) -> Result<&'static str, JobError> {
    let Some(repository) = payload.repository() else { return Ok("not_of_interest") };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if let Some(known) = repositories::find_by_github_id(&mut tx, repository.id).await? {
        jobs::enqueue(&mut tx, &EnsureHook { repository_id: known.id }, now).await?;
    }
    tx.commit().await?;
    Ok("hook_removed")
}

/// Somebody else's pull request in the repository of a project: its documents are looked at, by the policy for such.
async fn foreign_pull_request(
    app: &App,
    action: Option<&str>,
    repository: &RepositoryName,
    name: &FullName,
    number: i64,
) -> Result<&'static str, JobError> {
    let policy = app.config.documents.foreign;
    let known = repositories::find_by_github_id(&mut *app.db.acquire().await?, repository.id).await?;
    let (Some(project_id), false) = (known.and_then(|known| known.project_id), policy == Policy::Off) else {
        return Ok("not_of_interest");
    };
    if !matches!(action, Some("opened" | "synchronize" | "reopened" | "ready_for_review")) {
        return Ok("not_of_interest");
    }
    let pull = app.github.pull(name, number).await.map_err(GithubError::into_job_error)?;
    if pull.state != "open" {
        return Ok("not_of_interest");
    }
    let mut tx = app.db.begin().await?;
    let commit = Commit { project_id, repository: &name.to_string(), sha: &pull.head.sha };
    documents::ask(&mut tx, policy, commit, app.clock.now()).await?;
    tx.commit().await?;
    Ok("foreign_pull_request")
}

/// One of our pull requests changed, perhaps by a person's hand: look at it and tell the project.
async fn pull_request_changed(app: &App, payload: &Payload<'_>) -> Result<&'static str, JobError> {
    let (Some(news), Some(repository)) = (payload.pull_request(), payload.repository()) else {
        return Ok("not_of_interest");
    };
    let Ok(name) = repository.full_name.parse::<FullName>() else { return Ok("not_of_interest") };
    let Some(project_id) = pull_requests::find_project(&mut *app.db.acquire().await?, news.id).await? else {
        return foreign_pull_request(app, payload.action(), &repository, &name, news.number).await;
    };
    let pull = app.github.pull(&name, news.number).await.map_err(GithubError::into_job_error)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    pull_requests::upsert(&mut tx, project_id, &name, &pull, now).await?;
    if pull.state == "open" {
        let commit = Commit { project_id, repository: &name.to_string(), sha: &pull.head.sha };
        documents::ask_for_ours(&mut tx, app.config.documents.own, commit, now).await?;
    }
    if pull.state == "closed" && !pull.merged && pull.merged_at.is_none() {
        let event = EventReport {
            key: format!(
                "pull_request.closed/{}/{}",
                pull.id,
                pull.closed_at.map_or(0, time::OffsetDateTime::unix_timestamp)
            ),
            project_id,
            kind: "pull_request.closed".to_owned(),
            actor: payload.sender().map(|s| s.login).unwrap_or_default(),
            summary: format!("Pull request #{} was closed without being merged", pull.number),
            data: json!({"number": pull.number, "html_url": pull.html_url, "repository": name.to_string()}),
            occurred_at: pull.closed_at.unwrap_or(now),
        };
        jobs::enqueue(&mut tx, &ReportEvent(event), now).await?;
    }
    tx.commit().await?;
    Ok("pull_request")
}
