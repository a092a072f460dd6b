use axum::{
    extract::{Path, State},
    response::Response,
};
use serde_json::json;

use super::ok;
use crate::github::{
    Github,
    accounts::Caller,
    error::{ApiError, Result},
    views::Views,
};

pub(crate) async fn root(State(github): State<Github>) -> Response {
    let base = github.ctx().base_url();
    ok(json!({
        "current_user_url": format!("{base}/user"),
        "rate_limit_url": format!("{base}/rate_limit"),
        "repository_url": format!("{base}/repos/{{owner}}/{{repo}}"),
        "sandbox_page_url": format!("{base}/_sandbox/"),
    }))
}

pub(crate) async fn get_authenticated(State(github): State<Github>, caller: Caller) -> Result {
    let user = caller.signed_in()?;
    if caller.app().is_some() {
        return Err(ApiError::forbidden("Resource not accessible by integration"));
    }
    let state = github.store().lock();
    Ok(ok(Views::new(github.ctx().urls(), &state).profile(user, true)))
}

pub(crate) async fn get_by_login(State(github): State<Github>, Path(login): Path<String>) -> Result {
    let state = github.store().lock();
    let user = state.user(&login).ok_or_else(ApiError::not_found)?;
    Ok(ok(Views::new(github.ctx().urls(), &state).profile(user, false)))
}

pub(crate) async fn rate_limit(State(github): State<Github>, caller: Caller) -> Response {
    let core = github.0.limits.count(&caller, 0);
    let limit = |limit: u64, used: u64| json!({"limit": limit, "used": used, "remaining": limit.saturating_sub(used), "reset": core.reset, "resource": "core"});
    ok(json!({
        "resources": {"core": limit(core.limit, core.used), "search": limit(30, 0), "graphql": limit(5_000, 0)},
        "rate": limit(core.limit, core.used),
    }))
}

pub(crate) async fn meta() -> Response {
    ok(json!({
        "verifiable_password_authentication": false,
        "hooks": ["127.0.0.0/8"],
        "web": ["127.0.0.0/8"],
        "api": ["127.0.0.0/8"],
        "git": ["127.0.0.0/8"],
    }))
}
