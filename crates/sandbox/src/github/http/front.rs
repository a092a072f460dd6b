//! What happens to every request before and after its handler: paths as GitHub reads them, required headers,
//! who is calling, rate limits, `ETag`s and the headers that are on every answer.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use sha2::{Digest as _, Sha256};

use crate::github::{
    Github,
    accounts::{Caller, CallerKind},
    error::{ApiError, Result},
    model::moment,
};

const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// Requests per hour without a token.
const LIMIT_ANONYMOUS: u64 = 60;

/// Requests counted in the present hour, by login.
#[derive(Debug)]
pub(crate) struct Limits {
    per_token: u64,
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    reset: i64,
    used: u64,
}

/// What a caller has left; also the body of `GET /rate_limit`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    pub(crate) reset: i64,
}

impl Limits {
    pub(crate) fn new(per_token: u64) -> Self {
        Self { per_token, windows: Mutex::default() }
    }

    /// Count `cost` requests of a caller.
    pub(crate) fn count(&self, caller: &Caller, cost: u64) -> Allowance {
        let limit = if caller.is_anonymous() { LIMIT_ANONYMOUS } else { self.per_token };
        let now = moment().unix_timestamp();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(caller.user.login.clone()).or_insert(Window { reset: now + 3600, used: 0 });
        if window.reset <= now {
            *window = Window { reset: now + 3600, used: 0 };
        }
        window.used += cost;
        Allowance { limit, used: window.used, reset: window.reset }
    }

    /// Take back a request that turned out to be free.
    fn refund(&self, caller: &Caller) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(window) = windows.get_mut(&caller.user.login) {
            window.used = window.used.saturating_sub(1);
        }
    }
}

impl Allowance {
    pub(crate) fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// The one layer in front of all GitHub routes.
pub(crate) async fn front(State(github): State<Github>, mut request: Request, next: Next) -> Response {
    if is_git(request.uri().path()) {
        return next.run(request).await;
    }
    let conditional = request.headers().get(header::IF_NONE_MATCH).cloned();
    let method = request.method().clone();
    let (caller, prepared) = match prepare(&github, &mut request) {
        Ok(caller) => (Some(caller), Ok(())),
        Err(error) => (None, Err(error)),
    };
    let mut allowance = None;
    let response = match (prepared, &caller) {
        (Err(error), _) => error.into_response(),
        (Ok(()), Some(caller)) => {
            // Asking for the limit is free.
            let cost = u64::from(request.uri().path() != "/rate_limit");
            let counted = github.0.limits.count(caller, cost);
            allowance = Some(counted);
            if cost > 0 && counted.used > counted.limit {
                over_limit(caller)
            } else {
                request.extensions_mut().insert(caller.clone());
                let response = next.run(request).await;
                with_etag(response, &method, conditional.as_ref()).await
            }
        }
        (Ok(()), None) => ApiError::not_found().into_response(),
    };
    let mut response = response;
    if response.status() == StatusCode::NOT_MODIFIED
        && let (Some(caller), Some(allowance)) = (&caller, &mut allowance)
    {
        github.0.limits.refund(caller);
        allowance.used = allowance.used.saturating_sub(1);
    }
    add_headers(response.headers_mut(), caller.as_ref(), allowance);
    response
}

/// Smart HTTP has its own rules: no user agent needed, Basic credentials, streams.
fn is_git(path: &str) -> bool {
    ["/info/refs", "/git-upload-pack", "/git-receive-pack"].iter().any(|end| path.ends_with(end))
        && path.trim_start_matches('/').split('/').count() <= 4
}

fn prepare(github: &Github, request: &mut Request) -> Result<Caller> {
    let headers = request.headers();
    if !headers.contains_key(header::USER_AGENT) {
        return Err(ApiError::forbidden(
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        ));
    }
    if let Some(version) = headers.get("x-github-api-version")
        && !version.to_str().is_ok_and(|version| VERSIONS.contains(&version))
    {
        return Err(ApiError::bad_request("The given API version is not supported."));
    }
    let caller = github.caller(headers)?;
    let path = rewritten(github, request.uri().path())?;
    if path != request.uri().path() {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        *request.uri_mut() = format!("{path}{query}").parse::<Uri>().map_err(|_| ApiError::not_found())?;
    }
    Ok(caller)
}

/// `/api/v3/…` is the same API; `/repositories/{id}/…` is the repository by its number.
fn rewritten(github: &Github, path: &str) -> Result<String> {
    let path = path.strip_prefix("/api/v3").unwrap_or(path);
    let path = if path.is_empty() { "/" } else { path };
    if path.len() > 1 && path.ends_with('/') {
        return Err(ApiError::not_found());
    }
    let Some(rest) = path.strip_prefix("/repositories/") else {
        return Ok(path.to_owned());
    };
    let (id, rest) = rest.split_once('/').map_or((rest, String::new()), |(id, rest)| (id, format!("/{rest}")));
    let state = github.store().lock();
    let repo = id.parse().ok().and_then(|id: u64| state.repos.get(&id)).ok_or_else(ApiError::not_found)?;
    Ok(format!("/repos/{}/{}{rest}", repo.owner, repo.name))
}

fn over_limit(caller: &Caller) -> Response {
    let who = if caller.is_anonymous() { "your address".to_owned() } else { format!("user ID {}", caller.user.id) };
    ApiError::forbidden(format!("API rate limit exceeded for {who}.")).into_response()
}

/// Give JSON answers an `ETag` of their content, and say 304 to who has it already.
async fn with_etag(response: Response, method: &Method, conditional: Option<&HeaderValue>) -> Response {
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if response.status() != StatusCode::OK || *method != Method::GET || !is_json {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = hex::encode(Sha256::digest(&bytes));
    if let Ok(value) = HeaderValue::from_str(&format!("W/\"{tag}\"")) {
        parts.headers.insert(header::ETAG, value);
    }
    if conditional.and_then(|value| value.to_str().ok()).is_some_and(|value| value == "*" || value.contains(&tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn add_headers(headers: &mut HeaderMap, caller: Option<&Caller>, allowance: Option<Allowance>) {
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-github-request-id", uuid::Uuid::new_v4().simple().to_string()[..20].to_ascii_uppercase());
    set("x-github-media-type", "github.v3; format=json".to_owned());
    set("x-github-api-version-selected", VERSIONS[0].to_owned());
    set("cache-control", "private, max-age=60, s-maxage=60".to_owned());
    set("vary", "Accept, Authorization, Cookie, X-GitHub-OTP".to_owned());
    set("server", "quantapilot-sandbox".to_owned());
    if let Some(Caller { kind: CallerKind::Person, .. }) = caller {
        set("x-oauth-scopes", "repo, workflow, admin:org, admin:repo_hook, delete_repo, read:user".to_owned());
        set("x-accepted-oauth-scopes", String::new());
    }
    if let Some(allowance) = allowance {
        set("x-ratelimit-limit", allowance.limit.to_string());
        set("x-ratelimit-remaining", allowance.remaining().to_string());
        set("x-ratelimit-used", allowance.used.to_string());
        set("x-ratelimit-reset", allowance.reset.to_string());
        set("x-ratelimit-resource", "core".to_owned());
    }
}
