//! Extractors whose refusals are problem+json.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// A JSON body, in and out.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refusal(&rejection)),
        }
    }
}

fn refusal(rejection: &JsonRejection) -> Error {
    let text = rejection.body_text();
    match rejection {
        JsonRejection::JsonDataError(_) => {
            Error::unprocessable("invalid_body", format!("The body does not have the expected shape: {text}"))
        }
        JsonRejection::JsonSyntaxError(_) => {
            Error::bad_request("malformed_json", format!("The body is not valid JSON: {text}"))
        }
        JsonRejection::MissingJsonContentType(_) => Error::new(
            http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "json_expected",
            "Send the body as JSON with `Content-Type: application/json`",
        ),
        other if other.status() == http::StatusCode::PAYLOAD_TOO_LARGE => {
            Error::payload_too_large("body_too_large", "The body is larger than this endpoint takes")
        }
        _ => Error::bad_request("unreadable_body", text),
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The query of a URL.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Error::bad_request("invalid_query", rejection.body_text())),
        }
    }
}

/// The variable parts of a path. One that does not parse is 404: there is nothing at such a place.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                Err(Error::not_found("not_found", format!("Nothing is at this address: {}", rejection.body_text())))
            }
        }
    }
}
