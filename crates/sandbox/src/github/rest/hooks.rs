use axum::{
    extract::{Path, State},
    response::IntoResponse as _,
};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{created, no_content, ok};
use crate::github::{
    Github,
    error::{ApiError, Result},
    http::{Body, Paging, RepoAt},
    model::{Delivery, Hook, now},
    views::{Views, hooks},
    webhooks::Target,
};

/// So many hooks per event.
const HOOKS_LIMIT: usize = 20;

type Numbered = Path<(String, String, u64)>;

#[derive(Debug, Deserialize)]
pub(crate) struct WriteHook {
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) config: HookConfig,
    pub(crate) events: Option<Vec<String>>,
    pub(crate) add_events: Option<Vec<String>>,
    pub(crate) remove_events: Option<Vec<String>>,
    pub(crate) active: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct HookConfig {
    pub(crate) url: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) secret: Option<String>,
    /// Clients send it as text or as a number.
    pub(crate) insecure_ssl: Option<Value>,
}

impl HookConfig {
    pub(crate) fn apply(self, hook: &mut Hook) -> Result<()> {
        if let Some(url) = self.url {
            // Local targets are welcome here; GitHub refuses them.
            let good = url::Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            if !good {
                return Err(ApiError::custom("Hook", "url is not a valid URL"));
            }
            hook.url = url;
        }
        if let Some(content_type) = self.content_type {
            if !["json", "form"].contains(&content_type.as_str()) {
                return Err(ApiError::custom("Hook", "content_type must be json or form"));
            }
            hook.content_type = content_type;
        }
        if let Some(secret) = self.secret {
            hook.secret = Some(secret).filter(|secret| !secret.is_empty());
        }
        if let Some(insecure) = self.insecure_ssl {
            hook.insecure_ssl = insecure.as_str().map_or_else(|| insecure.to_string(), str::to_owned);
        }
        Ok(())
    }
}

/// A hook as asked for, not yet kept.
pub(crate) fn new_hook(id: u64, wanted: WriteHook) -> Result<Hook> {
    if wanted.name.as_deref().is_some_and(|name| name != "web") {
        return Err(ApiError::custom("Hook", "name must be web"));
    }
    if wanted.config.url.is_none() {
        return Err(ApiError::custom("Hook", "config must contain url"));
    }
    let moment = now();
    let mut hook = Hook {
        id,
        active: wanted.active.unwrap_or(true),
        events: wanted.events.filter(|events| !events.is_empty()).unwrap_or_else(|| vec!["push".to_owned()]),
        url: String::new(),
        content_type: "form".to_owned(),
        insecure_ssl: "0".to_owned(),
        secret: None,
        created_at: moment.clone(),
        updated_at: moment,
        last_response: None,
    };
    wanted.config.apply(&mut hook)?;
    Ok(hook)
}

fn show(github: &Github, at: &RepoAt, hook: &Hook) -> Result<Value> {
    let repo = at.repo()?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let url = format!("{}/hooks/{}", views.repo_url(&repo), hook.id);
    Ok(hooks::hook(hook, &url, "Repository"))
}

fn find(at: &RepoAt, id: u64) -> Result<Hook> {
    at.repo()?.hooks.into_iter().find(|hook| hook.id == id).ok_or_else(ApiError::not_found)
}

/// Hooks need rights that anonymous callers and Apps do not have by default.
fn allowed(at: &RepoAt, write: bool) -> Result<()> {
    if at.caller.is_anonymous() {
        return Err(ApiError::not_found());
    }
    at.needs("repository_hooks", write)
}

pub(crate) async fn list(State(github): State<Github>, at: RepoAt, paging: Paging) -> Result {
    allowed(&at, false)?;
    let mut shown = Vec::new();
    for hook in at.repo()?.hooks {
        shown.push(show(&github, &at, &hook)?);
    }
    Ok(paging.list(shown, |hook| hook))
}

pub(crate) async fn create(State(github): State<Github>, at: RepoAt, Body(wanted): Body<WriteHook>) -> Result {
    allowed(&at, true)?;
    let hook = {
        let mut state = github.store().lock();
        let hook = new_hook(state.next_id(), wanted)?;
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let same = |other: &&Hook| other.url == hook.url && other.content_type == hook.content_type;
        if repo.hooks.iter().any(|other| same(&other) && other.events.iter().any(|event| hook.events.contains(event))) {
            return Err(ApiError::custom("Hook", "Hook already exists on this repository"));
        }
        let crowded =
            |event: &String| repo.hooks.iter().filter(|other| other.events.contains(event)).count() >= HOOKS_LIMIT;
        if let Some(event) = hook.events.iter().find(|event| crowded(event)) {
            return Err(ApiError::custom(
                "Hook",
                format!("The \"{event}\" event cannot have more than {HOOKS_LIMIT} hooks"),
            ));
        }
        repo.hooks.push(hook.clone());
        hook
    };
    github.ping(Some(at.id), &hook, Target::Repository(at.id), &at.caller.user.login);
    Ok(created(show(&github, &at, &hook)?))
}

pub(crate) async fn get(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    allowed(&at, false)?;
    Ok(ok(show(&github, &at, &find(&at, id)?)?))
}

pub(crate) async fn update(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, id)): Numbered,
    Body(change): Body<WriteHook>,
) -> Result {
    allowed(&at, true)?;
    let hook = {
        let mut state = github.store().lock();
        let repo = state.repo_mut(at.id).ok_or_else(ApiError::not_found)?;
        let hook = repo.hooks.iter_mut().find(|hook| hook.id == id).ok_or_else(ApiError::not_found)?;
        change.config.apply(hook)?;
        if let Some(events) = change.events {
            hook.events = events;
        }
        for event in change.add_events.unwrap_or_default() {
            if !hook.events.contains(&event) {
                hook.events.push(event);
            }
        }
        if let Some(removed) = change.remove_events {
            hook.events.retain(|event| !removed.contains(event));
        }
        hook.active = change.active.unwrap_or(hook.active);
        hook.updated_at = now();
        hook.clone()
    };
    Ok(ok(show(&github, &at, &hook)?))
}

pub(crate) async fn delete(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    allowed(&at, true)?;
    let hook = find(&at, id)?;
    github.say_deleted(at.id, &hook, &at.caller.user.login);
    if let Some(repo) = github.store().lock().repo_mut(at.id) {
        repo.hooks.retain(|hook| hook.id != id);
    }
    Ok(no_content())
}

pub(crate) async fn ping(State(github): State<Github>, at: RepoAt, Path((_, _, id)): Numbered) -> Result {
    allowed(&at, true)?;
    let hook = find(&at, id)?;
    github.ping(Some(at.id), &hook, Target::Repository(at.id), &at.caller.user.login);
    Ok(no_content())
}

pub(crate) async fn deliveries(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, id)): Numbered,
    paging: Paging,
) -> Result {
    allowed(&at, false)?;
    find(&at, id)?;
    let all = {
        let state = github.store().lock();
        state.deliveries.get(&at.id).into_iter().flatten().filter(|delivery| delivery.hook_id == id).cloned().collect()
    };
    let address = format!("{}/repositories/{}/hooks/{id}/deliveries", github.ctx().base_url(), at.id);
    Ok(page_of_deliveries(all, &paging, &address))
}

/// Newest first. Pages go by a cursor, as new deliveries come in at the front.
pub(crate) fn page_of_deliveries(mut all: Vec<Delivery>, paging: &Paging, address: &str) -> axum::response::Response {
    all.reverse();
    let status = paging.parameter("status");
    let succeeded = |delivery: &Delivery| (200..400).contains(&delivery.status_code);
    all.retain(|delivery| match status {
        Some("success") => succeeded(delivery),
        Some("failure") => !succeeded(delivery),
        _ => true,
    });
    if let Some(cursor) =
        paging.parameter("cursor").and_then(|cursor| cursor.trim_start_matches("v1_").parse::<u64>().ok())
    {
        all.retain(|delivery| delivery.id < cursor);
    }
    let more = all.len() > paging.per_page;
    all.truncate(paging.per_page);
    let last = all.last().map(|delivery| delivery.id);
    let shown: Vec<Value> = all.iter().map(hooks::delivery_item).collect();
    let mut response = axum::Json(Value::Array(shown)).into_response();
    if more && let Some(last) = last {
        let link = format!("<{address}?per_page={}&cursor=v1_{last}>; rel=\"next\"", paging.per_page);
        if let Ok(value) = HeaderValue::from_str(&link) {
            response.headers_mut().insert(header::LINK, value);
        }
    }
    response
}

fn find_delivery(github: &Github, repo_id: u64, hook: u64, id: u64) -> Result<Delivery> {
    let state = github.store().lock();
    let found = state
        .deliveries
        .get(&repo_id)
        .into_iter()
        .flatten()
        .find(|delivery| delivery.hook_id == hook && delivery.id == id);
    found.cloned().ok_or_else(ApiError::not_found)
}

pub(crate) async fn delivery(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, hook, id)): Path<(String, String, u64, u64)>,
) -> Result {
    allowed(&at, false)?;
    Ok(ok(hooks::delivery(&find_delivery(&github, at.id, hook, id)?)))
}

pub(crate) async fn redeliver(
    State(github): State<Github>,
    at: RepoAt,
    Path((_, _, hook, id)): Path<(String, String, u64, u64)>,
) -> Result {
    allowed(&at, true)?;
    let delivery = find_delivery(&github, at.id, hook, id)?;
    if !github.redeliver(&delivery) {
        return Err(ApiError::not_found());
    }
    Ok(accepted())
}

pub(crate) fn accepted() -> axum::response::Response {
    (StatusCode::ACCEPTED, axum::Json(json!({}))).into_response()
}
