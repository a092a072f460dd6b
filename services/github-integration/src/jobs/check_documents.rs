//! Check the documents of a commit, once, and say on GitHub what was found.

use common::jobs::{self, Attempt, Job, JobError};
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Iso8601;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::app::App;
use crate::documents::{Archive, NAME, Verdict, compare};
use crate::github::checks::Report;
use crate::github::{FullName, GithubError};
use crate::jobs::PollChecks;
use crate::metrics;
use crate::store::document_checks::{DocumentCheck, Outcome};
use crate::store::{check_waits, document_checks};

/// Checks one commit that somebody asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CheckDocuments {
    pub check_id: Uuid,
}

/// Two trees are in memory during a check, so checks are made one after the other.
static TURN: Semaphore = Semaphore::const_new(1);

impl Job for CheckDocuments {
    const QUEUE: &'static str = "github.check_documents";
    /// About ten minutes; then it is told that nothing could be said.
    const MAX_ATTEMPTS: i32 = 6;
    type Context = App;

    fn key(&self) -> Option<String> {
        Some(self.check_id.to_string())
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let Some(check) = document_checks::find(&mut *app.db.acquire().await?, self.check_id).await? else {
            return Ok(());
        };
        if check.conclusion.is_some() {
            return Ok(());
        }
        let name: FullName = check.repository.parse().map_err(JobError::fail)?;
        let outcome = match look(app, &name, &check).await {
            Ok(verdict) => report(app, &name, &check, &verdict).await.map(|()| verdict),
            Err(error) => Err(error),
        };
        let verdict = match outcome {
            Ok(verdict) => verdict,
            Err(error @ GithubError::RateLimited { .. }) => return Err(error.into_job_error()),
            Err(error) if attempt.number < Self::MAX_ATTEMPTS => return Err(error.into_job_error()),
            Err(error) => {
                tracing::warn!(error = %error, repository = %name, sha = %check.sha, "the documents could not be checked");
                Verdict::unknown("GitHub did not give us the tree, or did not take our report")
            }
        };
        metrics::documents_checked(verdict.conclusion);
        keep(app, &check, &verdict).await
    }
}

async fn look(app: &App, name: &FullName, check: &DocumentCheck) -> Result<Verdict, GithubError> {
    let branch = app.github.repository(name).await?.default_branch;
    let base = app.github.merge_base(name, &branch, &check.sha).await?;
    let _turn = TURN.acquire().await;
    let head = app.github.tarball(name, &check.sha).await?;
    let base = match base {
        Some(sha) => Some(app.github.tarball(name, &sha).await?),
        None => None,
    };
    let today = app.clock.now().date().format(&Iso8601::DATE).unwrap_or_default();
    let required = check.required;
    let checked = tokio::task::spawn_blocking(move || {
        let head = Archive::read(&head)?;
        let base = base.as_deref().map(Archive::read).transpose()?;
        Ok::<_, crate::documents::Unfit>(compare(&head, base.as_ref().map(|base| base as _), required, &today))
    });
    Ok(match checked.await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(unfit)) => Verdict::unknown(&unfit.to_string()),
        Err(panic) => {
            tracing::error!(error = %panic, repository = %name, sha = %check.sha, "the check of the documents broke");
            Verdict::unknown("the check itself broke; the log of github-integration says where")
        }
    })
}

/// A token without the right to report is no reason to hold a project up: the result is kept all the same.
async fn report(app: &App, name: &FullName, check: &DocumentCheck, verdict: &Verdict) -> Result<(), GithubError> {
    let report = Report {
        sha: &check.sha,
        name: NAME,
        conclusion: verdict.conclusion,
        summary: &verdict.summary,
        details_url: None,
        annotations: &verdict.annotations,
    };
    match app.github.report_check(name, report).await {
        Err(GithubError::Forbidden { .. } | GithubError::NotFound { .. }) => {
            tracing::warn!(repository = %name, "our credentials may not report checks: the result is only kept");
            Ok(())
        }
        other => other,
    }
}

/// The result, and a nudge for whoever waits for it, in one transaction.
async fn keep(app: &App, check: &DocumentCheck, verdict: &Verdict) -> Result<(), JobError> {
    let now = app.clock.now();
    let outcome = Outcome {
        conclusion: verdict.conclusion,
        problems: verdict.problems,
        older: verdict.older,
        summary: &verdict.summary,
    };
    let mut tx = app.db.begin().await?;
    if document_checks::update_checked(&mut tx, check, outcome, now).await? {
        for wait_id in check_waits::list_open(&mut tx, &check.sha).await? {
            jobs::enqueue(&mut tx, &PollChecks { wait_id }, now).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
