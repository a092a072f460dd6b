//! What can go wrong with GitHub, by what a caller would do about it.

use std::time::Duration;

use common::error::Error;
use common::jobs::JobError;
use http::StatusCode;
use serde::Deserialize;

/// A refusal or a silence of GitHub.
#[derive(Debug, thiserror::Error)]
pub enum GithubError {
    /// It is not there, or our credentials may not see it (GitHub does not tell the two apart).
    #[error("GitHub has no `{what}`, or our credentials may not see it")]
    NotFound { what: String },
    /// Our token or key is wrong or expired.
    #[error("GitHub does not accept our credentials: {detail}")]
    Unauthorized { detail: String },
    /// Our credentials lack a permission.
    #[error("our credentials may not do this on GitHub: {detail}")]
    Forbidden { detail: String },
    /// 405: the state does not allow it.
    #[error("GitHub does not allow this now: {detail}")]
    NotAllowed { detail: String },
    /// 409: something moved, or the repository is empty.
    #[error("GitHub reports a conflict: {detail}")]
    Conflict { detail: String },
    /// 400 or 422: GitHub understood and refused.
    #[error("GitHub refuses the request: {detail}")]
    Invalid { detail: String },
    /// We have asked too much; nothing was done.
    #[error("GitHub wants us to wait {} s", .wait.as_secs())]
    RateLimited { wait: Duration },
    /// A read got no answer.
    #[error("GitHub did not answer: {detail}")]
    Unreachable { detail: String },
    /// A write got no answer: it may have been done. Look before repeating it.
    #[error("GitHub did not answer to a change, it may have been made: {detail}")]
    Uncertain { detail: String },
    /// An answer that is not what the documentation promises.
    #[error("GitHub's answer cannot be read: {detail}")]
    Unreadable { detail: String },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    message: String,
    errors: Vec<serde_json::Value>,
}

/// The `message` of an error body, or nothing.
pub(super) fn message_of(body: &[u8]) -> String {
    serde_json::from_slice::<Body>(body).map(|b| b.message).unwrap_or_default()
}

impl GithubError {
    /// From an answer that is neither a success, nor a rate limit, nor a 5xx.
    pub(super) fn from_answer(status: StatusCode, what: &str, body: &[u8]) -> Self {
        let parsed: Body = serde_json::from_slice(body).unwrap_or_default();
        let mut detail = if parsed.message.is_empty() { status.to_string() } else { parsed.message };
        for error in &parsed.errors {
            let text = match error {
                serde_json::Value::String(text) => text.clone(),
                other => {
                    let part = |name: &str| other.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
                    [part("resource"), part("field"), part("code"), part("message")]
                        .into_iter()
                        .filter(|p| !p.is_empty())
                        .collect::<Vec<_>>()
                        .join(" ")
                }
            };
            detail.push_str("; ");
            detail.push_str(&text);
        }
        detail.truncate(detail.floor_char_boundary(600));
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Self::NotFound { what: what.to_owned() },
            StatusCode::UNAUTHORIZED => Self::Unauthorized { detail },
            StatusCode::FORBIDDEN => Self::Forbidden { detail },
            StatusCode::METHOD_NOT_ALLOWED => Self::NotAllowed { detail },
            StatusCode::CONFLICT => Self::Conflict { detail },
            _ => Self::Invalid { detail },
        }
    }

    /// Nothing is at that place.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// The repository has no commit yet.
    pub fn is_empty_repository(&self) -> bool {
        matches!(self, Self::Conflict { detail } if detail.contains("empty"))
    }

    /// GitHub says that such a thing is there already.
    pub fn is_already_there(&self) -> bool {
        matches!(self, Self::Invalid { detail } if detail.contains("already_exists") || detail.to_ascii_lowercase().contains("already exists"))
    }

    /// Another try of the whole operation may help, at once.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Uncertain { .. })
    }
}

impl GithubError {
    /// For jobs. Credentials and permissions are mended by people while the job waits, so nothing is given up at once.
    pub fn into_job_error(self) -> JobError {
        match self {
            Self::RateLimited { wait } => JobError::retry_after(self, wait),
            other => JobError::retry(other),
        }
    }
}

/// What the caller of a step gets to hear.
#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
pub fn into_answer(error: GithubError) -> Error {
    let text = error.to_string();
    match error {
        GithubError::NotFound { .. } => Error::not_found("github_not_found", text),
        GithubError::Unauthorized { .. } => {
            Error::unavailable("github_credentials", format!("{text}; set a valid GITHUB_TOKEN or App key"))
                .with_retry_after(60)
        }
        GithubError::Forbidden { .. } => Error::upstream("github_forbidden", text),
        GithubError::NotAllowed { .. } | GithubError::Conflict { .. } => Error::conflict("github_conflict", text),
        GithubError::Invalid { .. } => Error::unprocessable("github_refused", text),
        GithubError::RateLimited { wait } => {
            Error::unavailable("github_rate_limited", text).with_retry_after(wait.as_secs().max(1))
        }
        GithubError::Unreachable { .. } | GithubError::Uncertain { .. } => {
            Error::unavailable("github_unreachable", text).with_retry_after(5)
        }
        GithubError::Unreadable { .. } => Error::upstream("github_unreadable", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_name_what_github_named() {
        let body = br#"{"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom","message":"No commits between main and x"},"plain"]}"#;
        let error = GithubError::from_answer(StatusCode::UNPROCESSABLE_ENTITY, "x", body);
        assert_eq!(
            error.to_string(),
            "GitHub refuses the request: Validation Failed; PullRequest custom No commits between main and x; plain"
        );
    }

    #[test]
    fn known_refusals_are_recognised() {
        let exists = br#"{"message":"Validation Failed","errors":[{"resource":"Release","code":"already_exists","field":"tag_name"}]}"#;
        assert!(GithubError::from_answer(StatusCode::UNPROCESSABLE_ENTITY, "x", exists).is_already_there());
        let reference = br#"{"message":"Reference already exists"}"#;
        assert!(GithubError::from_answer(StatusCode::UNPROCESSABLE_ENTITY, "x", reference).is_already_there());
        let empty = br#"{"message":"Git Repository is empty."}"#;
        assert!(GithubError::from_answer(StatusCode::CONFLICT, "x", empty).is_empty_repository());
        assert!(GithubError::from_answer(StatusCode::NOT_FOUND, "x", b"<html>").is_not_found());
    }
}
