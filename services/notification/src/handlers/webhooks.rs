//! The door for Telegram, when it calls us instead of being asked.

use axum::extract::State;
use bytes::Bytes;
use common::error::{Error, Problem, Result};
use http::{HeaderMap, StatusCode};
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::config::Receive;
use crate::telegram;

/// Take an update from Telegram. It is stored before this answers.
#[utoipa::path(post, path = "/webhooks/telegram", tag = "doors", request_body(content = String, content_type = "application/json"),
    responses((status = 200), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub async fn receive_telegram(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<StatusCode> {
    let Some(Receive::Webhook { secret, .. }) = app.config.telegram.as_ref().map(|telegram| &telegram.receive) else {
        return Err(Error::not_found("no_webhook", "Telegram updates are not received here"));
    };
    let given = headers.get("x-telegram-bot-api-secret-token").map(http::HeaderValue::as_bytes).unwrap_or_default();
    if !bool::from(given.ct_eq(secret.expose().as_bytes())) {
        return Err(Error::unauthenticated("wrong_secret", "The secret token does not match"));
    }
    let update = serde_json::from_slice(&body)
        .map_err(|error| Error::bad_request("malformed_json", format!("The body is not valid JSON: {error}")))?;
    telegram::take(&app, &update).await?;
    Ok(StatusCode::OK)
}
