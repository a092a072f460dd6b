//! How the Bot API says no: the HTTP status, the same number in the body, a sentence, and sometimes parameters.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

/// A refusal in the words of the Bot API.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// `error_code` and HTTP status.
    pub code: u16,
    /// `description`.
    pub description: String,
    /// `parameters`, such as `retry_after`.
    pub parameters: Option<Value>,
}

impl ApiError {
    fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }

    /// 400 `Bad Request: …`.
    pub fn bad_request(what: impl std::fmt::Display) -> Self {
        Self::new(400, format!("Bad Request: {what}"))
    }

    /// 401, the token has the right form but is nobody's.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    /// 403 `Forbidden: …`.
    pub fn forbidden(what: impl std::fmt::Display) -> Self {
        Self::new(403, format!("Forbidden: {what}"))
    }

    /// 404, the token is malformed or the method does not exist.
    pub fn not_found(method: bool) -> Self {
        Self::new(404, if method { "Not Found: method not found" } else { "Not Found" })
    }

    /// 409 `Conflict: …`.
    pub fn conflict(what: impl std::fmt::Display) -> Self {
        Self::new(409, format!("Conflict: {what}"))
    }

    /// 429 with the number of seconds the whole bot has to pause.
    pub fn too_many_requests(retry_after: u64) -> Self {
        Self {
            parameters: Some(json!({ "retry_after": retry_after })),
            ..Self::new(429, format!("Too Many Requests: retry after {retry_after}"))
        }
    }

    /// Any 5xx.
    pub fn server(code: u16) -> Self {
        let name = StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason());
        Self::new(code, name.unwrap_or("Internal Server Error"))
    }

    /// The body as the Bot API writes it.
    pub fn body(&self) -> Value {
        let mut body = json!({ "ok": false, "error_code": self.code, "description": self.description });
        if let Some(parameters) = &self.parameters {
            body["parameters"] = parameters.clone();
        }
        body
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}
