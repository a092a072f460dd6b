use axum::{
    extract::{Path, Query, State},
    response::IntoResponse as _,
};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{no_content, ok};
use crate::github::{
    Github,
    error::{ApiError, Result},
    http::{Body, Paging, RepoAt},
    model::WorkflowRun,
    views::Views,
};

type Numbered = Path<(String, String, u64)>;

pub(crate) async fn workflows(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list_in("workflows", repo.workflows.iter().collect(), |workflow| views.workflow(&repo, workflow)))
}

pub(crate) async fn runs(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    at.needs("actions", false)?;
    let repo = at.repo()?;
    let fits = |run: &&WorkflowRun| {
        let status = paging.parameter("status");
        paging.parameter("branch").is_none_or(|branch| run.head_branch == branch)
            && paging.parameter("event").is_none_or(|event| run.event == event)
            && paging.parameter("head_sha").is_none_or(|sha| run.head_sha == sha)
            && paging.parameter("actor").is_none_or(|actor| run.actor == actor)
            && status.is_none_or(|status| run.status == status || run.conclusion.as_deref() == Some(status))
    };
    let (page, total) = paging.cut(repo.workflow_runs.iter().rev().filter(fits).collect());
    let mut shown = Vec::new();
    for run in page {
        shown.push(show(&github, &at, run).await?);
    }
    Ok(paging.answer_in("workflow_runs", shown, total))
}

async fn show(github: &Github, at: &RepoAt, run: &WorkflowRun) -> Result<Value> {
    let commit = at.git.commit(&run.head_sha).await?;
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(Views::new(github.ctx().urls(), &state).workflow_run(&repo, run, &commit))
}

pub(crate) async fn run(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    at.needs("actions", false)?;
    let repo = at.repo()?;
    let run = repo.workflow_runs.iter().find(|run| run.id == id).ok_or_else(ApiError::not_found)?;
    Ok(ok(show(&github, &at, run).await?))
}

pub(crate) async fn jobs(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, id)): Numbered,
    paging: Paging,
) -> Result {
    at.needs("actions", false)?;
    let repo = at.repo()?;
    let run = repo.workflow_runs.iter().find(|run| run.id == id).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list_in("jobs", run.jobs.iter().collect(), |job| views.job(&repo, run, job)))
}

pub(crate) async fn job(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    at.needs("actions", false)?;
    let repo = at.repo()?;
    let found = repo.workflow_runs.iter().find_map(|run| Some((run, run.jobs.iter().find(|job| job.id == id)?)));
    let (run, job) = found.ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).job(&repo, run, job)))
}

/// The log is behind a redirect, to an address that needs no token for a minute on GitHub.
pub(crate) async fn job_logs(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    at.needs("actions", false)?;
    let repo = at.repo()?;
    repo.workflow_runs.iter().flat_map(|run| &run.jobs).find(|job| job.id == id).ok_or_else(ApiError::not_found)?;
    let location = format!("{}/_logs/{}/{}/{id}", github.ctx().base_url(), at.owner, at.name);
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}

pub(crate) async fn log_text(State(github): State<Github>, Path((owner, name, id)): Numbered) -> Result {
    let state = github.store().lock();
    let repo = state.repo_by_name(&owner, &name).ok_or_else(ApiError::not_found)?;
    let job =
        repo.workflow_runs.iter().flat_map(|run| &run.jobs).find(|job| job.id == id).ok_or_else(ApiError::not_found)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], job.log.clone()).into_response())
}

pub(crate) async fn rerun(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    at.needs("actions", true)?;
    if !github.rerun_workflow(at.id, id, &at.caller.user.login).await? {
        return Err(ApiError::forbidden("This workflow run is still in progress or does not exist"));
    }
    Ok((StatusCode::CREATED, axum::Json(json!({}))).into_response())
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dispatch {
    #[serde(rename = "ref", default)]
    reference: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DispatchQuery {
    return_run_details: Option<bool>,
}

pub(crate) async fn dispatch(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, workflow)): Path<(String, String, String)>,
    Query(query): Query<DispatchQuery>,
    Body(wanted): Body<Dispatch>,
) -> Result {
    at.needs("actions", true)?;
    let sha = at
        .git
        .resolve(&wanted.reference)
        .await?
        .ok_or_else(|| ApiError::unprocessable(format!("No ref found for: {}", wanted.reference)))?;
    let branch = wanted.reference.trim_start_matches("refs/heads/").to_owned();
    let found = github.dispatch_workflow(at.id, &workflow, &branch, &sha, &at.caller.user.login).await?;
    let id = found.ok_or_else(|| ApiError::unprocessable("Workflow does not have 'workflow_dispatch' trigger"))?;
    if query.return_run_details == Some(true) {
        let url = format!("{}/repos/{}/{}/actions/runs/{id}", github.ctx().base_url(), at.owner, at.name);
        return Ok(ok(json!({"workflow_run_id": id, "run_url": url, "html_url": url})));
    }
    Ok(no_content())
}
