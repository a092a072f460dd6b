//! One error type for every handler: what the client sees, and what only the log sees.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of a handler.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An answer that is not a success. `code` and `detail` are the client's, `source` is the log's.
///
/// Not a `std::error::Error` on purpose: so `?` on a foreign error becomes a logged 500 through one impl.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    code: &'static str,
    detail: String,
    fields: Vec<FieldError>,
    extra: serde_json::Map<String, serde_json::Value>,
    retry_after_seconds: Option<u64>,
    source: Option<anyhow::Error>,
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Path of the field, for example `repository.name`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The body of every error: RFC 9457 `application/problem+json`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the `code` tells errors apart.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable, `snake_case`, for programs.
    pub code: String,
    /// One sentence a person can act on.
    pub detail: String,
    /// What is wrong with which field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The id to search the logs for; equals the answer's `X-Request-Id`.
    #[serde(default)]
    pub correlation_id: String,
    /// Further members of this error, for example the decision that was already made.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

macro_rules! constructors {
    ($($(#[$meta:meta])* $name:ident => $status:ident),+ $(,)?) => {$(
        $(#[$meta])*
        pub fn $name(code: &'static str, detail: impl Into<String>) -> Self {
            Self::new(StatusCode::$status, code, detail)
        }
    )+};
}

impl Error {
    /// An error of any status.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            fields: Vec::new(),
            extra: serde_json::Map::new(),
            retry_after_seconds: None,
            source: None,
        }
    }

    constructors! {
        /// 400: the request cannot be understood.
        bad_request => BAD_REQUEST,
        /// 401: no valid credentials.
        unauthenticated => UNAUTHORIZED,
        /// 403: known, but not allowed.
        forbidden => FORBIDDEN,
        /// 404: not there, or not yours to know.
        not_found => NOT_FOUND,
        /// 409: the state does not allow it.
        conflict => CONFLICT,
        /// 410: it was there, and is over.
        gone => GONE,
        /// 413: the body is too large.
        payload_too_large => PAYLOAD_TOO_LARGE,
        /// 422: understood, but the content is wrong.
        unprocessable => UNPROCESSABLE_ENTITY,
        /// 429: too many requests.
        rate_limited => TOO_MANY_REQUESTS,
        /// 502: a service we depend on answered wrongly.
        upstream => BAD_GATEWAY,
        /// 503: not now, try later.
        unavailable => SERVICE_UNAVAILABLE,
    }

    /// Adds what is wrong with one field.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.fields.push(FieldError { field: field.into(), message: message.into() });
        self
    }

    /// Adds a further member to the body.
    #[must_use]
    pub fn with_extra(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.extra.insert(name.to_owned(), value);
        }
        self
    }

    /// Tells the client when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for the client.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// As an error of a job or a tool, cause included.
    pub fn into_anyhow(self) -> anyhow::Error {
        match self.source {
            Some(source) => source.context(self.detail),
            None => anyhow::anyhow!("{} ({}): {}", self.status, self.code, self.detail),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Error {
    fn from(source: E) -> Self {
        let source = source.into();
        let busy = source.downcast_ref::<sqlx::Error>().is_some_and(is_away);
        // 22021 and 22P05: text that Postgres cannot hold, the NUL character that JSON may write as \u0000.
        let unfit_text = source.downcast_ref::<sqlx::Error>().is_some_and(|error| {
            error.as_database_error().is_some_and(|e| e.code().is_some_and(|code| code == "22021" || code == "22P05"))
        });
        let error = if unfit_text {
            Self::bad_request("invalid_text", "A text in the request holds the character U+0000; remove it")
        } else if busy {
            Self::unavailable(
                "database_unavailable",
                "The database does not answer right now; try again in a few seconds",
            )
            .with_retry_after(2)
        } else {
            Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "Something went wrong on our side; the log has the cause under this correlation id",
            )
        };
        error.with_source(source)
    }
}

/// Whether the database is away for the moment, rather than unwilling: no connection, or one that was cut. Classes of SQLSTATE: 08 is the
/// connection (all that PgBouncer says when the server behind it is away is 08P01), 53 resources, 57P the server's own coming and going.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(cause) => {
            cause.code().is_some_and(|code| ["08", "53", "57P"].iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match &self.source {
            Some(source) if self.status.is_server_error() => {
                tracing::error!(code = self.code, error = %format!("{source:#}"), "{}", self.detail);
            }
            Some(source) => tracing::warn!(code = self.code, error = %format!("{source:#}"), "{}", self.detail),
            None if self.status.is_server_error() => tracing::warn!(code = self.code, "{}", self.detail),
            None => tracing::debug!(code = self.code, status = self.status.as_u16(), "{}", self.detail),
        }
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            // What a peer said may be quoted here, and peers quote what they were sent.
            detail: crate::scrub::secrets(&self.detail).into_owned(),
            errors: self.fields,
            correlation_id: crate::http::correlation_id().unwrap_or_default(),
            extra: self.extra,
        };
        let mut response = (self.status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Turns the violation of a named constraint into an error of ours.
pub trait OnConstraint<T> {
    /// `error` answers when the database refused because of `constraint`; every other failure passes as it is.
    fn on_constraint(self, constraint: &str, error: impl FnOnce() -> Error) -> Result<T>;
}

impl<T> OnConstraint<T> for sqlx::Result<T> {
    fn on_constraint(self, constraint: &str, error: impl FnOnce() -> Error) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(sqlx::Error::Database(cause)) if cause.constraint() == Some(constraint) => Err(error()),
            Err(other) => Err(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Postgres and PgBouncer say when they are away, and what they say when somebody made a mistake.
    #[sqlx::test]
    async fn a_database_that_is_away_is_asked_again_later(db: sqlx::PgPool) {
        for (state, code) in [
            ("08P01", "database_unavailable"),
            ("53300", "database_unavailable"),
            ("57P01", "database_unavailable"),
            ("22P05", "invalid_text"),
            ("57014", "internal_error"),
        ] {
            let raise = format!("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$");
            let failed = sqlx::query(sqlx::AssertSqlSafe(raise)).execute(&db).await.unwrap_err();
            assert_eq!(Error::from(failed).code(), code, "{state}");
        }
    }
}
