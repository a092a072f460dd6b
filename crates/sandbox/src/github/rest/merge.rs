//! Merging pull requests, and bringing their branches up to date.

use axum::{
    extract::{Path, State},
    response::IntoResponse as _,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{git_data::person_of, no_content, ok};
use crate::github::{
    Github,
    error::{ApiError, Result},
    git::{Git, NewCommit},
    http::{Body, RepoAt},
    model::{Issue, Pull, User},
    refs_changed::RefChange,
};

type Numbered = Path<(String, String, u64)>;

#[derive(Debug, Deserialize)]
pub(crate) struct Merge {
    commit_title: Option<String>,
    commit_message: Option<String>,
    /// What the head must still be.
    sha: Option<String>,
    #[serde(rename = "merge_method")]
    method: Option<String>,
}

pub(crate) async fn is_merged(at: RepoAt, Path((_, _, number)): Numbered) -> Result {
    let repo = at.repo()?;
    let (_, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    if pull.merged_at.is_some() { Ok(no_content()) } else { Err(ApiError::not_found()) }
}

fn not_mergeable(why: &str) -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, why.to_owned())
}

pub(crate) async fn merge(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(wanted): Body<Merge>,
) -> Result {
    at.needs("contents", true)?;
    let _writer = github.writer(at.id).await;
    let repo = at.repo()?;
    let (issue, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    if pull.merged_at.is_some() || issue.state != "open" {
        return Err(not_mergeable("Pull Request is not mergeable"));
    }
    if pull.draft {
        return Err(not_mergeable("Pull Request is still a draft"));
    }
    if wanted.sha.as_ref().is_some_and(|sha| *sha != pull.head_sha) {
        return Err(ApiError::conflict("Head branch was modified. Review and try the merge again."));
    }
    let base = at.git.branch(&pull.base_ref).await?.ok_or_else(|| not_mergeable("Base branch does not exist"))?;
    let user = &at.caller.user;
    let sha = match wanted.method.as_deref().unwrap_or("merge") {
        "merge" => commit_merge(&at, issue, pull, &base, &wanted, user).await?,
        "squash" => commit_squash(&at, issue, pull, &base, &wanted, user).await?,
        "rebase" => rebase(&at.git, pull, &base, user).await?,
        _ => return Err(ApiError::invalid("PullRequest", "merge_method", "invalid")),
    };
    let name = format!("refs/heads/{}", pull.base_ref);
    if !at.git.update_ref(&name, &sha, Some(&base)).await? {
        return Err(ApiError::conflict("Base branch was modified. Review and try the merge again."));
    }
    // Closed before the branch's follow-up, which would otherwise take it for merged by a push.
    github.close_pull(at.id, number, Some(sha.clone()), &user.login).await?;
    github.refs_changed(at.id, vec![RefChange::new(name, Some(&base), Some(&sha))], &user.login).await;
    Ok(ok(json!({"sha": sha, "merged": true, "message": "Pull Request successfully merged"})))
}

async fn merged_tree(git: &Git, base: &str, head: &str) -> Result<String> {
    git.merge_tree(base, head).await?.ok_or_else(|| not_mergeable("Pull Request has merge conflicts"))
}

fn joined(title: String, body: Option<String>) -> String {
    match body.filter(|body| !body.is_empty()) {
        Some(body) => format!("{title}\n\n{body}"),
        None => title,
    }
}

async fn commit_merge(
    at: &RepoAt,
    issue: &Issue,
    pull: &Pull,
    base: &str,
    wanted: &Merge,
    user: &User,
) -> Result<String> {
    let tree = merged_tree(&at.git, base, &pull.head_sha).await?;
    let title = wanted
        .commit_title
        .clone()
        .unwrap_or_else(|| format!("Merge pull request #{} from {}/{}", issue.number, at.owner, pull.head_ref));
    let body = wanted.commit_message.clone().unwrap_or_else(|| issue.title.clone());
    let person = person_of(user);
    let commit = NewCommit {
        tree,
        parents: vec![base.to_owned(), pull.head_sha.clone()],
        author: person.clone(),
        committer: person,
        message: joined(title, Some(body)),
    };
    Ok(at.git.write_commit(&commit).await?)
}

async fn commit_squash(
    at: &RepoAt,
    issue: &Issue,
    pull: &Pull,
    base: &str,
    wanted: &Merge,
    user: &User,
) -> Result<String> {
    let tree = merged_tree(&at.git, base, &pull.head_sha).await?;
    let commits = at.git.log(&["--reverse", &format!("^{base}"), &pull.head_sha]).await?;
    let title = wanted.commit_title.clone().unwrap_or_else(|| format!("{} (#{})", issue.title, issue.number));
    let body = wanted.commit_message.clone().or_else(|| {
        // One commit gives its own text, several are listed.
        match commits.as_slice() {
            [one] => one.message.split_once("\n\n").map(|(_, body)| body.to_owned()),
            several => {
                Some(several.iter().map(|commit| format!("* {}", commit.message)).collect::<Vec<_>>().join("\n\n"))
            }
        }
    });
    let mut author = person_of(user);
    let committer = author.clone();
    if let Some(first) = commits.first() {
        author.name.clone_from(&first.author.name);
        author.email.clone_from(&first.author.email);
    }
    let parents = vec![base.to_owned()];
    Ok(at.git.write_commit(&NewCommit { tree, parents, author, committer, message: joined(title, body) }).await?)
}

/// Replay the commits in a throw-away work tree.
async fn rebase(git: &Git, pull: &Pull, base: &str, user: &User) -> Result<String> {
    let directory = tempfile::tempdir()?;
    let tree = directory.path().join("tree");
    let tree_text = tree.to_string_lossy().into_owned();
    git.text(&["worktree", "add", "--quiet", "--detach", &tree_text, &pull.head_sha]).await?;
    let work = Git::at(tree);
    let person = person_of(user);
    let (name, email) = (format!("user.name={}", person.name), format!("user.email={}", person.email));
    let outcome = work.try_run(&["-c", &name, "-c", &email, "rebase", "--quiet", "--force-rebase", base], None).await;
    let sha = work.text(&["rev-parse", "HEAD"]).await;
    git.text(&["worktree", "remove", "--force", &tree_text]).await?;
    if outcome?.code != 0 {
        return Err(not_mergeable("This branch can't be rebased due to conflicts"));
    }
    Ok(sha?)
}

#[derive(Debug, Deserialize)]
pub(crate) struct UpdateBranch {
    expected_head_sha: Option<String>,
}

pub(crate) async fn update_branch(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, number)): Numbered,
    Body(wanted): Body<UpdateBranch>,
) -> Result {
    at.needs("pull_requests", true)?;
    let _writer = github.writer(at.id).await;
    let repo = at.repo()?;
    let (issue, pull) = repo.pull(number).ok_or_else(ApiError::not_found)?;
    if wanted.expected_head_sha.as_ref().is_some_and(|sha| *sha != pull.head_sha) {
        return Err(ApiError::unprocessable("expected_head_sha does not match the current head of the pull request"));
    }
    let base = at.git.branch(&pull.base_ref).await?.ok_or_else(ApiError::not_found)?;
    if at.git.is_ancestor(&base, &pull.head_sha).await? {
        return Err(ApiError::unprocessable("There are no new commits on the base branch."));
    }
    let conflict = || ApiError::unprocessable("merge conflict between base and head");
    let tree = at.git.merge_tree(&pull.head_sha, &base).await?.ok_or_else(conflict)?;
    let person = person_of(&at.caller.user);
    let commit = NewCommit {
        tree,
        parents: vec![pull.head_sha.clone(), base],
        author: person.clone(),
        committer: person,
        message: format!("Merge branch '{}' into {}", pull.base_ref, pull.head_ref),
    };
    let sha = at.git.write_commit(&commit).await?;
    let name = format!("refs/heads/{}", pull.head_ref);
    if !at.git.update_ref(&name, &sha, Some(&pull.head_sha)).await? {
        return Err(ApiError::unprocessable("the head branch was modified"));
    }
    github
        .refs_changed(at.id, vec![RefChange::new(name, Some(&pull.head_sha), Some(&sha))], &at.caller.user.login)
        .await;
    let url = format!("{}/repos/{}/{}/pulls/{}", github.ctx().base_url(), at.owner, at.name, issue.number);
    let body = json!({"message": "Updating pull request branch.", "url": url});
    Ok((StatusCode::ACCEPTED, axum::Json(body)).into_response())
}
