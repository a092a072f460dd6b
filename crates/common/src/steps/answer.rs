//! The answer of a step, fresh or from the record.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode};
use serde_json::Value;

/// A finished step's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct StepAnswer {
    /// 200 unless the handler chose otherwise.
    pub status: StatusCode,
    /// The recorded body.
    pub body: Value,
    /// Whether it came from the record; told in `X-QP-Replayed`.
    pub replayed: bool,
}

impl IntoResponse for StepAnswer {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        if self.replayed {
            response.headers_mut().insert("x-qp-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}
