use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{created, ok};
use crate::{
    Change,
    github::{
        Github,
        error::{ApiError, Result},
        git::Totals,
        http::{Body, Paging, RepoAt},
        model::{Issue, Mergeable, Pull, Repo, now},
        views::{Views, checks::summed_up, pulls::PullFacts},
    },
};

/// A pull request lists at most so many files, and so many commits.
const FILES_LISTED: usize = 3_000;
const COMMITS_LISTED: usize = 250;

type Numbered = Path<(String, String, u64)>;

#[derive(Debug, Deserialize)]
pub(crate) struct CreatePull {
    title: Option<String>,
    body: Option<String>,
    #[serde(default)]
    head: String,
    #[serde(default)]
    base: String,
    #[serde(default)]
    draft: bool,
    maintainer_can_modify: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct UpdatePull {
    title: Option<String>,
    body: Option<String>,
    state: Option<String>,
    base: Option<String>,
}

impl Github {
    /// What git knows about a pull request. Whether it can be merged is told only once it has been worked out: with
    /// `wait` now, else the first question starts it, as on GitHub.
    pub(crate) async fn pull_facts(&self, repo_id: u64, number: u64, wait: bool) -> anyhow::Result<PullFacts> {
        let Some(repo) = self.repo(repo_id) else { return Ok(PullFacts::default()) };
        let Some((issue, pull)) = repo.pull(number) else { return Ok(PullFacts::default()) };
        let git = self.git(repo_id);
        let start = start_of(&git, pull).await?;
        let changes = git.diff(Some(&start), &pull.head_sha).await?;
        let commits = git.count(&[&format!("^{start}"), &pull.head_sha]).await?;
        let known =
            pull.mergeable.as_ref().filter(|known| known.head_sha == pull.head_sha && known.base_sha == pull.base_sha);
        let mergeable = match known {
            Some(known) => Some(known.clean),
            None if wait => Some(self.work_out_merge(repo_id, number).await?),
            None => {
                let github = self.clone();
                self.ctx().spawn(async move {
                    if let Err(error) = github.work_out_merge(repo_id, number).await {
                        tracing::warn!(error = format!("{error:#}"), "cannot tell whether a pull request merges");
                    }
                });
                None
            }
        };
        // A closed pull request is not worked out any more.
        let mergeable = mergeable.filter(|_| issue.state == "open" || wait);
        let mergeable_state = merge_state(&repo, issue, pull, mergeable);
        Ok(PullFacts { totals: Totals::of(&changes), commits, mergeable, mergeable_state })
    }

    async fn work_out_merge(&self, repo_id: u64, number: u64) -> anyhow::Result<bool> {
        let Some(repo) = self.repo(repo_id) else { return Ok(false) };
        let Some((_, pull)) = repo.pull(number) else { return Ok(false) };
        let clean = self.git(repo_id).merge_tree(&pull.base_sha, &pull.head_sha).await?.is_some();
        let mut state = self.store().lock();
        let issue = state.repo_mut(repo_id).and_then(|repo| repo.issues.get_mut(&number));
        if let Some(stored) = issue.and_then(|issue| issue.pull.as_mut()) {
            let (head_sha, base_sha) = (pull.head_sha.clone(), pull.base_sha.clone());
            stored.mergeable = Some(Mergeable { head_sha, base_sha, clean });
        }
        Ok(clean)
    }
}

/// Where the pull request's own commits begin. After a merge the base holds them, so the remembered base counts.
async fn start_of(git: &crate::github::git::Git, pull: &Pull) -> anyhow::Result<String> {
    Ok(git.merge_base(&pull.base_sha, &pull.head_sha).await?.unwrap_or_else(|| pull.base_sha.clone()))
}

fn merge_state(repo: &Repo, issue: &Issue, pull: &Pull, mergeable: Option<bool>) -> &'static str {
    if issue.state != "open" {
        return "unknown";
    }
    match mergeable {
        None => "unknown",
        Some(false) => "dirty",
        Some(true) if pull.draft => "draft",
        Some(true) => {
            let runs = repo.check_runs.iter().filter(|run| run.head_sha == pull.head_sha);
            let checks = if runs.clone().next().is_none() { Some("success") } else { summed_up(runs).1 };
            let statuses = super::statuses::state_of(repo, &pull.head_sha);
            let good = matches!(checks, Some("success" | "neutral")) && matches!(statuses, None | Some("success"));
            if good { "clean" } else { "unstable" }
        }
    }
}

pub(crate) async fn list(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    at.needs("pull_requests", false)?;
    let repo = at.repo()?;
    let wanted_state = paging.parameter("state").unwrap_or("open");
    let head = paging.parameter("head").map(|head| head.split_once(':').map_or(head, |(_, branch)| branch));
    let base = paging.parameter("base");
    let mut pulls: Vec<(&Issue, &Pull)> = repo
        .issues
        .values()
        .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
        .filter(|(issue, _)| wanted_state == "all" || issue.state == wanted_state)
        .filter(|(_, pull)| {
            head.is_none_or(|head| pull.head_ref == head) && base.is_none_or(|base| pull.base_ref == base)
        })
        .collect();
    if paging.parameter("sort") == Some("updated") {
        pulls.sort_by(|a, b| a.0.updated_at.cmp(&b.0.updated_at));
    }
    let default = if paging.parameter("sort").is_none_or(|sort| sort == "created") { "desc" } else { "asc" };
    if paging.parameter("direction").unwrap_or(default) == "desc" {
        pulls.reverse();
    }
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list(pulls, |(issue, pull)| views.pull_simple(&repo, issue, pull)))
}

pub(crate) async fn create(State(github): State<Github>, at: RepoAt, Body(new): Body<CreatePull>) -> Result {
    at.needs("pull_requests", true)?;
    let Some(title) = new.title.filter(|title| !title.is_empty()) else {
        return Err(ApiError::invalid("PullRequest", "title", "missing_field"));
    };
    let head_ref = new.head.split_once(':').map_or(new.head.as_str(), |(_, branch)| branch).to_owned();
    let invalid = |field: &'static str| move || ApiError::invalid("PullRequest", field, "invalid");
    let base_sha = at.git.branch(&new.base).await?.ok_or_else(invalid("base"))?;
    let head_sha = at.git.branch(&head_ref).await?.ok_or_else(invalid("head"))?;
    if at.git.count(&[&format!("^{base_sha}"), &head_sha]).await? == 0 {
        return Err(ApiError::custom("PullRequest", format!("No commits between {} and {head_ref}", new.base)));
    }
    let sender = at.caller.user.login.clone();
    let number = {
        let mut state = github.store().lock();
        let (issue_id, pull_id) = (state.next_id(), state.next_id());
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let same = |issue: &Issue| {
            issue.state == "open"
                && issue.pull.as_ref().is_some_and(|pull| pull.head_ref == head_ref && pull.base_ref == new.base)
        };
        if repo.issues.values().any(same) {
            return Err(ApiError::custom(
                "PullRequest",
                format!("A pull request already exists for {}:{head_ref}.", at.owner),
            ));
        }
        let number = repo.next_number();
        let pull = Pull {
            id: pull_id,
            head_ref: head_ref.clone(),
            head_sha: head_sha.clone(),
            base_ref: new.base.clone(),
            base_sha,
            draft: new.draft,
            merged_at: None,
            merged_by: None,
            merge_commit_sha: None,
            requested_reviewers: Vec::new(),
            maintainer_can_modify: new.maintainer_can_modify.unwrap_or(false),
            mergeable: None,
        };
        let issue = super::issues::new_issue(issue_id, number, title, new.body, &sender, Some(pull));
        repo.issues.insert(number, issue);
        number
    };
    at.git.force_ref(&format!("refs/pull/{number}/head"), &head_sha).await?;
    github.emit_pull(at.id, number, "opened", json!({}), &sender).await?;
    github.start_workflows(at.id, "pull_request", &head_ref, &head_sha, Some((number, &new.base)), &sender).await;
    github.ctx().changed(Change::Repositories);
    Ok(created(show(&github, &at, number, false).await?))
}

async fn show(github: &Github, at: &RepoAt, number: u64, wait: bool) -> Result<Value> {
    let facts = github.pull_facts(at.id, number, wait).await?;
    let repo = at.repo()?;
    let (issue, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(Views::new(github.ctx().urls(), &state).pull(&repo, issue, pull, facts))
}

pub(crate) async fn get(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    headers: http::HeaderMap,
) -> Result {
    at.needs("pull_requests", false)?;
    let accept = headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains(".diff") {
        let repo = at.repo()?;
        let (_, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
        let start = start_of(&at.git, pull).await?;
        let text = at.git.bytes(&["diff", "--no-color", &start, &pull.head_sha]).await?;
        return Ok(([(http::header::CONTENT_TYPE, "application/vnd.github.diff; charset=utf-8")], text).into_response());
    }
    Ok(ok(show(&github, &at, number, false).await?))
}

pub(crate) async fn update(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(change): Body<UpdatePull>,
) -> Result {
    at.needs("pull_requests", true)?;
    let repo = at.repo()?;
    let (issue, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    let sender = at.caller.user.login.clone();
    let new_base = match change.base.filter(|base| *base != pull.base_ref) {
        Some(base) => {
            let sha = at.git.branch(&base).await?.ok_or_else(|| ApiError::invalid("PullRequest", "base", "invalid"))?;
            Some((base, sha))
        }
        None => None,
    };
    let reopens = change.state.as_deref() == Some("open") && issue.state == "closed";
    if reopens && (pull.merged_at.is_some() || at.git.branch(&pull.head_ref).await?.is_none()) {
        return Err(ApiError::custom("PullRequest", "state cannot be changed. The pull request cannot be reopened."));
    }
    let edited = change.title.is_some() || change.body.is_some() || new_base.is_some();
    let changes = super::issues::edits(issue, change.title.as_deref(), change.body.as_deref());
    {
        let mut state = github.store().lock();
        let issue =
            state.repo_mut(at.id).and_then(|repo| repo.issues.get_mut(&number)).ok_or_else(ApiError::not_found)?;
        if let Some(title) = change.title {
            issue.title = title;
        }
        if change.body.is_some() {
            issue.body = change.body;
        }
        if let (Some((base, sha)), Some(pull)) = (new_base, &mut issue.pull) {
            pull.base_ref = base;
            pull.base_sha = sha;
        }
        if reopens {
            "open".clone_into(&mut issue.state);
            issue.closed_at = None;
            issue.closed_by = None;
        }
        issue.updated_at = now();
    }
    if edited {
        github.emit_pull(at.id, number, "edited", json!({"changes": changes}), &sender).await?;
    }
    if reopens {
        github.emit_pull(at.id, number, "reopened", json!({}), &sender).await?;
    }
    if change.state.as_deref() == Some("closed") && issue.state == "open" {
        github.close_pull(at.id, number, None, &sender).await?;
    }
    github.ctx().changed(Change::Repositories);
    Ok(ok(show(&github, &at, number, false).await?))
}

pub(crate) async fn files(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    paging: Paging,
) -> Result {
    let repo = at.repo()?;
    let (_, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    let start = start_of(&at.git, pull).await?;
    let mut files = at.git.diff(Some(&start), &pull.head_sha).await?;
    files.truncate(FILES_LISTED);
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list(files, |file| views.file_change(&repo, &file, &pull.head_sha)))
}

pub(crate) async fn commits(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    paging: Paging,
) -> Result {
    let repo = at.repo()?;
    let (_, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    let start = start_of(&at.git, pull).await?;
    let limit = format!("--max-count={COMMITS_LISTED}");
    let commits = at.git.log(&["--reverse", &limit, &format!("^{start}"), &pull.head_sha]).await?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list(commits, |commit| views.commit(&repo, &commit)))
}

/// A person following `html_url` lands on the sandbox's page.
pub(crate) async fn show_on_page(Path((owner, name, number)): Numbered) -> Response {
    Redirect::temporary(&format!("/_sandbox/#/repositories/{owner}/{name}/pulls/{number}")).into_response()
}
