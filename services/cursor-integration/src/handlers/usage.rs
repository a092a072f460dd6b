//! Tokens and cost.

use axum::extract::State;
use common::auth::{Caller, Viewer};
use common::error::Result;
use common::http::{Json, Query};
use common::ids::ProjectId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::store::token_usage::{self, UsageLine};

/// Whose usage.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageFilter {
    /// Only of this project; all unless given.
    project_id: Option<ProjectId>,
}

/// What runs took, in all and by role and task.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageSummary {
    runs: i64,
    total_tokens: i64,
    /// US cents of the runs whose cost is known.
    cost_cents: f64,
    /// Runs whose cost is not known yet: it comes up to half an hour late.
    runs_without_cost: i64,
    by_task: Vec<UsageLine>,
}

/// Sum up tokens and cost.
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", params(UsageFilter), responses((status = 200, body = UsageSummary)))]
pub(crate) async fn get_usage(
    State(app): State<App>,
    _: Caller<Viewer>,
    Query(filter): Query<UsageFilter>,
) -> Result<Json<UsageSummary>> {
    let by_task = token_usage::summary(&mut *app.db.acquire().await?, filter.project_id).await?;
    let sum = |number: fn(&UsageLine) -> i64| by_task.iter().map(number).sum();
    Ok(Json(UsageSummary {
        runs: sum(|line| line.runs),
        total_tokens: sum(|line| line.total_tokens),
        cost_cents: by_task.iter().map(|line| line.cost_cents).sum(),
        runs_without_cost: sum(|line| line.runs_without_cost),
        by_task,
    }))
}
