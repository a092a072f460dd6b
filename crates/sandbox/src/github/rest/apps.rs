use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::IntoResponse as _,
};
use http::StatusCode;
use rand::Rng as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{created, hooks, ok};
use crate::github::{
    Github,
    accounts::{Caller, CallerKind, InstallationToken},
    error::{ApiError, Result},
    http::{Body, Paging, RepoAt},
    model::{App, Delivery, Installation, format_time, moment},
    views::{Views, hooks as hook_views},
};

const TOKEN_LIFE: time::Duration = time::Duration::hours(1);

fn own_app(caller: &Caller) -> Result<&App> {
    match &caller.kind {
        CallerKind::App { app } => Ok(app),
        _ => Err(ApiError::unauthorized("A JSON web token could not be decoded")),
    }
}

pub(crate) async fn get(State(github): State<Github>, caller: Caller) -> Result {
    let app = own_app(&caller)?;
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).app(app)))
}

pub(crate) async fn installations(State(github): State<Github>, caller: Caller, paging: Paging) -> Result {
    let app = own_app(&caller)?;
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let own: Vec<&Installation> = state.accounts.installations.iter().filter(|one| one.app_id == app.id).collect();
    Ok(paging.list(own, |installation| views.installation(installation, app)))
}

fn find(github: &Github, app: &App, wanted: impl Fn(&Installation) -> bool) -> Result<Installation> {
    let state = github.store().lock();
    let found = state.accounts.installations.iter().find(|one| one.app_id == app.id && wanted(one));
    found.cloned().ok_or_else(ApiError::not_found)
}

fn show(github: &Github, app: &App, installation: &Installation) -> Value {
    let state = github.store().lock();
    Views::new(github.ctx().urls(), &state).installation(installation, app)
}

pub(crate) async fn installation(State(github): State<Github>, caller: Caller, Path(id): Path<u64>) -> Result {
    let app = own_app(&caller)?;
    let installation = find(&github, app, |one| one.id == id)?;
    Ok(ok(show(&github, app, &installation)))
}

pub(crate) async fn of_repository(State(github): State<Github>, at: RepoAt) -> Result {
    let app = own_app(&at.caller)?;
    let installation = find(&github, app, |one| one.account.eq_ignore_ascii_case(&at.owner))?;
    Ok(ok(show(&github, app, &installation)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreateToken {
    repositories: Option<Vec<String>>,
    repository_ids: Option<Vec<u64>>,
    permissions: Option<BTreeMap<String, String>>,
}

pub(crate) async fn create_token(
    State(github): State<Github>,
    caller: Caller,
    Path(id): Path<u64>,
    Body(wanted): Body<CreateToken>,
) -> Result {
    let app = own_app(&caller)?;
    let installation = find(&github, app, |one| one.id == id)?;
    let permissions = wanted.permissions.unwrap_or_else(|| app.permissions.clone());
    if permissions.keys().any(|name| !app.permissions.contains_key(name)) {
        return Err(ApiError::unprocessable("The permissions requested are not granted to this installation."));
    }
    let repositories = chosen(&github, &installation, wanted.repositories, wanted.repository_ids)?;
    let secret: String = {
        let mut random = rand::rng();
        let tail = (0..36).map(|_| char::from(random.sample(rand::distr::Alphanumeric)));
        format!("ghs_{}", tail.collect::<String>())
    };
    let expires_at = moment() + TOKEN_LIFE;
    let selection = if repositories.is_some() { "selected" } else { "all" };
    let token = InstallationToken { installation_id: id, expires_at, permissions: permissions.clone(), repositories };
    github.0.tokens.add_installation(secret.clone(), token);
    Ok(created(json!({
        "token": secret,
        "expires_at": format_time(expires_at),
        "permissions": permissions,
        "repository_selection": selection,
    })))
}

fn chosen(
    github: &Github,
    installation: &Installation,
    names: Option<Vec<String>>,
    ids: Option<Vec<u64>>,
) -> Result<Option<Vec<u64>>> {
    if names.is_none() && ids.is_none() {
        return Ok(None);
    }
    let inaccessible = || {
        ApiError::unprocessable(
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    };
    let state = github.store().lock();
    let mut chosen = ids.unwrap_or_default();
    for name in names.unwrap_or_default() {
        chosen.push(state.repo_by_name(&installation.account, &name).ok_or_else(inaccessible)?.id);
    }
    let covered = |id: &u64| state.repos.get(id).is_some_and(|repo| repo.owner == installation.account);
    if chosen.iter().all(covered) { Ok(Some(chosen)) } else { Err(inaccessible()) }
}

pub(crate) async fn repositories(State(github): State<Github>, caller: Caller, paging: Paging) -> Result {
    let CallerKind::Installation { installation, token, .. } = &caller.kind else {
        return Err(ApiError::forbidden(
            "You must authenticate with an installation access token in order to list repositories for an installation.",
        ));
    };
    let state = github.store().lock();
    let views = Views::new(github.ctx().urls(), &state);
    let covered = |id: u64| token.repositories.as_ref().is_none_or(|ids| ids.contains(&id));
    let repos: Vec<_> =
        state.repos.values().filter(|repo| repo.owner == installation.account && covered(repo.id)).collect();
    Ok(paging.list_in("repositories", repos, |repo| views.repo_for(repo, true)))
}

/// The last step of the manifest flow: the code, once, for everything the App needs to know about itself.
pub(crate) async fn convert_manifest(State(github): State<Github>, Path(code): Path<String>) -> Result {
    let registered = github.register_from_manifest(&code).await?;
    let registered = registered.ok_or_else(ApiError::not_found)?;
    let state = github.store().lock();
    let mut value = Views::new(github.ctx().urls(), &state).app(&registered.app);
    value["pem"] = json!(registered.private_key);
    value["client_secret"] = json!(registered.client_secret);
    value["webhook_secret"] = json!(registered.app.hook.as_ref().and_then(|hook| hook.secret.as_deref()));
    Ok(created(value))
}

pub(crate) async fn hook_config(State(github): State<Github>, caller: Caller) -> Result {
    let app = own_app(&caller)?;
    let state = github.store().lock();
    let app = state.accounts.apps.iter().find(|one| one.id == app.id).ok_or_else(ApiError::not_found)?;
    let hook = app.hook.as_ref().ok_or_else(ApiError::not_found)?;
    Ok(ok(hook_views::hook_config(hook)))
}

pub(crate) async fn update_hook_config(
    State(github): State<Github>,
    caller: Caller,
    Body(change): Body<hooks::HookConfig>,
) -> Result {
    let id = own_app(&caller)?.id;
    let mut state = github.store().lock();
    let app = state.accounts_mut().apps.iter_mut().find(|app| app.id == id).ok_or_else(ApiError::not_found)?;
    let hook = app.hook.as_mut().ok_or_else(ApiError::not_found)?;
    change.apply(hook)?;
    Ok(ok(hook_views::hook_config(hook)))
}

fn own_deliveries(github: &Github, app: &App) -> Vec<Delivery> {
    let state = github.store().lock();
    let Some(hook) = &app.hook else { return Vec::new() };
    let mut own: Vec<Delivery> =
        state.deliveries.values().flatten().filter(|delivery| delivery.hook_id == hook.id).cloned().collect();
    own.sort_by_key(|delivery| delivery.id);
    own
}

pub(crate) async fn deliveries(State(github): State<Github>, caller: Caller, paging: Paging) -> Result {
    let app = own_app(&caller)?;
    let address = format!("{}/app/hook/deliveries", github.ctx().base_url());
    Ok(hooks::page_of_deliveries(own_deliveries(&github, app), &paging, &address))
}

pub(crate) async fn delivery(State(github): State<Github>, caller: Caller, Path(id): Path<u64>) -> Result {
    let app = own_app(&caller)?;
    let found =
        own_deliveries(&github, app).into_iter().find(|delivery| delivery.id == id).ok_or_else(ApiError::not_found)?;
    Ok(ok(hook_views::delivery(&found)))
}

pub(crate) async fn redeliver(State(github): State<Github>, caller: Caller, Path(id): Path<u64>) -> Result {
    let app = own_app(&caller)?;
    let found =
        own_deliveries(&github, app).into_iter().find(|delivery| delivery.id == id).ok_or_else(ApiError::not_found)?;
    if !github.redeliver(&found) {
        return Err(ApiError::not_found());
    }
    Ok((StatusCode::ACCEPTED, axum::Json(json!({}))).into_response())
}
