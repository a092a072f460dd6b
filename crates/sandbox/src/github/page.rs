//! What the page shows of repositories and webhooks. Read-only but for redelivery; nothing here counts as API use.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::IntoResponse as _,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Github,
    error::{ApiError, Result},
    model::{Delivery, Issue, Pull, Repo},
    views::{Views, checks::summed_up, commits::utc, hooks},
};

/// So many of each are shown.
const SHOWN: usize = 100;

/// Files longer than this are cut.
const FILE_SHOWN: usize = 300_000;

pub(crate) fn admin_router(github: Github) -> Router {
    Router::new()
        .route("/repositories", get(repositories))
        .route("/repositories/{owner}/{name}", get(repository))
        .route("/repositories/{owner}/{name}/files", get(files))
        .route("/repositories/{owner}/{name}/file", get(file))
        .route("/repositories/{owner}/{name}/commits/{sha}", get(commit))
        .route("/repositories/{owner}/{name}/pulls/{number}", get(pull))
        .route("/repositories/{owner}/{name}/jobs/{id}/log", get(job_log))
        .route("/deliveries", get(deliveries))
        .route("/deliveries/{id}", get(delivery))
        .route("/deliveries/{id}/redeliver", post(redeliver))
        .with_state(github)
}

type Two = Path<(String, String)>;

impl Github {
    fn named(&self, owner: &str, name: &str) -> Result<Repo> {
        self.store().lock().repo_by_name(owner, name).cloned().ok_or_else(ApiError::not_found)
    }
}

async fn repositories(State(github): State<Github>) -> Json<Value> {
    let state = github.store().lock();
    let mut repos: Vec<&Repo> = state.repos.values().collect();
    repos.sort_by(|a, b| b.pushed_at.cmp(&a.pushed_at).then(b.id.cmp(&a.id)));
    let shown = repos.into_iter().map(|repo| {
        let open = |pulls: bool| {
            let wanted = |issue: &&Issue| issue.state == "open" && issue.pull.is_some() == pulls;
            repo.issues.values().filter(wanted).count()
        };
        json!({
            "full_name": repo.full_name(),
            "description": repo.description,
            "private": repo.private,
            "language": repo.language,
            "default_branch": repo.default_branch,
            "pushed_at": repo.pushed_at,
            "created_at": repo.created_at,
            "open_pulls": open(true),
            "pulls": repo.issues.values().filter(|issue| issue.pull.is_some()).count(),
            "releases": repo.releases.len(),
            "hooks": repo.hooks.len(),
        })
    });
    Json(json!({"repositories": shown.collect::<Vec<_>>()}))
}

async fn repository(State(github): State<Github>, Path((owner, name)): Two) -> Result<Json<Value>> {
    let repo = github.named(&owner, &name)?;
    let git = github.git(repo.id);
    let mut branches = Vec::new();
    for info in git.refs("refs/heads/").await? {
        let name = info.name.trim_start_matches("refs/heads/").to_owned();
        let commits = git.log(&["--max-count=60", &info.sha]).await?;
        let commits: Vec<Value> = commits.iter().map(|commit| commit_line(&repo, commit)).collect();
        branches.push(json!({"name": name, "sha": info.sha, "commits": commits}));
    }
    let pulls: Vec<Value> = repo
        .issues
        .values()
        .rev()
        .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
        .map(|(issue, pull)| pull_line(&repo, issue, pull))
        .collect();
    let runs: Vec<Value> =
        repo.workflow_runs.iter().rev().take(SHOWN).map(|run| json!(run)).map(without_logs).collect();
    let statuses: Vec<Value> = repo.statuses.iter().rev().take(SHOWN).map(|status| json!(status)).collect();
    Ok(Json(json!({
        "full_name": repo.full_name(),
        "description": repo.description,
        "default_branch": repo.default_branch,
        "clone_url": format!("{}/{}.git", github.ctx().base_url(), repo.full_name()),
        "branches": branches,
        "tags": git.refs("refs/tags/").await?.into_iter().map(|info| info.name.trim_start_matches("refs/tags/").to_owned()).collect::<Vec<_>>(),
        "pulls": pulls,
        "issues": repo.issues.values().rev().filter(|issue| issue.pull.is_none()).map(|issue| json!(issue)).collect::<Vec<_>>(),
        "runs": runs,
        "statuses": statuses,
        "check_runs": repo.check_runs.iter().rev().take(SHOWN).map(|run| json!(run)).collect::<Vec<_>>(),
        "releases": repo.releases.iter().rev().map(|release| json!(release)).collect::<Vec<_>>(),
        "hooks": repo.hooks.iter().map(|hook| json!({"id": hook.id, "url": hook.url, "events": hook.events, "active": hook.active, "last_response": hook.last_response})).collect::<Vec<_>>(),
    })))
}

fn without_logs(mut run: Value) -> Value {
    for job in run["jobs"].as_array_mut().into_iter().flatten() {
        if let Value::Object(job) = job {
            job.remove("log");
        }
    }
    run
}

/// One word for all that was said about a commit: `success`, `failure`, `pending`, or nothing.
fn verdict(repo: &Repo, sha: &str) -> Option<&'static str> {
    let runs = repo.check_runs.iter().filter(|run| run.head_sha == sha);
    let checks = runs.clone().next().map(|_| match summed_up(runs) {
        ("completed", Some("success" | "neutral" | "skipped")) => "success",
        ("completed", _) => "failure",
        _ => "pending",
    });
    let statuses = super::rest::state_of(repo, sha);
    ["failure", "pending", "success"].into_iter().find(|word| checks == Some(*word) || statuses == Some(*word))
}

fn commit_line(repo: &Repo, commit: &super::git::CommitInfo) -> Value {
    json!({
        "sha": commit.sha,
        "message": commit.message,
        "author": commit.author.name,
        "date": utc(&commit.committer.date),
        "verdict": verdict(repo, &commit.sha),
    })
}

fn pull_line(repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
    let state = if pull.merged_at.is_some() { "merged" } else { issue.state.as_str() };
    json!({
        "number": issue.number,
        "title": issue.title,
        "state": state,
        "draft": pull.draft,
        "user": issue.user,
        "head": pull.head_ref,
        "base": pull.base_ref,
        "head_sha": pull.head_sha,
        "created_at": issue.created_at,
        "merged_at": pull.merged_at,
        "merged_by": pull.merged_by,
        "verdict": verdict(repo, &pull.head_sha),
    })
}

#[derive(Debug, Deserialize)]
struct FileQuery {
    #[serde(rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    path: String,
}

async fn files(
    State(github): State<Github>,
    Path((owner, name)): Two,
    Query(query): Query<FileQuery>,
) -> Result<Json<Value>> {
    let repo = github.named(&owner, &name)?;
    let git = github.git(repo.id);
    let reference = query.reference.unwrap_or(repo.default_branch);
    let Some(sha) = git.resolve(&reference).await? else {
        return Ok(Json(json!({"files": []})));
    };
    let entries = git.tree(&sha, true).await?;
    let shown = entries
        .into_iter()
        .filter(|entry| entry.kind == "blob")
        .map(|entry| json!({"path": entry.path, "size": entry.size}));
    Ok(Json(json!({"files": shown.collect::<Vec<_>>()})))
}

async fn file(
    State(github): State<Github>,
    Path((owner, name)): Two,
    Query(query): Query<FileQuery>,
) -> Result<Json<Value>> {
    let repo = github.named(&owner, &name)?;
    let git = github.git(repo.id);
    let reference = query.reference.unwrap_or(repo.default_branch);
    let sha = git.resolve(&reference).await?.ok_or_else(ApiError::not_found)?;
    let entry =
        git.entry(&sha, &query.path).await?.filter(|entry| entry.kind == "blob").ok_or_else(ApiError::not_found)?;
    let bytes = git.blob(&entry.sha).await?;
    let binary = bytes.contains(&0);
    let text = if binary {
        String::new()
    } else {
        String::from_utf8_lossy(&bytes[..bytes.len().min(FILE_SHOWN)]).into_owned()
    };
    Ok(Json(json!({"path": entry.path, "size": bytes.len(), "binary": binary, "text": text})))
}

async fn commit(
    State(github): State<Github>,
    Path((owner, name, sha)): Path<(String, String, String)>,
) -> Result<Json<Value>> {
    let repo = github.named(&owner, &name)?;
    let git = github.git(repo.id);
    let sha = git.resolve(&sha).await?.ok_or_else(ApiError::not_found)?;
    let commit = git.commit(&sha).await?;
    let files = git.diff(commit.parents.first().map(String::as_str), &sha).await?;
    let state = github.store().lock();
    Ok(Json(Views::new(github.ctx().urls(), &state).commit_with_files(&repo, &commit, &files)))
}

async fn pull(
    State(github): State<Github>,
    Path((owner, name, number)): Path<(String, String, u64)>,
) -> Result<Json<Value>> {
    let repo = github.named(&owner, &name)?;
    let facts = github.pull_facts(repo.id, number, false).await?;
    let (issue, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    let git = github.git(repo.id);
    let start = git.merge_base(&pull.base_sha, &pull.head_sha).await?.unwrap_or_else(|| pull.base_sha.clone());
    let files = git.diff(Some(&start), &pull.head_sha).await?;
    let commits = git.log(&["--reverse", "--max-count=250", &format!("^{start}"), &pull.head_sha]).await?;
    let mut shown = pull_line(&repo, issue, pull);
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    super::views::extend(
        &mut shown,
        json!({
            "body": issue.body,
            "mergeable_state": facts.mergeable_state,
            "commits": commits.iter().map(|commit| commit_line(&repo, commit)).collect::<Vec<_>>(),
            "files": files.iter().map(|file| views.file_change(&repo, file, &pull.head_sha)).collect::<Vec<_>>(),
            "reviews": repo.reviews.iter().filter(|review| review.number == number).map(|review| json!(review)).collect::<Vec<_>>(),
            "comments": repo.comments.iter().filter(|comment| comment.number == number).map(|comment| json!(comment)).collect::<Vec<_>>(),
            "check_runs": repo.check_runs.iter().filter(|run| run.head_sha == pull.head_sha).map(|run| json!(run)).collect::<Vec<_>>(),
            "statuses": repo.statuses.iter().filter(|status| status.sha == pull.head_sha).map(|status| json!(status)).collect::<Vec<_>>(),
        }),
    );
    Ok(Json(shown))
}

async fn job_log(State(github): State<Github>, Path((owner, name, id)): Path<(String, String, u64)>) -> Result {
    let repo = github.named(&owner, &name)?;
    let job =
        repo.workflow_runs.iter().flat_map(|run| &run.jobs).find(|job| job.id == id).ok_or_else(ApiError::not_found)?;
    Ok(job.log.clone().into_response())
}

async fn deliveries(State(github): State<Github>) -> Json<Value> {
    let state = github.store().lock();
    let mut all: Vec<&Delivery> = state.deliveries.values().flatten().collect();
    all.sort_by_key(|delivery| std::cmp::Reverse(delivery.id));
    let shown = all.into_iter().take(SHOWN).map(|delivery| {
        let mut value = hooks::delivery_item(delivery);
        value["url"] = json!(delivery.url);
        value["repository"] = delivery.payload["repository"]["full_name"].clone();
        value
    });
    Json(json!({"deliveries": shown.collect::<Vec<_>>()}))
}

fn find(github: &Github, id: u64) -> Result<Delivery> {
    let state = github.store().lock();
    state.deliveries.values().flatten().find(|delivery| delivery.id == id).cloned().ok_or_else(ApiError::not_found)
}

async fn delivery(State(github): State<Github>, Path(id): Path<u64>) -> Result<Json<Value>> {
    Ok(Json(hooks::delivery(&find(&github, id)?)))
}

async fn redeliver(State(github): State<Github>, Path(id): Path<u64>) -> Result<StatusCode> {
    let delivery = find(&github, id)?;
    if github.redeliver(&delivery) { Ok(StatusCode::ACCEPTED) } else { Err(ApiError::not_found()) }
}
