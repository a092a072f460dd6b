use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::json;

use super::{created, no_content, ok};
use crate::{
    Change,
    github::{
        Github,
        error::{ApiError, Result},
        git::check_ref_name,
        http::{Body, Paging, RepoAt},
        model::{Release, now},
        refs_changed::RefChange,
        views::{Views, commits::encode_path, node_id},
    },
};

type Numbered = Path<(String, String, u64)>;

#[derive(Debug, Deserialize)]
pub(crate) struct WriteRelease {
    tag_name: Option<String>,
    target_commitish: Option<String>,
    name: Option<String>,
    body: Option<String>,
    draft: Option<bool>,
    prerelease: Option<bool>,
}

pub(crate) async fn list(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    let repo = at.repo()?;
    let sees_drafts = !at.caller.is_anonymous();
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let releases = repo.releases.iter().rev().filter(|release| sees_drafts || !release.draft).collect();
    Ok(paging.list(releases, |release| views.release(&repo, release)))
}

fn answer(github: &Github, at: &RepoAt, wanted: impl Fn(&Release) -> bool) -> Result {
    let repo = at.repo()?;
    let release = repo.releases.iter().rev().find(|release| wanted(release)).ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).release(&repo, release)))
}

pub(crate) async fn latest(State(github): State<Github>, at: RepoAt) -> Result {
    answer(&github, &at, |release| !release.draft && !release.prerelease)
}

pub(crate) async fn by_tag(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, tag)): Path<(String, String, String)>,
) -> Result {
    answer(&github, &at, |release| !release.draft && release.tag_name == tag)
}

pub(crate) async fn get(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    answer(&github, &at, |release| release.id == id)
}

pub(crate) async fn create(State(github): State<Github>, at: RepoAt, Body(new): Body<WriteRelease>) -> Result {
    at.needs("contents", true)?;
    let Some(tag) = new.tag_name.filter(|tag| !tag.is_empty()) else {
        return Err(ApiError::invalid("Release", "tag_name", "missing_field"));
    };
    let tag_ref = format!("refs/tags/{tag}");
    if !check_ref_name(&tag_ref) {
        return Err(ApiError::custom("Release", "tag_name is not a valid tag"));
    }
    let draft = new.draft.unwrap_or(false);
    let _writer = github.writer(at.id).await;
    let repo = at.repo()?;
    if !draft && repo.releases.iter().any(|release| !release.draft && release.tag_name == tag) {
        return Err(ApiError::invalid("Release", "tag_name", "already_exists"));
    }
    let target = new.target_commitish.unwrap_or(repo.default_branch);
    if !draft && at.git.find_ref(&tag_ref).await?.is_none() {
        let invalid = || ApiError::invalid("Release", "target_commitish", "invalid");
        let sha = at.git.resolve(&target).await?.ok_or_else(invalid)?;
        at.git.update_ref(&tag_ref, &sha, None).await?;
        github.refs_changed(at.id, vec![RefChange::new(tag_ref, None, Some(&sha))], &at.caller.user.login).await;
    }
    let release = {
        let mut state = github.store().lock();
        let id = state.next_id();
        let moment = now();
        let release = Release {
            id,
            tag_name: tag,
            target_commitish: target,
            name: new.name,
            body: new.body,
            draft,
            prerelease: new.prerelease.unwrap_or(false),
            author: at.caller.user.login.clone(),
            created_at: moment.clone(),
            published_at: (!draft).then_some(moment),
        };
        state.repo_mut(at.id).ok_or_else(ApiError::not_found)?.releases.push(release.clone());
        release
    };
    tell(&github, &at, &release, "created");
    if !draft {
        tell(&github, &at, &release, "published");
        tell(&github, &at, &release, if release.prerelease { "prereleased" } else { "released" });
    }
    let repo = at.repo()?;
    let state = github.store().lock();
    Ok(created(Views::new(github.ctx().urls(), &state).release(&repo, &release)))
}

fn tell(github: &Github, at: &RepoAt, release: &Release, action: &str) {
    let payload = {
        let state = github.store().lock();
        let Some(repo) = state.repos.get(&at.id) else { return };
        let mut shown = Views::new(github.ctx().urls(), &state).release(repo, release);
        if action == "created" {
            // It is made as a draft would be, and published right after.
            shown["published_at"] = json!(release.published_at);
        }
        json!({"action": action, "release": shown})
    };
    github.emit(at.id, "release", &at.caller.user.login, payload);
    github.ctx().changed(Change::Repositories);
}

pub(crate) async fn update(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, id)): Numbered,
    Body(change): Body<WriteRelease>,
) -> Result {
    at.needs("contents", true)?;
    let before = at.repo()?.releases.into_iter().find(|release| release.id == id).ok_or_else(ApiError::not_found)?;
    let publishes = before.draft && change.draft == Some(false);
    let tag = change.tag_name.unwrap_or_else(|| before.tag_name.clone());
    let target = change.target_commitish.unwrap_or_else(|| before.target_commitish.clone());
    if publishes {
        let _writer = github.writer(at.id).await;
        let tag_ref = format!("refs/tags/{tag}");
        if at.git.find_ref(&tag_ref).await?.is_none() {
            let invalid = || ApiError::invalid("Release", "target_commitish", "invalid");
            let sha = at.git.resolve(&target).await?.ok_or_else(invalid)?;
            at.git.update_ref(&tag_ref, &sha, None).await?;
            github.refs_changed(at.id, vec![RefChange::new(tag_ref, None, Some(&sha))], &at.caller.user.login).await;
        }
    }
    let release = {
        let mut state = github.store().lock();
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let release = repo.releases.iter_mut().find(|release| release.id == id).ok_or_else(ApiError::not_found)?;
        release.tag_name = tag;
        release.target_commitish = target;
        release.name = change.name.or(release.name.take());
        release.body = change.body.or(release.body.take());
        release.draft = change.draft.unwrap_or(release.draft);
        release.prerelease = change.prerelease.unwrap_or(release.prerelease);
        if publishes {
            release.published_at = Some(now());
        }
        release.clone()
    };
    if publishes {
        tell(&github, &at, &release, "published");
    }
    answer(&github, &at, |release| release.id == id)
}

pub(crate) async fn delete(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    at.needs("contents", true)?;
    let mut state = github.store().lock();
    let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
    let before = repo.releases.len();
    repo.releases.retain(|release| release.id != id);
    if repo.releases.len() == before { Err(ApiError::not_found()) } else { Ok(no_content()) }
}

pub(crate) async fn tags(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    let mut tags = Vec::new();
    for info in at.git.refs("refs/tags/").await? {
        let Some(commit) = at.git.resolve(&info.name).await? else { continue };
        tags.push((info.name.trim_start_matches("refs/tags/").to_owned(), commit));
    }
    // Newest version first, by name, as GitHub sorts them.
    tags.reverse();
    let repo = at.repo()?;
    let state = github.store().lock();
    let url = Views::new(github.ctx().urls(), &state).repo_url(&repo);
    Ok(paging.list(tags, |(name, sha)| {
        let encoded = encode_path(&name);
        json!({
            "name": name,
            "zipball_url": format!("{url}/zipball/refs/tags/{encoded}"),
            "tarball_url": format!("{url}/tarball/refs/tags/{encoded}"),
            "commit": {"sha": sha, "url": format!("{url}/commits/{sha}")},
            "node_id": node_id("Ref", format!("{}:refs/tags/{name}", repo.id)),
        })
    }))
}
