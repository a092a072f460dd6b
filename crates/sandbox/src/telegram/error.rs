//! How the Bot API says no: the HTTP status, the same number in the body, and a sentence.
//! (429 is a fault switch, and the server in front of the stand-ins answers it.)

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::{Value, json};

/// A refusal in the words of the Bot API.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    /// `error_code` and HTTP status.
    pub(super) code: u16,
    /// `description`.
    pub(super) description: String,
}

impl ApiError {
    fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into() }
    }

    /// 400 `Bad Request: …`.
    pub(super) fn bad_request(what: impl std::fmt::Display) -> Self {
        Self::new(400, format!("Bad Request: {what}"))
    }

    /// 401, the token has the right form but is nobody's.
    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    /// 403 `Forbidden: …`.
    pub(super) fn forbidden(what: impl std::fmt::Display) -> Self {
        Self::new(403, format!("Forbidden: {what}"))
    }

    /// 404, the token is malformed or the method does not exist.
    pub(super) fn not_found(method: bool) -> Self {
        Self::new(404, if method { "Not Found: method not found" } else { "Not Found" })
    }

    /// 409 `Conflict: …`.
    pub(super) fn conflict(what: impl std::fmt::Display) -> Self {
        Self::new(409, format!("Conflict: {what}"))
    }

    /// 413, more than the Bot API takes in one call.
    pub(super) fn too_large() -> Self {
        Self::new(413, "Request Entity Too Large")
    }

    /// The body as the Bot API writes it.
    pub(super) fn body(&self) -> Value {
        json!({ "ok": false, "error_code": self.code, "description": self.description })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}
