use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{created, ok};
use crate::{
    Change,
    github::{
        Github,
        error::{ApiError, Result},
        git::CommitInfo,
        http::{Body, Paging, RepoAt},
        model::{CheckRun, CheckSuite, now},
        views::{Views, checks::summed_up},
    },
};

type Numbered = Path<(String, String, u64)>;

const CONCLUSIONS: [&str; 7] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];

#[derive(Debug, Default, Deserialize)]
pub(crate) struct WriteCheckRun {
    name: Option<String>,
    head_sha: Option<String>,
    details_url: Option<String>,
    external_id: Option<String>,
    status: Option<String>,
    started_at: Option<String>,
    conclusion: Option<String>,
    completed_at: Option<String>,
    output: Option<Output>,
}

#[derive(Debug, Deserialize)]
struct Output {
    title: Option<String>,
    summary: Option<String>,
    text: Option<String>,
    #[serde(default)]
    annotations: Vec<Value>,
}

impl Github {
    /// The suite of an App's check runs for a commit.
    pub(crate) fn check_suite_for(
        &self,
        repo_id: u64,
        app: &str,
        head_sha: &str,
        branch: Option<&str>,
    ) -> Option<CheckSuite> {
        let mut state = self.store().lock();
        let id = state.next_id();
        let repo = state.repo_mut(repo_id)?;
        if let Some(suite) = repo.check_suites.iter().find(|suite| suite.app == app && suite.head_sha == head_sha) {
            return Some(suite.clone());
        }
        Some(push_suite(repo, id, app, head_sha, branch))
    }

    /// A suite of its own, as each workflow run has.
    pub(crate) fn new_check_suite(
        &self,
        repo_id: u64,
        app: &str,
        head_sha: &str,
        branch: Option<&str>,
    ) -> Option<CheckSuite> {
        let mut state = self.store().lock();
        let id = state.next_id();
        Some(push_suite(state.repo_mut(repo_id)?, id, app, head_sha, branch))
    }

    /// Remember a new check run, and tell who listens.
    pub(crate) async fn add_check_run(&self, repo_id: u64, run: CheckRun, sender: &str) {
        {
            let mut state = self.store().lock();
            let Some(repo) = state.repo_mut(repo_id) else { return };
            if let Some(suite) = repo.check_suites.iter_mut().find(|suite| suite.id == run.suite_id) {
                suite.announced = false;
                suite.updated_at = now();
            }
            repo.check_runs.push(run.clone());
        }
        self.tell_check_run(repo_id, &run, "created", sender);
        if run.status == "completed" {
            self.tell_check_run(repo_id, &run, "completed", sender);
            self.tell_finished_suite(repo_id, run.suite_id, sender).await;
        }
        self.ctx().changed(Change::Repositories);
    }

    /// Change a check run, and tell who listens when that finished it.
    pub(crate) async fn change_check_run(
        &self,
        repo_id: u64,
        id: u64,
        sender: &str,
        change: impl FnOnce(&mut CheckRun),
    ) -> Option<CheckRun> {
        let (run, finished) = {
            let mut state = self.store().lock();
            let repo = state.repo_mut(repo_id)?;
            let run = repo.check_runs.iter_mut().find(|run| run.id == id)?;
            let was_completed = run.status == "completed";
            change(run);
            let run = run.clone();
            let finished = run.status == "completed" && !was_completed;
            if let Some(suite) = repo.check_suites.iter_mut().find(|suite| suite.id == run.suite_id) {
                suite.updated_at = now();
                suite.announced &= run.status == "completed" && was_completed;
            }
            (run, finished)
        };
        if finished {
            self.tell_check_run(repo_id, &run, "completed", sender);
            self.tell_finished_suite(repo_id, run.suite_id, sender).await;
        }
        self.ctx().changed(Change::Repositories);
        Some(run)
    }

    fn tell_check_run(&self, repo_id: u64, run: &CheckRun, action: &str, sender: &str) {
        let payload = {
            let state = self.store().lock();
            let Some(repo) = state.repos.get(&repo_id) else { return };
            let views = Views::new(self.ctx().urls(), &state);
            let mut shown = views.check_run(repo, run);
            // What is told is the state at the time of the action, and a run is made before it is finished.
            if action == "created" && run.status == "completed" {
                shown["status"] = json!("queued");
                shown["conclusion"] = Value::Null;
                shown["completed_at"] = Value::Null;
            }
            if let Some(suite) = repo.check_suites.iter().find(|suite| suite.id == run.suite_id) {
                shown["check_suite"] = views.check_suite_small(repo, suite);
            }
            json!({"action": action, "check_run": shown})
        };
        self.emit(repo_id, "check_run", sender, payload);
    }

    /// `check_suite.completed`, once all its runs are finished.
    async fn tell_finished_suite(&self, repo_id: u64, suite_id: u64, sender: &str) {
        let suite = {
            let mut state = self.store().lock();
            let Some(repo) = state.repo_mut(repo_id) else { return };
            let finished = summed_up(repo.check_runs.iter().filter(|run| run.suite_id == suite_id)).0 == "completed";
            let Some(suite) = repo.check_suites.iter_mut().find(|suite| suite.id == suite_id) else { return };
            if !finished || suite.announced {
                return;
            }
            suite.announced = true;
            suite.clone()
        };
        let Ok(commit) = self.git(repo_id).commit(&suite.head_sha).await else { return };
        let payload = {
            let state = self.store().lock();
            let Some(repo) = state.repos.get(&repo_id) else { return };
            let views = Views::new(self.ctx().urls(), &state);
            json!({"action": "completed", "check_suite": views.check_suite(repo, &suite, &commit)})
        };
        self.emit(repo_id, "check_suite", sender, payload);
    }
}

fn push_suite(
    repo: &mut crate::github::model::Repo,
    id: u64,
    app: &str,
    head_sha: &str,
    branch: Option<&str>,
) -> CheckSuite {
    let moment = now();
    let suite = CheckSuite {
        id,
        app: app.to_owned(),
        head_sha: head_sha.to_owned(),
        head_branch: branch.map(str::to_owned),
        created_at: moment.clone(),
        updated_at: moment,
        announced: false,
    };
    repo.check_suites.push(suite.clone());
    suite
}

/// Only Apps make check runs; a person's token is told so.
fn app_of(at: &RepoAt) -> Result<String> {
    at.needs("checks", true)?;
    let app = at.caller.app().ok_or_else(|| ApiError::forbidden("You must authenticate via a GitHub App."))?;
    Ok(app.slug.clone())
}

fn check(wanted: &WriteCheckRun) -> Result<()> {
    if let Some(conclusion) = &wanted.conclusion
        && !CONCLUSIONS.contains(&conclusion.as_str())
    {
        return Err(ApiError::invalid("CheckRun", "conclusion", "invalid"));
    }
    if let Some(status) = &wanted.status
        && !["queued", "in_progress", "completed"].contains(&status.as_str())
    {
        return Err(ApiError::invalid("CheckRun", "status", "invalid"));
    }
    if wanted.status.as_deref() == Some("completed") && wanted.conclusion.is_none() {
        return Err(ApiError::invalid("CheckRun", "conclusion", "missing_field"));
    }
    Ok(())
}

fn apply(run: &mut CheckRun, wanted: WriteCheckRun) {
    if let Some(name) = wanted.name {
        run.name = name;
    }
    if let Some(status) = wanted.status {
        run.status = status;
    }
    if let Some(conclusion) = wanted.conclusion {
        // A conclusion alone finishes the run.
        run.conclusion = Some(conclusion);
        "completed".clone_into(&mut run.status);
    }
    if run.status == "completed" {
        run.completed_at = wanted.completed_at.or(run.completed_at.take()).or_else(|| Some(now()));
    } else {
        run.completed_at = None;
    }
    if run.status != "queued" && run.started_at.is_none() {
        run.started_at = Some(now());
    }
    run.started_at = wanted.started_at.or(run.started_at.take());
    run.details_url = wanted.details_url.or(run.details_url.take());
    run.external_id = wanted.external_id.or(run.external_id.take());
    if let Some(output) = wanted.output {
        run.title = output.title.or(run.title.take());
        run.summary = output.summary.or(run.summary.take());
        run.text = output.text.or(run.text.take());
        run.annotations.extend(output.annotations);
    }
}

pub(crate) async fn create(State(github): State<Github>, at: RepoAt, Body(new): Body<WriteCheckRun>) -> Result {
    let app = app_of(&at)?;
    let Some(name) = new.name.clone().filter(|name| !name.is_empty()) else {
        return Err(ApiError::invalid("CheckRun", "name", "missing_field"));
    };
    let head_sha = new.head_sha.clone().unwrap_or_default();
    if at.git.kind(&head_sha).await?.as_deref() != Some("commit") {
        return Err(ApiError::unprocessable(format!("No commit found for SHA: {head_sha}")));
    }
    check(&new)?;
    let name_of = |info: crate::github::git::RefInfo| info.name.trim_start_matches("refs/heads/").to_owned();
    let branch = at.git.refs("refs/heads/").await?.into_iter().find(|info| info.sha == head_sha).map(name_of);
    let suite = github.check_suite_for(at.id, &app, &head_sha, branch.as_deref()).ok_or_else(ApiError::not_found)?;
    let id = github.store().lock().next_id();
    let mut run = new_check_run(id, suite.id, &app, &name, &head_sha);
    apply(&mut run, new);
    github.add_check_run(at.id, run.clone(), &at.caller.user.login).await;
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).check_run(&repo, &run)))
}

/// A queued check run, not yet remembered.
pub(crate) fn new_check_run(id: u64, suite_id: u64, app: &str, name: &str, head_sha: &str) -> CheckRun {
    CheckRun {
        id,
        suite_id,
        app: app.to_owned(),
        name: name.to_owned(),
        head_sha: head_sha.to_owned(),
        external_id: None,
        details_url: None,
        status: "queued".to_owned(),
        conclusion: None,
        started_at: Some(now()),
        completed_at: None,
        title: None,
        summary: None,
        text: None,
        annotations: Vec::new(),
    }
}

pub(crate) async fn update(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, id)): Numbered,
    Body(change): Body<WriteCheckRun>,
) -> Result {
    let app = app_of(&at)?;
    check(&change)?;
    let owner = at.repo()?.check_runs.iter().find(|run| run.id == id).map(|run| run.app.clone());
    if owner.ok_or_else(ApiError::not_found)? != app {
        return Err(ApiError::forbidden(
            "Invalid app_id - check run can only be modified by the GitHub App that created it.",
        ));
    }
    let sender = at.caller.user.login.clone();
    let run =
        github.change_check_run(at.id, id, &sender, |run| apply(run, change)).await.ok_or_else(ApiError::not_found)?;
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).check_run(&repo, &run)))
}

pub(crate) async fn get(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    at.needs("checks", false)?;
    let repo = at.repo()?;
    let run = repo.check_runs.iter().find(|run| run.id == id).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).check_run(&repo, run)))
}

pub(crate) async fn annotations(at: RepoAt, Path((_, _, id)): Numbered, paging: Paging) -> Result {
    let repo = at.repo()?;
    let run = repo.check_runs.iter().find(|run| run.id == id).ok_or_else(ApiError::not_found)?;
    Ok(paging.list(run.annotations.clone(), |annotation| annotation))
}

pub(crate) fn of_commit(github: &Github, at: &RepoAt, sha: &str, paging: &Paging) -> Result {
    show_runs(github, at, paging, |run| run.head_sha == sha)
}

pub(crate) async fn of_suite(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, id)): Numbered,
    paging: Paging,
) -> Result {
    show_runs(&github, &at, &paging, |run| run.suite_id == id)
}

fn show_runs(github: &Github, at: &RepoAt, paging: &Paging, wanted: impl Fn(&CheckRun) -> bool) -> Result {
    at.needs("checks", false)?;
    let repo = at.repo()?;
    let name = paging.parameter("check_name");
    let status = paging.parameter("status");
    // The newest of each name in a suite, unless all are asked for.
    let all = paging.parameter("filter") == Some("all");
    let mut runs: Vec<&CheckRun> = Vec::new();
    for run in repo.check_runs.iter().rev().filter(|run| wanted(run)) {
        let fits = name.is_none_or(|name| run.name == name) && status.is_none_or(|status| run.status == status);
        let superseded = runs.iter().any(|newer| newer.name == run.name && newer.suite_id == run.suite_id);
        if fits && (all || !superseded) {
            runs.push(run);
        }
    }
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list_in("check_runs", runs, |run| views.check_run(&repo, run)))
}

pub(crate) async fn suites_of_commit(github: &Github, at: &RepoAt, sha: &str, paging: &Paging) -> Result {
    at.needs("checks", false)?;
    let repo = at.repo()?;
    let commit: CommitInfo = at.git.commit(sha).await?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let suites: Vec<&CheckSuite> = repo.check_suites.iter().filter(|suite| suite.head_sha == sha).collect();
    Ok(paging.list_in("check_suites", suites, |suite| views.check_suite_full(&repo, suite, &commit)))
}

pub(crate) async fn get_suite(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    let repo = at.repo()?;
    let suite = repo.check_suites.iter().find(|suite| suite.id == id).ok_or_else(ApiError::not_found)?;
    let commit = at.git.commit(&suite.head_sha).await?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).check_suite_full(&repo, suite, &commit)))
}
