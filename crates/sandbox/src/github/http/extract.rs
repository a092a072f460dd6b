//! What handlers ask for.

use axum::{
    extract::{FromRequest, FromRequestParts, RawPathParams, Request},
    http::request::Parts,
};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;

use crate::github::{
    Github,
    accounts::{Caller, CallerKind},
    error::ApiError,
    git::Git,
    model::Repo,
};

impl FromRequestParts<Github> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Github) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ApiError::unauthorized("Requires authentication"))
    }
}

/// The repository in the path, which the caller may see; for writes, which the caller may change.
#[derive(Debug, Clone)]
pub(crate) struct RepoAt {
    pub(crate) id: u64,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) caller: Caller,
    pub(crate) git: Git,
    github: Github,
}

impl RepoAt {
    /// A copy of its present state.
    pub(crate) fn repo(&self) -> Result<Repo, ApiError> {
        self.github.repo(self.id).ok_or_else(ApiError::not_found)
    }

    /// Refuse an installation token that was not given `permission`.
    pub(crate) fn needs(&self, permission: &str, write: bool) -> Result<(), ApiError> {
        if self.caller.has_permission(permission, write) {
            return Ok(());
        }
        let level = if write { "write" } else { "read" };
        let accepted = http::HeaderValue::from_str(&format!("{permission}={level}"))?;
        Err(ApiError::forbidden("Resource not accessible by integration")
            .with_header(http::HeaderName::from_static("x-accepted-github-permissions"), accepted))
    }
}

impl FromRequestParts<Github> for RepoAt {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, github: &Github) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, github).await?;
        let params = RawPathParams::from_request_parts(parts, github).await.map_err(|_| ApiError::not_found())?;
        let param = |wanted| params.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned());
        let (Some(owner), Some(name)) = (param("owner"), param("repo")) else {
            return Err(ApiError::not_found());
        };
        let writes = !matches!(parts.method, Method::GET | Method::HEAD);
        let (repo_id, owner, name, private) = {
            let state = github.store().lock();
            let Some(repo) = state.repo_by_name(&owner, &name) else {
                let moved = state.repo_by_former_name(&owner, &name).map(|repo| repo.id);
                return Err(moved.map_or_else(ApiError::not_found, |id| moved_to(github, parts, id, &owner, &name)));
            };
            (repo.id, repo.owner.clone(), repo.name.clone(), repo.private)
        };
        let sees = match &caller.kind {
            CallerKind::Anonymous | CallerKind::App { .. } => !private,
            CallerKind::Person => true,
            CallerKind::Installation { installation, token, .. } => {
                let covered = installation.account.eq_ignore_ascii_case(&owner)
                    && token.repositories.as_ref().is_none_or(|ids| ids.contains(&repo_id));
                covered || !private && !writes
            }
        };
        if !sees {
            return Err(ApiError::not_found());
        }
        if writes {
            caller.signed_in()?;
        }
        Ok(Self { id: repo_id, owner, name, caller, git: github.git(repo_id), github: github.clone() })
    }
}

/// The answer for a name the repository had before.
fn moved_to(github: &Github, parts: &Parts, id: u64, owner: &str, name: &str) -> ApiError {
    let status =
        if parts.method == Method::GET { StatusCode::MOVED_PERMANENTLY } else { StatusCode::TEMPORARY_REDIRECT };
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let rest = path.strip_prefix(&format!("/repos/{owner}/{name}")).unwrap_or_default();
    ApiError::moved(status, &format!("{}/repositories/{id}{rest}", github.ctx().base_url()))
}

/// A JSON object from the body, with GitHub's own words for what is wrong with it. No body counts as `{}`.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Github> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, github: &Github) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, github)
            .await
            .map_err(|_| ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large"))?;
        let bytes = if bytes.is_empty() { Bytes::from_static(b"{}") } else { bytes };
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|_| ApiError::bad_request("Problems parsing JSON"))?;
        // Setting labels takes a bare list too; everything else is an object.
        if !value.is_object() && !value.is_array() {
            return Err(ApiError::bad_request("Body should be a JSON object"));
        }
        let parsed = serde_json::from_value(value)
            .map_err(|error| ApiError::unprocessable(format!("Invalid request.\n\n{error}")))?;
        Ok(Self(parsed))
    }
}
