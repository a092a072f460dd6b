use axum::extract::{Path, State};
use serde_json::Value;

use super::{
    created,
    hooks::{WriteHook, new_hook},
    no_content,
};
use crate::github::{
    Github,
    accounts::Caller,
    error::{ApiError, Result},
    http::{Body, Paging},
    model::{Hook, User},
    views::hooks::hook as hook_view,
    webhooks::Target,
};

/// Organisations have hooks; people have none.
fn organization(github: &Github, caller: &Caller, login: &str) -> Result<User> {
    caller.signed_in()?;
    let state = github.store().lock();
    state.user(login).filter(|user| user.kind == "Organization").cloned().ok_or_else(ApiError::not_found)
}

fn show(github: &Github, login: &str, hook: &Hook) -> Value {
    let base = github.ctx().base_url();
    hook_view(hook, &format!("{base}/orgs/{login}/hooks/{}", hook.id), "Organization")
}

pub(crate) async fn list(
    State(github): State<Github>,
    caller: Caller,
    Path(login): Path<String>,
    paging: Paging,
) -> Result {
    let owner = organization(&github, &caller, &login)?;
    let hooks = github.store().lock().accounts.org_hooks.get(&owner.login).cloned().unwrap_or_default();
    Ok(paging.list(hooks, |hook| show(&github, &owner.login, &hook)))
}

pub(crate) async fn create(
    State(github): State<Github>,
    caller: Caller,
    Path(login): Path<String>,
    Body(wanted): Body<WriteHook>,
) -> Result {
    let owner = organization(&github, &caller, &login)?;
    let hook = {
        let mut state = github.store().lock();
        let hook = new_hook(state.next_id(), wanted)?;
        state.accounts_mut().org_hooks.entry(owner.login.clone()).or_default().push(hook.clone());
        hook
    };
    github.ping(None, &hook, Target::Organization(owner.id), &caller.user.login);
    Ok(created(show(&github, &owner.login, &hook)))
}

pub(crate) async fn delete(
    State(github): State<Github>,
    caller: Caller,
    Path((login, id)): Path<(String, u64)>,
) -> Result {
    let owner = organization(&github, &caller, &login)?;
    let mut state = github.store().lock();
    let hooks = state.accounts_mut().org_hooks.entry(owner.login).or_default();
    let before = hooks.len();
    hooks.retain(|hook| hook.id != id);
    if hooks.len() == before { Err(ApiError::not_found()) } else { Ok(no_content()) }
}
