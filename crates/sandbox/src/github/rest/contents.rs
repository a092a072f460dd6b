use axum::{
    extract::{Path, Query, State},
    response::IntoResponse as _,
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    git_data::{GivenPerson, decode, is_good_path, moved, people},
    ok,
};
use crate::github::{
    Github,
    error::{ApiError, Result},
    git::{NewCommit, TreeChange, TreeEntry},
    http::{Body, RepoAt},
    refs_changed::RefChange,
    views::Views,
};

/// A directory lists at most so many entries.
const DIRECTORY_LIMIT: usize = 1_000;

/// Files from this size on are given as raw only.
const JSON_LIMIT: u64 = 1024 * 1024;

type Three = Path<(String, String, String)>;

#[derive(Debug, Deserialize)]
pub(crate) struct At {
    #[serde(rename = "ref")]
    reference: Option<String>,
}

pub(crate) fn wants_raw(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("raw"))
}

/// The commit that `?ref=` or the default branch means, and how the caller called it.
async fn revision(at: &RepoAt, reference: Option<String>) -> Result<(String, String)> {
    let reference = match reference {
        Some(reference) => reference,
        None => at.repo()?.default_branch,
    };
    let sha = at
        .git
        .resolve(&reference)
        .await?
        .ok_or_else(|| ApiError::new(StatusCode::NOT_FOUND, format!("No commit found for the ref {reference}")));
    // An empty repository has no files, which is just "Not Found".
    let sha = if at.git.is_empty().await? { Err(ApiError::not_found()) } else { sha };
    Ok((sha?, reference))
}

pub(crate) async fn readme(
    State(github): State<Github>,
    at: RepoAt,
    Query(query): Query<At>,
    headers: HeaderMap,
) -> Result {
    let (sha, reference) = revision(&at, query.reference).await?;
    let entries = at.git.tree(&sha, false).await?;
    // Markdown before plain text; any case.
    let rank = |entry: &&TreeEntry| match entry.path.to_ascii_lowercase().as_str() {
        "readme.md" => Some(0),
        "readme.markdown" | "readme.mkd" => Some(1),
        "readme.rst" | "readme.org" | "readme.adoc" => Some(2),
        "readme" | "readme.txt" => Some(3),
        _ => None,
    };
    let found =
        entries.iter().filter(|entry| entry.kind == "blob").filter(|entry| rank(entry).is_some()).min_by_key(rank);
    let entry = found.ok_or_else(ApiError::not_found)?;
    file(&github, &at, entry, &reference, &headers).await
}

pub(crate) async fn root(State(github): State<Github>, at: RepoAt, Query(query): Query<At>) -> Result {
    let (sha, reference) = revision(&at, query.reference).await?;
    directory(&github, &at, &sha, "", &reference).await
}

pub(crate) async fn get(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, path)): Three,
    Query(query): Query<At>,
    headers: HeaderMap,
) -> Result {
    at.needs("contents", false)?;
    let (sha, reference) = revision(&at, query.reference).await?;
    let entry = at.git.entry(&sha, &path).await?.ok_or_else(ApiError::not_found)?;
    if entry.kind == "tree" {
        return directory(&github, &at, &entry.sha, &path, &reference).await;
    }
    file(&github, &at, &entry, &reference, &headers).await
}

async fn directory(github: &Github, at: &RepoAt, tree: &str, path: &str, reference: &str) -> Result {
    let mut entries = at.git.tree(tree, false).await?;
    entries.truncate(DIRECTORY_LIMIT);
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let list: Vec<Value> = entries
        .into_iter()
        .map(|mut entry| {
            if !path.is_empty() {
                entry.path = format!("{path}/{}", entry.path);
            }
            views.content(&repo, &entry, reference, None)
        })
        .collect();
    Ok(ok(Value::Array(list)))
}

async fn file(github: &Github, at: &RepoAt, entry: &TreeEntry, reference: &str, headers: &HeaderMap) -> Result {
    let bytes = if entry.kind == "blob" { at.git.blob(&entry.sha).await? } else { Vec::new() };
    if wants_raw(headers) {
        return Ok(([(header::CONTENT_TYPE, "application/vnd.github.raw+json; charset=utf-8")], bytes).into_response());
    }
    let repo = at.repo()?;
    let state = github.store().lock();
    let mut value = Views::new(github.ctx().urls(), &state).content(&repo, entry, reference, Some(&bytes));
    if entry.size.is_some_and(|size| size > JSON_LIMIT) {
        value["encoding"] = json!("none");
        value["content"] = json!("");
    }
    Ok(ok(value))
}

/// What `download_url` leads to: `{ref}/{path}`, where either may hold slashes.
pub(crate) async fn raw(State(github): State<Github>, at: RepoAt, Path((_, _, rest)): Three) -> Result {
    let slashes = rest.match_indices('/').map(|(index, _)| index);
    for index in slashes {
        let (reference, path) = (&rest[..index], &rest[index + 1..]);
        if let Some(sha) = at.git.resolve(reference).await?
            && let Some(entry) = at.git.entry(&sha, path).await?
        {
            let bytes = github.git(at.id).blob(&entry.sha).await?;
            return Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], bytes).into_response());
        }
    }
    Err(ApiError::not_found())
}

#[derive(Debug, Deserialize)]
pub(crate) struct WriteFile {
    message: Option<String>,
    content: Option<String>,
    sha: Option<String>,
    branch: Option<String>,
    author: Option<GivenPerson>,
    committer: Option<GivenPerson>,
}

pub(crate) async fn put(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, path)): Three,
    Body(new): Body<WriteFile>,
) -> Result {
    let Some(content) = &new.content else {
        return Err(ApiError::unprocessable("Invalid request.\n\n\"content\" wasn't supplied."));
    };
    let bytes = decode(content)?;
    write(&github, &at, &path, Some(bytes), new).await
}

pub(crate) async fn delete(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, path)): Three,
    Query(query): Query<DeleteQuery>,
    Body(mut change): Body<WriteFile>,
) -> Result {
    // Clients that send no body with DELETE put the fields into the query.
    change.message = change.message.or(query.message);
    change.sha = change.sha.or(query.sha);
    change.branch = change.branch.or(query.branch);
    write(&github, &at, &path, None, change).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct DeleteQuery {
    message: Option<String>,
    sha: Option<String>,
    branch: Option<String>,
}

/// One commit that sets or removes one file.
async fn write(github: &Github, at: &RepoAt, path: &str, bytes: Option<Vec<u8>>, change: WriteFile) -> Result {
    at.needs("contents", true)?;
    let Some(message) = change.message else {
        return Err(ApiError::unprocessable("Invalid request.\n\n\"message\" wasn't supplied."));
    };
    if !is_good_path(path) {
        return Err(ApiError::unprocessable("path contains a malformed path component"));
    }
    let _writer = github.writer(at.id).await;
    let branch = match change.branch {
        Some(branch) => branch.trim_start_matches("refs/heads/").to_owned(),
        None => at.repo()?.default_branch,
    };
    let head = at.git.branch(&branch).await?;
    if head.is_none() && !at.git.is_empty().await? {
        return Err(ApiError::new(StatusCode::NOT_FOUND, format!("Branch {branch} not found")));
    }
    let existing = match &head {
        Some(head) => at.git.entry(head, path).await?,
        None => None,
    };
    check_blob(path, existing.as_ref(), change.sha.as_deref(), bytes.is_none())?;
    let mode = existing.as_ref().map_or("100644", |entry| entry.mode.as_str()).to_owned();
    let object = match &bytes {
        Some(bytes) => Some((mode, at.git.write_blob(bytes).await?)),
        None => None,
    };
    let tree = at.git.write_tree(head.as_deref(), &[TreeChange { path: path.to_owned(), object }]).await?;
    let (author, committer) = people(&at.caller, change.author, change.committer);
    let commit = NewCommit { tree, parents: head.iter().cloned().collect(), author, committer, message };
    let sha = at.git.write_commit(&commit).await?;
    let name = format!("refs/heads/{branch}");
    if !at.git.update_ref(&name, &sha, head.as_deref()).await? {
        return Err(moved("Branch was updated by someone else"));
    }
    let changes = vec![RefChange::new(name, head.as_deref(), Some(&sha))];
    github.refs_changed(at.id, changes, &at.caller.user.login).await;
    written(github, at, path, &branch, &sha, existing.is_none() && bytes.is_some()).await
}

/// Replacing needs the blob that is there; anything else means somebody else was faster.
fn check_blob(path: &str, existing: Option<&TreeEntry>, sha: Option<&str>, deletes: bool) -> Result<()> {
    match (existing, sha) {
        (None, _) if deletes => Err(ApiError::not_found()),
        (Some(_), None) => Err(ApiError::unprocessable("Invalid request.\n\n\"sha\" wasn't supplied.")),
        (Some(entry), Some(sha)) if entry.sha != sha => Err(moved(&format!("{path} does not match {sha}"))),
        (None, Some(sha)) => Err(moved(&format!("{path} does not match {sha}"))),
        _ => Ok(()),
    }
}

async fn written(github: &Github, at: &RepoAt, path: &str, branch: &str, sha: &str, is_new: bool) -> Result {
    let commit = at.git.commit(sha).await?;
    let entry = at.git.entry(sha, path).await?;
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let content = entry.map_or(Value::Null, |entry| views.content(&repo, &entry, branch, None));
    let body = json!({"content": content, "commit": views.git_commit(&repo, &commit)});
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(body)).into_response())
}

pub(crate) async fn tarball_of_default(State(github): State<Github>, at: RepoAt) -> Result {
    let branch = at.repo()?.default_branch;
    archive(&github, &at, &branch).await
}

pub(crate) async fn tarball(State(github): State<Github>, at: RepoAt, Path((_, _, reference)): Three) -> Result {
    archive(&github, &at, &reference).await
}

/// GitHub answers a redirect to another host. Here the second address is the same one with the sha.
async fn archive(github: &Github, at: &RepoAt, reference: &str) -> Result {
    let sha = at.git.resolve(reference).await?.ok_or_else(ApiError::not_found)?;
    if sha != reference {
        let base = github.ctx().base_url();
        let target = format!("{base}/repos/{}/{}/tarball/{sha}", at.owner, at.name);
        return Ok((StatusCode::FOUND, [(header::LOCATION, target)]).into_response());
    }
    let prefix = format!("--prefix={}-{}-{}/", at.owner, at.name, &sha[..7]);
    let bytes = at.git.bytes(&["archive", "--format=tar.gz", &prefix, &sha]).await?;
    Ok(([(header::CONTENT_TYPE, "application/x-gzip")], bytes).into_response())
}
