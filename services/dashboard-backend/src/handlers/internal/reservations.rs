//! Money for runs of agents, before they start.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::clients::dashboard::{BudgetReservation, ReserveBudget};
use common::http::{Json, Path};
use common::ids::ProjectId;
use common::{Error, Result};

use crate::app::App;
use crate::budgets;

/// A day: no run may take longer.
const LONGEST_SECONDS: i64 = 86_400;

/// Set money aside for a run, or hold its project. Idempotent by the run.
pub(super) async fn reserve_budget(
    State(app): State<App>,
    caller: ServiceCaller,
    Path(id): Path<ProjectId>,
    Json(body): Json<ReserveBudget>,
) -> Result<Json<BudgetReservation>> {
    if caller.issuer != "cursor-integration" {
        return Err(Error::forbidden("not_the_agents_service", format!("`{}` starts no agents", caller.issuer)));
    }
    if !(1..=LONGEST_SECONDS).contains(&body.deadline_seconds) {
        return Err(Error::unprocessable("invalid_deadline", "The deadline does not fit")
            .with_field("deadline_seconds", "must be 1 to 86400"));
    }
    budgets::reserve(&app, id, &body, app.clock.now()).await.map(Json)
}
