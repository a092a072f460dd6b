//! Look at the checks of a commit until they are done or the deadline has passed.

use std::time::Duration;

use common::clients::dashboard::EventReport;
use common::clients::github::{Check, ChecksResult};
use common::events::ReportEvent;
use common::jobs::{self, Attempt, Job, JobError};
use common::steps::finish_long;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::SERVICE;
use crate::app::App;
use crate::documents;
use crate::github::checks::{self, Conclusion, Evidence};
use crate::github::{FullName, GithubError};
use crate::store::check_waits::{self, CheckWait};
use crate::store::document_checks::{self, DocumentCheck};

/// Looks once; comes again by itself, or earlier when a webhook says that something happened to the commit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PollChecks {
    pub wait_id: Uuid,
}

/// Checks that end at once are found at once.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

impl Job for PollChecks {
    const QUEUE: &'static str = "github.poll_checks";
    const MAX_ATTEMPTS: i32 = 100;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.wait_id.to_string())
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let Some(wait) = check_waits::look(&mut *app.db.acquire().await?, self.wait_id).await? else { return Ok(()) };
        let name: FullName = wait.repository.parse().map_err(JobError::fail)?;
        let evidence = app.github.evidence(&name, &wait.sha).await;
        let now = app.clock.now();
        let over = now >= wait.deadline_at;
        let evidence = match evidence {
            Ok(evidence) => evidence,
            Err(error) if over => {
                tracing::warn!(error = %error, "the checks could not be read before their deadline");
                Evidence::default()
            }
            Err(GithubError::RateLimited { wait: pause }) => return Err(JobError::Again(pause)),
            Err(error) => {
                tracing::warn!(error = %error, repository = %name, "cannot read the checks now");
                return Err(JobError::Again(app.config.pace.checks));
            }
        };
        let documents =
            document_checks::find_by_commit(&mut *app.db.acquire().await?, wait.project_id, &wait.sha).await?;
        let waited = (now - wait.started_at).try_into().unwrap_or(Duration::ZERO);
        let others = evidence.conclude(waited, app.config.pace.checks_grace);
        let conclusion = match with_documents(others, documents.as_ref()) {
            Some(Conclusion::Success) => "success",
            Some(Conclusion::Failure) => "failure",
            Some(Conclusion::None) => "none",
            None if over => "timed_out",
            None => {
                let left = (wait.deadline_at - now).try_into().unwrap_or(Duration::ZERO);
                let pace =
                    if attempt.looks < 10 { FIRST_PAUSE.min(app.config.pace.checks) } else { app.config.pace.checks };
                return Err(JobError::Again(pace.min(left)));
            }
        };
        let mut evidence = explained(app, &name, evidence).await;
        evidence.checks.extend(documents.map(shown));
        finish(app, &wait, conclusion, evidence).await
    }
}

/// Documents that fail make it a failure. Documents in order prove nothing else: without other checks there are none.
fn with_documents(others: Option<Conclusion>, documents: Option<&DocumentCheck>) -> Option<Conclusion> {
    match documents.map(|check| check.conclusion.as_deref()) {
        Some(None) => None,
        Some(Some("failure")) => others.map(|_| Conclusion::Failure),
        _ => others,
    }
}

fn shown(check: DocumentCheck) -> checks::Check {
    checks::Check {
        name: documents::NAME.to_owned(),
        conclusion: check.conclusion,
        summary: check.summary,
        details_url: None,
        actions: None,
    }
}

/// Fill in why checks failed: whoever repairs it needs to know.
async fn explained(app: &App, repository: &FullName, mut evidence: Evidence) -> Evidence {
    let silent =
        |check: &&mut checks::Check| check.summary.is_empty() && check.conclusion.as_deref() == Some("failure");
    for check in evidence.checks.iter_mut().filter(silent) {
        let Some(actions) = check.actions else { continue };
        match app.github.failed_log(repository, actions).await {
            Ok(log) => check.summary = log,
            Err(error) => tracing::warn!(error = %error, "the log of a failed check cannot be read"),
        }
    }
    evidence
}

async fn finish(app: &App, wait: &CheckWait, conclusion: &str, evidence: Evidence) -> Result<(), JobError> {
    let now = app.clock.now();
    let open = |c: Option<String>| c.unwrap_or_else(|| "pending".to_owned());
    let checks: Vec<Check> = evidence
        .checks
        .into_iter()
        .map(|c| Check { name: c.name, conclusion: open(c.conclusion), summary: c.summary, details_url: c.details_url })
        .collect();
    let result = ChecksResult { sha: wait.sha.clone(), conclusion: conclusion.to_owned(), checks };
    let mut tx = app.db.begin().await?;
    if !check_waits::update_finished(&mut tx, wait.id, conclusion, now).await? {
        return Ok(());
    }
    finish_long(&mut tx, wait.project_id, &wait.step, wait.iteration, &result, now)
        .await
        .map_err(|error| JobError::retry(error.into_anyhow()))?;
    let short = wait.sha.get(..7).unwrap_or(&wait.sha);
    let event = EventReport {
        key: format!("checks.finished/{}", wait.id),
        project_id: wait.project_id,
        kind: "checks.finished".to_owned(),
        actor: SERVICE.to_owned(),
        summary: match conclusion {
            "none" => format!("Commit {short} has no checks"),
            "timed_out" => format!("The checks of {short} were not done in time"),
            word => format!("The checks of {short} ended in {word}"),
        },
        data: json!({"sha": wait.sha, "conclusion": conclusion, "repository": wait.repository, "checks": result.checks}),
        occurred_at: now,
    };
    jobs::enqueue(&mut tx, &ReportEvent(event), now).await?;
    tx.commit().await?;
    Ok(())
}
