//! Refusals, in the words and shapes GitHub uses.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

const DOCUMENTATION: &str = "https://docs.github.com/rest";

pub(crate) type Result<T = Response, E = ApiError> = std::result::Result<T, E>;

#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    errors: Option<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: None, headers: Vec::new() }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(crate) fn empty_repository() -> Self {
        Self::conflict("Git Repository is empty.")
    }

    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 422 about one field, as in `{resource: "PullRequest", field: "head", code: "invalid"}`.
    pub(crate) fn invalid(resource: &str, field: &str, code: &str) -> Self {
        Self { errors: Some(json!([{"resource": resource, "field": field, "code": code}])), ..Self::validation() }
    }

    /// 422 with a sentence.
    pub(crate) fn custom(resource: &str, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self {
            errors: Some(json!([{"resource": resource, "code": "custom", "message": message}])),
            ..Self::validation()
        }
    }

    fn validation() -> Self {
        Self::unprocessable("Validation Failed")
    }

    /// A moved repository: the client asks again there.
    pub(crate) fn moved(status: StatusCode, location: &str) -> Self {
        let mut error = Self::new(status, "Moved Permanently");
        if let Ok(value) = HeaderValue::from_str(location) {
            error.headers.push((header::LOCATION, value));
        }
        error
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)?;
        match &self.errors {
            Some(errors) => write!(formatter, ": {errors}"),
            None => Ok(()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({
            "message": self.message,
            "documentation_url": DOCUMENTATION,
            "status": self.status.as_str(),
        });
        if let Some(errors) = self.errors {
            body["errors"] = errors;
        }
        if let Some((_, location)) = self.headers.iter().find(|(name, _)| name == header::LOCATION) {
            body["url"] = Value::String(location.to_str().unwrap_or_default().to_owned());
        }
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

/// Whatever went wrong on our side is logged here, once; the client learns only that it did.
impl<E: Into<anyhow::Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        let error: anyhow::Error = error.into();
        tracing::error!(error = format!("{error:#}"), "a GitHub request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Server Error")
    }
}
