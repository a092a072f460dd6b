//! The inbox, as people see it.

use axum::extract::State;
use common::auth::{Caller, Operator, Viewer};
use common::error::{Error, Problem, Result};
use common::http::{Json, Path, Query};
use common::jobs;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::jobs::ProcessDelivery;
use crate::store::webhook_deliveries::{self, Delivery, DeliveryId};

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only those that are `received`, `processed`, `failed` or `invalid`.
    state: Option<DeliveryState>,
    /// `next_cursor` of the page before.
    cursor: Option<DeliveryId>,
    /// 1 to 100; 50 unless given.
    limit: Option<i64>,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    Received,
    Processed,
    Failed,
    Invalid,
}

/// A page of deliveries, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deliveries {
    items: Vec<Delivery>,
    next_cursor: Option<DeliveryId>,
}

/// List webhook deliveries.
#[utoipa::path(get, path = "/api/v1/webhook-deliveries", tag = "webhook deliveries", params(Filter),
    responses((status = 200, body = Deliveries)))]
pub(crate) async fn list_webhook_deliveries(
    State(app): State<App>,
    _: Caller<Viewer>,
    Query(filter): Query<Filter>,
) -> Result<Json<Deliveries>> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 100);
    let state = filter.state.map(|state| match state {
        DeliveryState::Received => "received",
        DeliveryState::Processed => "processed",
        DeliveryState::Failed => "failed",
        DeliveryState::Invalid => "invalid",
    });
    let items = webhook_deliveries::list(&mut *app.db.acquire().await?, state, filter.cursor, limit).await?;
    let full = i64::try_from(items.len()).is_ok_and(|n| n == limit);
    let next_cursor = items.last().filter(|_| full).map(|d| d.id);
    Ok(Json(Deliveries { items, next_cursor }))
}

/// Work on a stored delivery again. What it led to before is found, not repeated.
#[utoipa::path(post, path = "/api/v1/webhook-deliveries/{id}/replay", tag = "webhook deliveries", params(("id" = DeliveryId, Path)), responses(
    (status = 202, body = Delivery), (status = 404, body = Problem), (status = 409, body = Problem, description = "It is not readable")))]
pub(crate) async fn replay_webhook_delivery(
    State(app): State<App>,
    caller: Caller<Operator>,
    Path(id): Path<DeliveryId>,
) -> Result<(http::StatusCode, Json<Delivery>)> {
    let mut tx = app.db.begin().await?;
    let unknown = || Error::not_found("no_such_delivery", format!("There is no webhook delivery `{id}`"));
    let delivery = webhook_deliveries::find(&mut tx, id).await?.ok_or_else(unknown)?;
    if delivery.state == "invalid" {
        return Err(Error::conflict(
            "delivery_unreadable",
            "The body of this delivery is not JSON; working on it again cannot help",
        ));
    }
    webhook_deliveries::update_replayed(&mut tx, id, true).await?;
    jobs::enqueue(&mut tx, &ProcessDelivery { id }, app.clock.now()).await?;
    let delivery = webhook_deliveries::find(&mut tx, id).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    tracing::info!(delivery.id = %id, user.id = %caller.user_id, "a delivery is worked on again");
    Ok((http::StatusCode::ACCEPTED, Json(delivery)))
}
