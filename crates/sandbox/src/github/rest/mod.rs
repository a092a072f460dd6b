//! The REST operations, one file per noun; this is the only place where their paths are mounted.

mod actions;
mod apps;
mod branches;
mod checks;
mod commits;
mod contents;
mod git_data;
mod hooks;
mod issues;
mod labels;
mod merge;
mod org_hooks;
mod pulls;
mod releases;
mod repos;
mod reviews;
mod statuses;
mod users;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{Github, app_manifest, error::ApiError};

pub(crate) use self::{checks::new_check_run, repos::CreateRepo, statuses::state_of};

/// Larger than the largest file GitHub takes, in Base64.
const BODY_LIMIT: usize = 140 * 1024 * 1024;

const R: &str = "/repos/{owner}/{repo}";

pub(crate) fn routes() -> Router<Github> {
    Router::new()
        .merge(account_routes())
        .merge(repository_routes())
        .merge(git_routes())
        .merge(pull_routes())
        .merge(issue_routes())
        .merge(check_routes())
        .merge(hook_routes())
        .merge(app_routes())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

fn account_routes() -> Router<Github> {
    Router::new()
        .route("/", get(users::root))
        .route("/user", get(users::get_authenticated))
        .route("/users/{login}", get(users::get_by_login))
        .route("/rate_limit", get(users::rate_limit))
        .route("/meta", get(users::meta))
        .route("/user/repos", get(repos::list_own).post(repos::create_own))
        .route("/users/{login}/repos", get(repos::list_of_user))
        .route("/orgs/{login}/repos", get(repos::list_of_user).post(repos::create_for_organization))
        .route("/{owner}/{repo}", get(repos::show_on_page))
        .route("/{owner}/{repo}/pull/{number}", get(pulls::show_on_page))
        .route("/{owner}/{repo}/raw/{*path}", get(contents::raw))
}

fn repository_routes() -> Router<Github> {
    let at = |path: &str| format!("{R}{path}");
    Router::new()
        .route(R, get(repos::get).patch(repos::update).delete(repos::delete))
        .route(&at("/languages"), get(repos::languages))
        .route(&at("/topics"), get(repos::topics).put(repos::replace_topics))
        .route(&at("/collaborators/{login}/permission"), get(repos::permission))
        .route(&at("/readme"), get(contents::readme))
        .route(&at("/contents"), get(contents::root))
        .route(&at("/contents/"), get(contents::root))
        .route(&at("/contents/{*path}"), get(contents::get).put(contents::put).delete(contents::delete))
        .route(&at("/tarball"), get(contents::tarball_of_default))
        .route(&at("/tarball/{*ref}"), get(contents::tarball))
        .route(&at("/releases"), get(releases::list).post(releases::create))
        .route(&at("/releases/latest"), get(releases::latest))
        .route(&at("/releases/tags/{*tag}"), get(releases::by_tag))
        .route(&at("/releases/{id}"), get(releases::get).patch(releases::update).delete(releases::delete))
        .route(&at("/tags"), get(releases::tags))
}

fn git_routes() -> Router<Github> {
    let at = |path: &str| format!("{R}{path}");
    Router::new()
        .route(&at("/git/ref/{*ref}"), get(git_data::get_ref))
        .route(&at("/git/refs"), post(git_data::create_ref).get(git_data::matching_all))
        .route(&at("/git/refs/{*ref}"), axum::routing::patch(git_data::update_ref).delete(git_data::delete_ref))
        .route(&at("/git/matching-refs/{*ref}"), get(git_data::matching_refs))
        .route(&at("/git/blobs"), post(git_data::create_blob))
        .route(&at("/git/blobs/{sha}"), get(git_data::get_blob))
        .route(&at("/git/trees"), post(git_data::create_tree))
        .route(&at("/git/trees/{*sha}"), get(git_data::get_tree))
        .route(&at("/git/commits"), post(git_data::create_commit))
        .route(&at("/git/commits/{sha}"), get(git_data::get_commit))
        .route(&at("/git/tags"), post(git_data::create_tag))
        .route(&at("/git/tags/{sha}"), get(git_data::get_tag))
        .route(&at("/branches"), get(branches::list))
        // Names hold slashes, so what comes after them is told apart by the handler.
        .route(&at("/branches/{*branch}"), get(branches::get))
        .route(&at("/commits"), get(commits::list))
        .route(&at("/commits/{*ref}"), get(commits::below))
        .route(&at("/compare/{*basehead}"), get(commits::compare))
}

fn pull_routes() -> Router<Github> {
    let at = |path: &str| format!("{R}{path}");
    Router::new()
        .route(&at("/pulls"), get(pulls::list).post(pulls::create))
        .route(&at("/pulls/{number}"), get(pulls::get).patch(pulls::update))
        .route(&at("/pulls/{number}/files"), get(pulls::files))
        .route(&at("/pulls/{number}/commits"), get(pulls::commits))
        .route(&at("/pulls/{number}/merge"), get(merge::is_merged).put(merge::merge))
        .route(&at("/pulls/{number}/update-branch"), put(merge::update_branch))
        .route(&at("/pulls/{number}/reviews"), get(reviews::list).post(reviews::create))
        .route(&at("/pulls/{number}/reviews/{id}"), get(reviews::get))
        .route(&at("/pulls/{number}/comments"), get(reviews::list_comments).post(reviews::create_comment))
        .route(&at("/pulls/{number}/requested_reviewers"), post(reviews::request_reviewers))
}

fn issue_routes() -> Router<Github> {
    let at = |path: &str| format!("{R}{path}");
    Router::new()
        .route(&at("/issues"), get(issues::list).post(issues::create))
        .route(&at("/issues/{number}"), get(issues::get).patch(issues::update))
        .route(&at("/issues/{number}/comments"), get(issues::list_comments).post(issues::create_comment))
        .route(&at("/issues/comments/{id}"), get(issues::get_comment).patch(issues::update_comment))
        .route(&at("/labels"), get(labels::list).post(labels::create))
        .route(&at("/labels/{name}"), get(labels::get))
        .route(&at("/issues/{number}/labels"), get(labels::of_issue).post(labels::add).put(labels::set))
        .route(&at("/issues/{number}/labels/{name}"), axum::routing::delete(labels::remove))
}

fn check_routes() -> Router<Github> {
    let at = |path: &str| format!("{R}{path}");
    Router::new()
        .route(&at("/check-runs"), post(checks::create))
        .route(&at("/check-runs/{id}"), get(checks::get).patch(checks::update))
        .route(&at("/check-runs/{id}/annotations"), get(checks::annotations))
        .route(&at("/check-suites/{id}"), get(checks::get_suite))
        .route(&at("/check-suites/{id}/check-runs"), get(checks::of_suite))
        .route(&at("/statuses/{sha}"), post(statuses::create))
        .route(&at("/actions/workflows"), get(actions::workflows))
        .route(&at("/actions/workflows/{id}/dispatches"), post(actions::dispatch))
        .route(&at("/actions/runs"), get(actions::runs))
        .route(&at("/actions/runs/{id}"), get(actions::run))
        .route(&at("/actions/runs/{id}/jobs"), get(actions::jobs))
        .route(&at("/actions/runs/{id}/rerun"), post(actions::rerun))
        .route(&at("/actions/runs/{id}/rerun-failed-jobs"), post(actions::rerun))
        .route(&at("/actions/jobs/{id}"), get(actions::job))
        .route(&at("/actions/jobs/{id}/logs"), get(actions::job_logs))
        .route("/_logs/{owner}/{repo}/{id}", get(actions::log_text))
}

fn hook_routes() -> Router<Github> {
    let at = |path: &str| format!("{R}{path}");
    Router::new()
        .route(&at("/hooks"), get(hooks::list).post(hooks::create))
        .route(&at("/hooks/{id}"), get(hooks::get).patch(hooks::update).delete(hooks::delete))
        .route(&at("/hooks/{id}/pings"), post(hooks::ping))
        .route(&at("/hooks/{id}/tests"), post(hooks::ping))
        .route(&at("/hooks/{id}/deliveries"), get(hooks::deliveries))
        .route(&at("/hooks/{id}/deliveries/{delivery}"), get(hooks::delivery))
        .route(&at("/hooks/{id}/deliveries/{delivery}/attempts"), post(hooks::redeliver))
        .route("/orgs/{login}/hooks", get(org_hooks::list).post(org_hooks::create))
        .route("/orgs/{login}/hooks/{id}", axum::routing::delete(org_hooks::delete))
}

fn app_routes() -> Router<Github> {
    Router::new()
        .route("/settings/apps/new", post(app_manifest::submit))
        .route("/apps/{slug}/installations/new", get(app_manifest::install_page))
        .route("/app", get(apps::get))
        .route("/app/installations", get(apps::installations))
        .route("/app/installations/{id}", get(apps::installation))
        .route("/app/installations/{id}/access_tokens", post(apps::create_token))
        .route(&format!("{R}/installation"), get(apps::of_repository))
        .route("/installation/repositories", get(apps::repositories))
        .route("/app-manifests/{code}/conversions", post(apps::convert_manifest))
        .route("/app/hook/config", get(apps::hook_config).patch(apps::update_hook_config))
        .route("/app/hook/deliveries", get(apps::deliveries))
        .route("/app/hook/deliveries/{delivery}", get(apps::delivery))
        .route("/app/hook/deliveries/{delivery}/attempts", post(apps::redeliver))
}

pub(crate) async fn not_found() -> Response {
    ApiError::not_found().into_response()
}

fn ok(value: Value) -> Response {
    Json(value).into_response()
}

/// 201, with the address of what was made.
fn created(value: Value) -> Response {
    let location = value["url"].as_str().and_then(|url| HeaderValue::from_str(url).ok());
    let mut response = (StatusCode::CREATED, Json(value)).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
