use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{created, ok};
use crate::{
    Change,
    github::{
        Github,
        error::{ApiError, Result},
        http::{Body, Paging, RepoAt},
        model::{Repo, Status, now},
        views::Views,
    },
};

/// A commit takes so many statuses per context.
const STATUSES_PER_CONTEXT: usize = 1_000;

#[derive(Debug, Deserialize)]
pub(crate) struct CreateStatus {
    #[serde(default)]
    state: String,
    target_url: Option<String>,
    description: Option<String>,
    context: Option<String>,
}

/// The newest status of each context.
fn latest<'a>(repo: &'a Repo, sha: &str) -> Vec<&'a Status> {
    let mut newest: Vec<&Status> = Vec::new();
    for status in repo.statuses.iter().rev().filter(|status| status.sha == sha) {
        if newest.iter().all(|known| known.context != status.context) {
            newest.push(status);
        }
    }
    newest
}

/// All contexts as one; none without any.
pub(crate) fn state_of(repo: &Repo, sha: &str) -> Option<&'static str> {
    let newest = latest(repo, sha);
    if newest.is_empty() {
        return None;
    }
    let any = |states: &[&str]| newest.iter().any(|status| states.contains(&status.state.as_str()));
    Some(if any(&["failure", "error"]) {
        "failure"
    } else if any(&["pending"]) {
        "pending"
    } else {
        "success"
    })
}

pub(crate) async fn create(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, sha)): Path<(String, String, String)>,
    Body(new): Body<CreateStatus>,
) -> Result {
    at.needs("statuses", true)?;
    if !["error", "failure", "pending", "success"].contains(&new.state.as_str()) {
        return Err(ApiError::invalid("Status", "state", "invalid"));
    }
    if at.git.kind(&sha).await?.as_deref() != Some("commit") {
        return Err(ApiError::unprocessable(format!("No commit found for SHA: {sha}")));
    }
    let commit = at.git.commit(&sha).await?;
    let branches = at.git.refs("refs/heads/").await?;
    let context = new.context.unwrap_or_else(|| "default".to_owned());
    let status = {
        let mut state = github.store().lock();
        let id = state.next_id();
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let same = repo.statuses.iter().filter(|status| status.sha == sha && status.context == context).count();
        if same >= STATUSES_PER_CONTEXT {
            return Err(ApiError::custom("Status", "This SHA and context has reached the maximum number of statuses."));
        }
        let status = Status {
            id,
            sha: sha.clone(),
            state: new.state,
            context,
            description: new.description,
            target_url: new.target_url,
            creator: at.caller.user.login.clone(),
            created_at: now(),
        };
        repo.statuses.push(status.clone());
        status
    };
    let repo = at.repo()?;
    let (shown, payload) = {
        let state = github.store().lock();
        let views = Views::new(github.ctx().urls(), &state);
        let url = views.repo_url(&repo);
        let at_head = branches.iter().filter(|info| info.sha == sha).map(|info| {
            json!({
                "name": info.name.trim_start_matches("refs/heads/"),
                "commit": {"sha": info.sha, "url": format!("{url}/commits/{}", info.sha)},
                "protected": false,
            })
        });
        let payload = json!({
            "id": status.id,
            "sha": sha,
            "name": repo.full_name(),
            "avatar_url": views.user(&status.creator)["avatar_url"],
            "target_url": status.target_url,
            "context": status.context,
            "description": status.description,
            "state": status.state,
            "commit": views.commit(&repo, &commit),
            "branches": at_head.collect::<Vec<Value>>(),
            "created_at": status.created_at,
            "updated_at": status.created_at,
        });
        (views.status(&repo, &status), payload)
    };
    github.emit(at.id, "status", &at.caller.user.login, payload);
    github.ctx().changed(Change::Repositories);
    Ok(created(shown))
}

pub(crate) fn list(github: &Github, at: &RepoAt, sha: &str, paging: &Paging) -> Result {
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let statuses: Vec<&Status> = repo.statuses.iter().rev().filter(|status| status.sha == sha).collect();
    Ok(paging.list(statuses, |status| views.status(&repo, status)))
}

pub(crate) fn combined(github: &Github, at: &RepoAt, sha: &str, paging: &Paging) -> Result {
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let url = views.repo_url(&repo);
    let (statuses, total) = paging.cut(latest(&repo, sha));
    Ok(ok(json!({
        // No statuses at all count as pending.
        "state": state_of(&repo, sha).unwrap_or("pending"),
        "statuses": statuses.iter().map(|status| views.status_simple(&repo, status)).collect::<Vec<_>>(),
        "sha": sha,
        "total_count": total,
        "repository": views.minimal_repo(&repo),
        "commit_url": format!("{url}/commits/{sha}"),
        "url": format!("{url}/commits/{sha}/status"),
    })))
}
