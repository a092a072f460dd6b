use axum::{
    extract::{Path, Query, State},
    response::IntoResponse as _,
};
use base64::Engine as _;
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use super::{created, no_content, ok};
use crate::github::{
    Github,
    accounts::Caller,
    error::{ApiError, Result},
    git::{Git, NewCommit, Person, RefInfo, TreeChange, check_ref_name},
    http::{Body, Paging, RepoAt},
    model::{User, now},
    refs_changed::RefChange,
    views::{Views, commits::base64_lines},
};

/// GitHub stops listing a recursive tree here.
const TREE_LIMIT: usize = 100_000;

type Three = Path<(String, String, String)>;

/// Who a commit by the API is from when it does not say.
pub(crate) fn person_of(user: &User) -> Person {
    let email = format!("{}+{}@users.noreply.sandbox.invalid", user.id, user.login);
    Person { name: user.login.clone(), email, date: now() }
}

async fn not_empty(git: &Git) -> Result<()> {
    if git.is_empty().await? { Err(ApiError::empty_repository()) } else { Ok(()) }
}

pub(crate) async fn get_ref(State(github): State<Github>, at: RepoAt, Path((_, _, name)): Three) -> Result {
    not_empty(&at.git).await?;
    let info = at.git.find_ref(&format!("refs/{name}")).await?.ok_or_else(ApiError::not_found)?;
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).git_ref(&repo, &info)))
}

pub(crate) async fn matching_all(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    list_refs(&github, &at, &paging, "refs/").await
}

pub(crate) async fn matching_refs(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, name)): Three,
    paging: Paging,
) -> Result {
    list_refs(&github, &at, &paging, &format!("refs/{name}")).await
}

async fn list_refs(github: &Github, at: &RepoAt, paging: &Paging, prefix: &str) -> Result {
    not_empty(&at.git).await?;
    let mut refs = at.git.refs("refs/").await?;
    refs.retain(|info| info.name.starts_with(prefix) && !info.name.starts_with("refs/pull/"));
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    Ok(paging.list(refs, |info| views.git_ref(&repo, &info)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreateRef {
    #[serde(default, rename = "ref")]
    name: String,
    #[serde(default)]
    sha: String,
}

pub(crate) async fn create_ref(State(github): State<Github>, at: RepoAt, Body(new): Body<CreateRef>) -> Result {
    at.needs("contents", true)?;
    not_empty(&at.git).await?;
    if !check_ref_name(&new.name) {
        return Err(ApiError::unprocessable(format!("{} is not a valid ref name.", new.name)));
    }
    let kind = at.git.kind(&new.sha).await?.ok_or_else(|| ApiError::unprocessable("Object does not exist"))?;
    if new.name.starts_with("refs/heads/") && kind != "commit" {
        return Err(ApiError::unprocessable("Reference cannot be updated"));
    }
    let _writer = github.writer(at.id).await;
    if at.git.find_ref(&new.name).await?.is_some() {
        return Err(ApiError::unprocessable("Reference already exists"));
    }
    if !at.git.update_ref(&new.name, &new.sha, None).await? {
        return Err(ApiError::unprocessable("Reference cannot be created"));
    }
    let change = RefChange::new(new.name.clone(), None, Some(&new.sha));
    github.refs_changed(at.id, vec![change], &at.caller.user.login).await;
    let repo = at.repo()?;
    let state = github.store().lock();
    let info = RefInfo { name: new.name, sha: new.sha, kind };
    Ok(created(Views::new(github.ctx().urls(), &state).git_ref(&repo, &info)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct UpdateRef {
    #[serde(default)]
    sha: String,
    #[serde(default)]
    force: bool,
}

pub(crate) async fn update_ref(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, name)): Three,
    Body(change): Body<UpdateRef>,
) -> Result {
    at.needs("contents", true)?;
    not_empty(&at.git).await?;
    let name = format!("refs/{name}");
    let kind = at.git.kind(&change.sha).await?.ok_or_else(|| ApiError::unprocessable("Object does not exist"))?;
    let _writer = github.writer(at.id).await;
    let old = at.git.find_ref(&name).await?.ok_or_else(|| ApiError::unprocessable("Reference does not exist"))?;
    if old.sha != change.sha {
        if !change.force && !at.git.is_ancestor(&old.sha, &change.sha).await? {
            return Err(ApiError::unprocessable("Update is not a fast forward"));
        }
        if !at.git.update_ref(&name, &change.sha, Some(&old.sha)).await? {
            return Err(ApiError::conflict("Reference was updated by someone else"));
        }
        let changes = vec![RefChange::new(name.clone(), Some(&old.sha), Some(&change.sha))];
        github.refs_changed(at.id, changes, &at.caller.user.login).await;
    }
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).git_ref(&repo, &RefInfo { name, sha: change.sha, kind })))
}

pub(crate) async fn delete_ref(State(github): State<Github>, at: RepoAt, Path((_, _, name)): Three) -> Result {
    at.needs("contents", true)?;
    not_empty(&at.git).await?;
    let name = format!("refs/{name}");
    let _writer = github.writer(at.id).await;
    let missing = || ApiError::unprocessable("Reference does not exist");
    if !check_ref_name(&name) {
        return Err(missing());
    }
    if name == format!("refs/heads/{}", at.repo()?.default_branch) {
        return Err(ApiError::unprocessable("Cannot delete the default branch"));
    }
    let old = at.git.find_ref(&name).await?.ok_or_else(missing)?;
    at.git.delete_ref(&name, &old.sha).await?;
    github.refs_changed(at.id, vec![RefChange::new(name, Some(&old.sha), None)], &at.caller.user.login).await;
    Ok(no_content())
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreateBlob {
    #[serde(default)]
    content: String,
    encoding: Option<String>,
}

pub(crate) async fn create_blob(State(github): State<Github>, at: RepoAt, Body(new): Body<CreateBlob>) -> Result {
    at.needs("contents", true)?;
    not_empty(&at.git).await?;
    let bytes = match new.encoding.as_deref() {
        Some("base64") => decode(&new.content)?,
        None | Some("utf-8") => new.content.into_bytes(),
        Some(_) => return Err(ApiError::invalid("Blob", "encoding", "invalid")),
    };
    let sha = at.git.write_blob(&bytes).await?;
    let url = format!("{}/repos/{}/{}/git/blobs/{sha}", github.ctx().base_url(), at.owner, at.name);
    Ok(created(json!({"sha": sha, "url": url})))
}

/// Base64 with whatever line breaks the client put in.
pub(crate) fn decode(content: &str) -> Result<Vec<u8>> {
    let text: String = content.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|_| ApiError::unprocessable("content is not valid Base64"))
}

pub(crate) async fn get_blob(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, sha)): Three,
    headers: http::HeaderMap,
) -> Result {
    not_empty(&at.git).await?;
    if at.git.kind(&sha).await?.as_deref() != Some("blob") {
        return Err(ApiError::not_found());
    }
    let bytes = at.git.blob(&sha).await?;
    if super::contents::wants_raw(&headers) {
        return Ok(([(header::CONTENT_TYPE, "application/vnd.github.raw+json")], bytes).into_response());
    }
    let url = format!("{}/repos/{}/{}/git/blobs/{sha}", github.ctx().base_url(), at.owner, at.name);
    Ok(ok(json!({
        "sha": sha,
        "node_id": crate::github::views::node_id("Blob", format!("{}:{sha}", at.id)),
        "size": bytes.len(),
        "url": url,
        "content": base64_lines(&bytes),
        "encoding": "base64",
    })))
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreateTree {
    base_tree: Option<String>,
    #[serde(default)]
    tree: Vec<CreateTreeEntry>,
}

#[derive(Debug, Deserialize)]
struct CreateTreeEntry {
    path: Option<String>,
    mode: Option<String>,
    /// Absent and `null` differ: `null` deletes.
    #[serde(default, deserialize_with = "Sha::present")]
    sha: Sha,
    content: Option<String>,
}

#[derive(Debug, Default)]
enum Sha {
    #[default]
    Absent,
    Null,
    Given(String),
}

impl Sha {
    fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map_or(Self::Null, Self::Given))
    }
}

pub(crate) async fn create_tree(State(github): State<Github>, at: RepoAt, Body(new): Body<CreateTree>) -> Result {
    at.needs("contents", true)?;
    not_empty(&at.git).await?;
    if new.tree.is_empty() {
        return Err(ApiError::unprocessable("Invalid tree info"));
    }
    let mut changes = Vec::new();
    for entry in new.tree {
        changes.push(tree_change(&at.git, entry).await?);
    }
    let base = match &new.base_tree {
        Some(base) => {
            let kind = at.git.kind(base).await?;
            if !matches!(kind.as_deref(), Some("tree" | "commit")) {
                return Err(ApiError::unprocessable("base_tree is not a valid tree oid"));
            }
            Some(base.as_str())
        }
        None => None,
    };
    let sha = at.git.write_tree(base, &changes).await?;
    let entries = at.git.tree(&sha, false).await?;
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).tree(&repo, &sha, &entries, false)))
}

async fn tree_change(git: &Git, entry: CreateTreeEntry) -> Result<TreeChange> {
    let bad = |message: &str| ApiError::unprocessable(message.to_owned());
    let path = entry
        .path
        .filter(|path| is_good_path(path))
        .ok_or_else(|| bad("tree.path contains a malformed path component"))?;
    let mode = entry.mode.unwrap_or_else(|| "100644".to_owned());
    if !["100644", "100755", "040000", "160000", "120000"].contains(&mode.as_str()) {
        return Err(bad("tree.mode is not a valid file mode"));
    }
    let sha = match (entry.sha, entry.content) {
        (Sha::Null, _) => return Ok(TreeChange { path, object: None }),
        (Sha::Given(sha), _) => {
            if git.kind(&sha).await?.is_none() && mode != "160000" {
                return Err(bad("tree.sha is not a valid object"));
            }
            sha
        }
        (Sha::Absent, Some(content)) => git.write_blob(content.as_bytes()).await?,
        (Sha::Absent, None) => return Err(bad("tree.sha or tree.content is missing")),
    };
    if mode == "040000" {
        return Err(bad("a whole directory cannot be set in the sandbox: name its files"));
    }
    Ok(TreeChange { path, object: Some((mode, sha)) })
}

pub(crate) fn is_good_path(path: &str) -> bool {
    !path.is_empty()
        && path.len() < 4096
        && !path.contains(['\0', '\n'])
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != ".." && !part.eq_ignore_ascii_case(".git"))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Recursive {
    recursive: Option<String>,
}

pub(crate) async fn get_tree(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, name)): Three,
    Query(query): Query<Recursive>,
) -> Result {
    not_empty(&at.git).await?;
    let sha = match at.git.kind(&name).await?.as_deref() {
        Some("tree") => name,
        Some("blob") => return Err(ApiError::not_found()),
        _ => {
            let commit = at.git.resolve(&name).await?.ok_or_else(ApiError::not_found)?;
            at.git.tree_of(&commit).await?
        }
    };
    let mut entries = at.git.tree(&sha, query.recursive.is_some()).await?;
    let truncated = entries.len() > TREE_LIMIT;
    entries.truncate(TREE_LIMIT);
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).tree(&repo, &sha, &entries, truncated)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreateCommit {
    #[serde(default)]
    message: String,
    #[serde(default)]
    tree: String,
    #[serde(default)]
    parents: Vec<String>,
    author: Option<GivenPerson>,
    committer: Option<GivenPerson>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GivenPerson {
    name: String,
    email: String,
    date: Option<String>,
}

impl GivenPerson {
    pub(crate) fn into_person(self) -> Person {
        Person { name: self.name, email: self.email, date: self.date.unwrap_or_else(now) }
    }
}

/// Author and committer of a commit by the API.
pub(crate) fn people(caller: &Caller, author: Option<GivenPerson>, committer: Option<GivenPerson>) -> (Person, Person) {
    let own = || person_of(&caller.user);
    let author = author.or_else(|| committer.clone()).map_or_else(own, GivenPerson::into_person);
    let committer = committer.map_or_else(|| author.clone(), GivenPerson::into_person);
    (author, committer)
}

pub(crate) async fn create_commit(State(github): State<Github>, at: RepoAt, Body(new): Body<CreateCommit>) -> Result {
    at.needs("contents", true)?;
    not_empty(&at.git).await?;
    if at.git.kind(&new.tree).await?.as_deref() != Some("tree") {
        return Err(ApiError::unprocessable("Tree SHA does not exist"));
    }
    for parent in &new.parents {
        if at.git.kind(parent).await?.as_deref() != Some("commit") {
            return Err(ApiError::unprocessable("Parent SHA does not exist or is not a commit object"));
        }
    }
    let (author, committer) = people(&at.caller, new.author, new.committer);
    let commit = NewCommit { tree: new.tree, parents: new.parents, author, committer, message: new.message };
    let sha = at.git.write_commit(&commit).await?;
    let commit = at.git.commit(&sha).await?;
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).git_commit(&repo, &commit)))
}

pub(crate) async fn get_commit(State(github): State<Github>, at: RepoAt, Path((_, _, sha)): Three) -> Result {
    not_empty(&at.git).await?;
    if at.git.kind(&sha).await?.as_deref() != Some("commit") {
        return Err(ApiError::not_found());
    }
    let commit = at.git.commit(&sha).await?;
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).git_commit(&repo, &commit)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreateTag {
    #[serde(default)]
    tag: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    object: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    tagger: Option<GivenPerson>,
}

pub(crate) async fn create_tag(State(github): State<Github>, at: RepoAt, Body(new): Body<CreateTag>) -> Result {
    at.needs("contents", true)?;
    not_empty(&at.git).await?;
    let kind = at.git.kind(&new.object).await?.ok_or_else(|| ApiError::unprocessable("Object does not exist"))?;
    if new.kind.as_ref().is_some_and(|given| *given != kind) || !check_ref_name(&format!("refs/tags/{}", new.tag)) {
        return Err(ApiError::invalid("Tag", "tag", "invalid"));
    }
    let tagger = new.tagger.map_or_else(|| person_of(&at.caller.user), GivenPerson::into_person);
    let sha = at.git.write_tag(&new.tag, &new.object, &kind, &tagger, &new.message).await?;
    let value = show_tag(&github, &at, &sha).await?;
    Ok(created(value))
}

pub(crate) async fn get_tag(State(github): State<Github>, at: RepoAt, Path((_, _, sha)): Three) -> Result {
    if at.git.kind(&sha).await?.as_deref() != Some("tag") {
        return Err(ApiError::not_found());
    }
    Ok(ok(show_tag(&github, &at, &sha).await?))
}

async fn show_tag(github: &Github, at: &RepoAt, sha: &str) -> Result<serde_json::Value> {
    let text = at.git.text(&["cat-file", "tag", sha]).await?;
    let (head, message) = text.split_once("\n\n").unwrap_or((&text, ""));
    let field = |name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap_or_default().to_owned()
    };
    let tagger = field("tagger");
    let (name, rest) = tagger.split_once(" <").unwrap_or((&tagger, ""));
    let (email, moment) = rest.split_once("> ").unwrap_or((rest, ""));
    let seconds = moment.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let date =
        time::OffsetDateTime::from_unix_timestamp(seconds).map(crate::github::model::format_time).unwrap_or_default();
    let url = format!("{}/repos/{}/{}/git", github.ctx().base_url(), at.owner, at.name);
    let (kind, object) = (field("type"), field("object"));
    Ok(json!({
        "node_id": crate::github::views::node_id("Tag", format!("{}:{sha}", at.id)),
        "tag": field("tag"),
        "sha": sha,
        "url": format!("{url}/tags/{sha}"),
        "message": message.trim_end_matches('\n'),
        "tagger": {"name": name, "email": email, "date": date},
        "object": {"type": kind, "sha": object, "url": format!("{url}/{kind}s/{object}")},
        "verification": {"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null},
    }))
}

/// 409 is what a moved file or branch gets; said in one place.
pub(crate) fn moved(what: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, what.to_owned())
}
