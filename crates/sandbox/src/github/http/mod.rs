//! How requests come in: the front, the extractors, paging.

mod extract;
mod front;
mod paging;

use axum::{Router, middleware};

use super::{Github, rest, smart_http};

pub(crate) use self::{
    extract::{Body, RepoAt},
    front::Limits,
    paging::Paging,
};

/// Everything of GitHub: REST at `/` and `/api/v3/`, git below `/{owner}/{repo}`.
pub fn router(github: Github) -> Router {
    let routes = rest::routes().merge(smart_http::routes()).fallback(rest::not_found).with_state(github.clone());
    // The front rewrites paths, so it must come before any routing: as the only fallback of an outer router.
    Router::new().fallback_service(routes).layer(middleware::from_fn_with_state(github, front::front))
}
