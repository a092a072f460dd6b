//! A repository was seen: ask GitHub how it stands now, let the start rule decide, and write the decision down.
//!
//! Webhooks, the poller and people all come through here, as often as they like and at the same time: the row of the repository is
//! locked while deciding, and one repository starts once.

use common::clients::github::Readme;
use common::jobs;
use sqlx::PgConnection;

use super::{Facts, Sighting, StartRule, Verdict};
use crate::app::App;
use crate::github::repositories::Repository as OnGithub;
use crate::github::{FullName, GithubError};
use crate::jobs::{EnsureHook, TriggerIntake};
use crate::metrics;
use crate::store::intakes::NewIntake;
use crate::store::repositories::{Look, Repository};
use crate::store::{intakes, poll_states, repositories};

/// How a repository came to our notice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// `webhook`, `poll` or `person`.
    pub by: &'static str,
    /// The id that goes with the name, when the sighting tells it.
    pub github_id: Option<i64>,
    pub readme_added: bool,
    pub by_hand: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is to become a project.
    Intake,
    /// It is one already.
    Known,
    Watching(&'static str),
    Ignored(&'static str),
    /// Not there, not visible, or another repository has the name now.
    Gone,
}

impl Outcome {
    /// The stable word for tables and labels.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Known => "known",
            Self::Watching(_) => "watching",
            Self::Ignored(_) => "ignored",
            Self::Gone => "gone",
        }
    }
}

/// Why it could not be decided now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsiderError {
    #[error(transparent)]
    Github(#[from] GithubError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl ConsiderError {
    pub(crate) fn into_job_error(self) -> common::jobs::JobError {
        match self {
            Self::Github(error) => error.into_job_error(),
            Self::Database(error) => common::jobs::JobError::retry(error),
        }
    }
}

/// The rule as it stands for this installation.
pub(crate) async fn start_rule(app: &App) -> sqlx::Result<StartRule> {
    let mut conn = app.db.acquire().await?;
    let started = poll_states::started_at(&mut conn, crate::poller::REPOSITORIES, app.clock.now()).await?;
    let start = &app.config.start;
    Ok(StartRule {
        allow_forks: start.forks,
        allow_templates: start.templates,
        owners: start.owners.clone(),
        topic: start.topic.clone(),
        since: started - start.grace,
    })
}

/// The facts of the start rule.
pub(crate) fn facts(repository: &OnGithub) -> Facts<'_> {
    Facts {
        owner: &repository.owner.login,
        fork: repository.fork,
        template: repository.is_template,
        archived: repository.archived,
        topics: &repository.topics,
        created_at: repository.created_at,
    }
}

/// Look at the repository and act on what the rule says.
pub(crate) async fn consider(app: &App, name: &FullName, seen: Seen) -> Result<Outcome, ConsiderError> {
    let on_github = match app.github.repository(name).await {
        Ok(found) if seen.github_id.is_none_or(|id| id == found.id) => found,
        Ok(_) => return gone(app, seen).await,
        Err(error) if error.is_not_found() => return gone(app, seen).await,
        Err(error) => return Err(error.into()),
    };
    let rule = start_rule(app).await?;
    let before = repositories::find_by_github_id(&mut *app.db.acquire().await?, on_github.id).await?;
    let sighting = Sighting {
        was_watched: before.as_ref().is_some_and(|r| r.state == "watching" && r.state_reason.is_some()),
        readme_added: seen.readme_added,
        by_hand: seen.by_hand,
    };
    let adopted = before.as_ref().is_some_and(|r| r.state == "adopted");
    let early = rule.screen(&facts(&on_github), sighting);
    // An adopted repository keeps its README's history to itself, and a refused one need not be read.
    let readme = if adopted || early.is_some() { None } else { app.github.readme(name, None).await? };
    let verdict =
        early.unwrap_or_else(|| rule.decide(&facts(&on_github), readme.as_ref().map(|r| r.text.as_str()), sighting));
    Ok(write_down(app, &on_github, readme.as_ref(), verdict, seen).await?)
}

async fn gone(app: &App, seen: Seen) -> Result<Outcome, ConsiderError> {
    if let Some(github_id) = seen.github_id {
        repositories::update_removed(&mut *app.db.acquire().await?, github_id, app.clock.now()).await?;
    }
    Ok(Outcome::Gone)
}

async fn write_down(
    app: &App,
    on_github: &OnGithub,
    readme: Option<&Readme>,
    verdict: Verdict,
    seen: Seen,
) -> sqlx::Result<Outcome> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let repository = repositories::upsert(&mut tx, on_github, now).await?;
    let outcome = match verdict {
        _ if repository.state == "adopted" => Outcome::Known,
        Verdict::Start => match readme {
            Some(readme) => adopt(app, &mut tx, &repository, readme, seen).await?,
            None => Outcome::Watching("no_readme"),
        },
        Verdict::Watch(reason) => Outcome::Watching(reason),
        Verdict::Ignore(reason) => Outcome::Ignored(reason),
    };
    let (state, reason) = match outcome {
        Outcome::Watching(reason) => ("watching", Some(reason)),
        Outcome::Ignored(reason) => ("ignored", Some(reason)),
        _ => ("adopted", None),
    };
    if outcome != Outcome::Known {
        let look = Look { state, reason, readme: readme.map(|r| (r.path.as_str(), r.sha.as_str())) };
        repositories::update_look(&mut tx, repository.id, look, on_github.pushed_at, now).await?;
    }
    tx.commit().await?;
    if outcome == Outcome::Intake {
        metrics::intake(seen.by);
        tracing::info!(repository = %on_github.full_name, found_by = seen.by, "a README appeared: a project is to start");
    }
    Ok(outcome)
}

/// Within the transaction that holds the repository's row.
async fn adopt(
    app: &App,
    conn: &mut PgConnection,
    repository: &Repository,
    readme: &Readme,
    seen: Seen,
) -> sqlx::Result<Outcome> {
    let now = app.clock.now();
    let new = NewIntake {
        repository_id: repository.id,
        github_id: repository.github_id,
        readme_path: &readme.path,
        readme_sha: &readme.sha,
        found_by: seen.by,
    };
    let Some(intake_id) = intakes::insert(conn, &new, now).await? else { return Ok(Outcome::Known) };
    jobs::enqueue(conn, &TriggerIntake { intake_id }, now).await?;
    if app.config.webhook.url.is_some() && !app.github.is_app() {
        jobs::enqueue(conn, &EnsureHook { repository_id: repository.id }, now).await?;
    }
    Ok(Outcome::Intake)
}
