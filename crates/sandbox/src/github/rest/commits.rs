use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{checks, ok, statuses};
use crate::github::{
    Github,
    error::{ApiError, Result},
    http::{Paging, RepoAt},
    views::{Views, commits::encode_path},
};

type Three = Path<(String, String, String)>;

/// A comparison lists at most so many files.
const FILES_COMPARED: usize = 300;

pub(crate) async fn list(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    if at.git.is_empty().await? {
        return Err(ApiError::empty_repository());
    }
    let start = match paging.parameter("sha") {
        Some(sha) => sha.to_owned(),
        None => at.repo()?.default_branch,
    };
    let start = at.git.resolve(&start).await?.ok_or_else(ApiError::not_found)?;
    let mut filters: Vec<String> = Vec::new();
    for name in ["author", "since", "until"] {
        if let Some(value) = paging.parameter(name) {
            filters.push(format!("--{name}={value}"));
        }
    }
    filters.push(start);
    if let Some(path) = paging.parameter("path") {
        filters.extend(["--".to_owned(), path.to_owned()]);
    }
    let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
    let total = usize::try_from(at.git.count(&filters).await?)?;
    let (skip, most) = (format!("--skip={}", paging.skip()), format!("--max-count={}", paging.per_page));
    let commits = at.git.log(&[&[skip.as_str(), most.as_str()], filters.as_slice()].concat()).await?;
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.answer(commits.iter().map(|commit| views.commit(&repo, commit)).collect(), total))
}

/// `GET …/commits/{ref}` and what is below it; the ref may hold slashes.
pub(crate) async fn below(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, rest)): Three,
    paging: Paging,
) -> Result {
    if at.git.is_empty().await? {
        return Err(ApiError::empty_repository());
    }
    let endings = ["check-runs", "check-suites", "status", "statuses", "pulls"];
    let (reference, part) = match rest.rsplit_once('/') {
        Some((reference, end)) if endings.contains(&end) => (reference, end),
        _ => (rest.as_str(), ""),
    };
    let missing = || ApiError::unprocessable(format!("No commit found for SHA: {reference}"));
    let sha = at.git.resolve(reference).await?.ok_or_else(missing)?;
    match part {
        "check-runs" => checks::of_commit(&github, &at, &sha, &paging),
        "check-suites" => checks::suites_of_commit(&github, &at, &sha, &paging).await,
        "status" => statuses::combined(&github, &at, &sha, &paging),
        "statuses" => statuses::list(&github, &at, &sha, &paging),
        "pulls" => pulls_of(&github, &at, &sha, &paging).await,
        _ => one(&github, &at, &sha).await,
    }
}

async fn one(github: &Github, at: &RepoAt, sha: &str) -> Result {
    let commit = at.git.commit(sha).await?;
    let files = at.git.diff(commit.parents.first().map(String::as_str), sha).await?;
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).commit_with_files(&repo, &commit, &files)))
}

async fn pulls_of(github: &Github, at: &RepoAt, sha: &str, paging: &Paging) -> Result {
    let repo = at.repo()?;
    let mut numbers = Vec::new();
    for issue in repo.issues.values() {
        let Some(pull) = &issue.pull else { continue };
        let range = [format!("^{}", pull.base_sha), pull.head_sha.clone()];
        let own = at.git.log(&[range[0].as_str(), range[1].as_str()]).await?;
        if pull.head_sha == sha
            || pull.merge_commit_sha.as_deref() == Some(sha)
            || own.iter().any(|commit| commit.sha == sha)
        {
            numbers.push(issue.number);
        }
    }
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let shown = numbers
        .iter()
        .filter_map(|number| repo.pull(*number))
        .map(|(issue, pull)| views.pull_simple(&repo, issue, pull));
    Ok(paging.list(shown.collect(), |value| value))
}

/// `GET …/compare/{base}...{head}`.
pub(crate) async fn compare(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, basehead)): Three,
    paging: Paging,
) -> Result {
    let (base, head) = basehead.split_once("...").ok_or_else(ApiError::not_found)?;
    // `owner:branch` names a fork, of which there are none but the repository itself.
    let own = |name: &str| name.split_once(':').map_or(name, |(_, name)| name).to_owned();
    let (base, head) = (own(base), own(head));
    let base_sha = at.git.resolve(&base).await?.ok_or_else(ApiError::not_found)?;
    let head_sha = at.git.resolve(&head).await?.ok_or_else(ApiError::not_found)?;
    let Some(merge_base) = at.git.merge_base(&base_sha, &head_sha).await? else {
        return Err(ApiError::new(
            http::StatusCode::NOT_FOUND,
            format!("No common ancestor between {base} and {head}."),
        ));
    };
    let ahead_by = at.git.count(&[&format!("^{base_sha}"), &head_sha]).await?;
    let behind_by = at.git.count(&[&format!("^{head_sha}"), &base_sha]).await?;
    let commits = at.git.log(&["--reverse", "--max-count=250", &format!("^{base_sha}"), &head_sha]).await?;
    let mut files = at.git.diff(Some(&merge_base), &head_sha).await?;
    files.truncate(FILES_COMPARED);
    let base_commit = at.git.commit(&base_sha).await?;
    let merge_base_commit = at.git.commit(&merge_base).await?;

    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let (url, html) = (views.repo_url(&repo), views.repo_html_url(&repo));
    let spec = format!("{}...{}", encode_path(&base), encode_path(&head));
    let status = match (ahead_by, behind_by) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let shown: Vec<Value> = commits.iter().skip(paging.skip()).map(|commit| views.commit(&repo, commit)).collect();
    Ok(ok(json!({
        "url": format!("{url}/compare/{spec}"),
        "html_url": format!("{html}/compare/{spec}"),
        "permalink_url": format!("{html}/compare/{base_sha}...{head_sha}"),
        "diff_url": format!("{html}/compare/{spec}.diff"),
        "patch_url": format!("{html}/compare/{spec}.patch"),
        "base_commit": views.commit(&repo, &base_commit),
        "merge_base_commit": views.commit(&repo, &merge_base_commit),
        "status": status,
        "ahead_by": ahead_by,
        "behind_by": behind_by,
        "total_commits": ahead_by,
        "commits": shown,
        "files": files.iter().map(|file| views.file_change(&repo, file, &head_sha)).collect::<Vec<_>>(),
    })))
}
