//! Tokens and money. Tokens are there when a run ends; the money comes late.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::Duration;

use super::{
    Cursor,
    error::{ApiError, Result},
    model::{Run, Usage, now},
};

/// How long after its end a run's cost is not known yet.
const SETTLING: Duration = Duration::seconds(5);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageQuery {
    run_id: Option<String>,
}

pub(super) async fn get_usage(
    State(cursor): State<Cursor>,
    Path(agent_id): Path<String>,
    Query(query): Query<UsageQuery>,
) -> Result<Json<Value>> {
    let agent = cursor.store().get(&agent_id).ok_or_else(ApiError::no_agent)?;
    let runs: Vec<&Run> =
        agent.runs.iter().filter(|run| query.run_id.as_ref().is_none_or(|id| *id == run.id)).collect();
    if runs.is_empty() && query.run_id.is_some() {
        return Err(ApiError::no_run());
    }
    let total = runs.iter().fold(Usage::default(), |sum, run| sum.plus(run.usage));
    let mut body = json!({"totalUsage": total});
    if runs.iter().all(|run| is_settled(run)) {
        body["cost"] = cost(total);
    }
    body["runs"] = runs.iter().map(|run| view(run)).collect();
    Ok(Json(body))
}

fn view(run: &Run) -> Value {
    let mut view = json!({"id": run.id, "usage": run.usage});
    if is_settled(run) {
        view["cost"] = cost(run.usage);
    }
    view
}

fn cost(usage: Usage) -> Value {
    json!({"rawCostCents": usage.cents(), "chargedCents": usage.cents()})
}

fn is_settled(run: &Run) -> bool {
    run.ended_at.is_some_and(|ended_at| ended_at + SETTLING <= now())
}
