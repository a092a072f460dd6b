//! Decisions, as far as messages ask for them.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::clients::notification::DecisionClosed;
use common::error::{Error, Problem, Result};
use common::http::{Json, Path};
use common::ids::DecisionId;
use http::StatusCode;

use crate::answering;
use crate::app::App;
use crate::text::without_nul;
use crate::wording;

/// Say that a decision is over: every message that asked for it is edited, every link to it is void. Safe to repeat.
#[utoipa::path(post, path = "/internal/v1/decisions/{id}/closed", tag = "internal", params(("id" = DecisionId, Path)),
    request_body = DecisionClosed, responses((status = 202), (status = 422, body = Problem)))]
pub async fn close_decision(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<DecisionId>,
    Json(body): Json<DecisionClosed>,
) -> Result<StatusCode> {
    let body = without_nul(body)?;
    if body.decision.id != id {
        return Err(Error::unprocessable("id_mismatch", "The decision in the body is not the one in the path"));
    }
    if wording::is_open(&body.decision) {
        return Err(Error::unprocessable("still_open", "The decision in the body is still pending"));
    }
    let mut tx = app.db.begin().await?;
    answering::close(&mut tx, &body.decision, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}
