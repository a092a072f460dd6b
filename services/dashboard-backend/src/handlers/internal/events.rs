//! Services tell what happened.

use axum::extract::State;
use axum::http::StatusCode;
use common::auth::ServiceCaller;
use common::clients::agents::Usage;
use common::clients::dashboard::EventReport;
use common::http::Json;
use common::{Error, Result};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::app::App;
use crate::budgets::settle;
use crate::projects::{self, usage};
use crate::store::events::{self, NewEvent};
use crate::store::projects::touch;
use crate::store::reservations;

/// Keep an event; the same key is kept once.
pub(super) async fn report_event(
    State(app): State<App>,
    caller: ServiceCaller,
    Json(body): Json<EventReport>,
) -> Result<StatusCode> {
    let word = |part: &str| {
        part.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if body.kind.len() > 100 || !body.kind.split('.').all(word) {
        return Err(Error::unprocessable("invalid_kind", "The kind does not fit")
            .with_field("kind", "must look like `pull_request.opened`"));
    }
    if body.key.is_empty() || body.key.len() > 300 {
        return Err(Error::unprocessable("invalid_key", "The key does not fit")
            .with_field("key", "must have 1 to 300 characters"));
    }
    let now = app.clock.now();
    let actor = if body.actor.is_empty() { caller.issuer.as_str() } else { &body.actor };
    let mut tx = app.db.begin().await?;
    // The project's row first, the timeline last: the order of every other transaction.
    projects::find(&mut tx, body.project_id).await?;
    touch(&mut tx, body.project_id, now).await?;
    keep_usage(&mut tx, &body, now).await?;
    let event = NewEvent {
        // As it is: any service may deliver another's report, so the caller says nothing of whose event it is.
        key: body.key,
        project_id: Some(body.project_id),
        kind: &body.kind,
        actor,
        summary: body.summary.chars().take(1000).collect(),
        data: body.data,
        occurred_at: body.occurred_at,
    };
    // A repeat changes nothing, not even the project's last sign of life.
    if events::append(&mut tx, &event, now).await?.is_some() {
        tx.commit().await?;
    }
    Ok(StatusCode::ACCEPTED)
}

/// What a run took, when the event tells: it is kept, and what was set aside for the run is settled.
async fn keep_usage(conn: &mut PgConnection, event: &EventReport, now: OffsetDateTime) -> Result<()> {
    let reported: Option<Usage> = event.data.get("usage").and_then(|usage| serde_json::from_value(usage.clone()).ok());
    let (Some(usage), Some(run)) = (reported, event.data.get("run_id").and_then(Value::as_str)) else { return Ok(()) };
    let Some(reserved) = usage::keep(conn, event.project_id, run, &usage, now).await? else { return Ok(()) };
    let report = settle::Report {
        ended: event.kind == "agent_run.finished",
        last: event.data.get("usage_final").and_then(Value::as_bool).unwrap_or(false),
        tokens: Some(usage.total_tokens).filter(|tokens| *tokens > 0),
        cents: usage.cost_cents.filter(|cents| cents.is_finite() && *cents >= 0.0),
    };
    Ok(reservations::update(conn, &settle::settled(reserved, &report, now)).await?)
}
