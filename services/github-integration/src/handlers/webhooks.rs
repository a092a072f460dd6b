//! The door for GitHub's webhooks: check the signature on the raw bytes, store, answer. The work comes later.

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use bytes::Bytes;
use common::error::{Error, Problem, Result};
use common::http::Json;
use common::jobs;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::App;
use crate::jobs::ProcessDelivery;
use crate::metrics;
use crate::store::webhook_deliveries::{self, Inserted, NewDelivery};
use crate::webhooks::body;
use crate::webhooks::payload::Payload;

/// GitHub sends nothing larger.
pub(crate) const LARGEST_BODY: usize = 25 * 1024 * 1024;

/// A delivery is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Received {
    /// `X-GitHub-Delivery`.
    delivery: String,
    /// It had come before; it is not worked on twice.
    duplicate: bool,
}

/// Take a webhook delivery of GitHub.
#[utoipa::path(post, path = "/webhooks/github", tag = "webhooks", request_body(content = Value, description = "As GitHub sends it: JSON, or a form with `payload`"),
    responses(
        (status = 202, body = Received),
        (status = 400, body = Problem, description = "A header is missing, or the body is well signed but not a JSON object"),
        (status = 401, body = Problem, description = "The signature is missing or wrong"),
        (status = 403, body = Problem, description = "No secret is set, so webhooks are not accepted"),
        (status = 413, body = Problem, description = "More than 25 MB")))]
pub(crate) async fn receive_webhook(
    State(app): State<App>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Received>)> {
    let body = checked(&app, &headers, body)?;
    let text = |name: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).filter(|v| !v.is_empty() && v.len() <= 200)
    };
    let (Some(delivery_id), Some(event)) = (text("x-github-delivery"), text("x-github-event")) else {
        metrics::webhook("malformed");
        return Err(Error::bad_request(
            "missing_header",
            "A delivery of GitHub carries `X-GitHub-Delivery` and `X-GitHub-Event`",
        ));
    };
    let content_type = text(header::CONTENT_TYPE.as_str()).unwrap_or("application/json");
    let parsed = body::parse(content_type, &body);
    let invalid = parsed.as_ref().err().map(ToString::to_string);
    let value = parsed.unwrap_or_default();
    let payload = Payload(&value);
    let (repository, sender) = (payload.repository(), payload.sender());
    let new = NewDelivery {
        delivery_id,
        event,
        action: payload.action(),
        github_repository_id: repository.as_ref().map(|r| r.id),
        repository_name: repository.as_ref().map(|r| r.full_name.as_str()),
        sender_login: sender.as_ref().map(|s| s.login.as_str()),
        content_type,
        headers: &kept(&headers),
        body: &body,
        invalid: invalid.as_deref(),
    };
    let stored = store(&app, &new).await?;
    if let Some(why) = invalid {
        metrics::webhook("malformed");
        return Err(Error::bad_request(
            "malformed_body",
            format!("The delivery is kept, but cannot be worked on: {why}"),
        ));
    }
    let duplicate = stored.times_received > 1;
    metrics::webhook(if duplicate { "duplicate" } else { "stored" });
    Ok((StatusCode::ACCEPTED, Json(Received { delivery: delivery_id.to_owned(), duplicate })))
}

fn checked(app: &App, headers: &HeaderMap, body: std::result::Result<Bytes, BytesRejection>) -> Result<Bytes> {
    let Some(secrets) = &app.webhook_secrets else {
        metrics::webhook("disabled");
        return Err(Error::forbidden(
            "webhooks_disabled",
            "Webhooks are not accepted: set GITHUB_WEBHOOK_SECRET, here and on the webhook",
        ));
    };
    let body = body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            metrics::webhook("too_large");
            return Error::payload_too_large("body_too_large", "A delivery of GitHub has at most 25 MB");
        }
        metrics::webhook("malformed");
        Error::bad_request("unreadable_body", rejection.body_text())
    })?;
    let claimed = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    secrets.verify(&body, claimed).map_err(|error| {
        metrics::webhook("bad_signature");
        Error::unauthenticated("invalid_signature", format!("Not accepted: {error}"))
    })?;
    Ok(body)
}

/// Stored and queued in one transaction: after the answer nothing can get lost.
async fn store(app: &App, new: &NewDelivery<'_>) -> Result<Inserted> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let stored = webhook_deliveries::insert(&mut tx, new, now).await?;
    // A redelivery of one that our job gave up on is somebody's wish to try again.
    if stored.state == "failed" {
        webhook_deliveries::update_replayed(&mut tx, stored.id, false).await?;
    }
    if stored.state == "failed" || (stored.state == "received" && stored.times_received == 1) {
        jobs::enqueue(&mut tx, &ProcessDelivery { id: stored.id }, now).await?;
    }
    tx.commit().await?;
    Ok(stored)
}

/// The headers that say where a delivery comes from. Signatures are not kept.
fn kept(headers: &HeaderMap) -> Value {
    let kept = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-github-") || *name == header::USER_AGENT);
    Value::Object(
        kept.map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes())))).collect(),
    )
}
