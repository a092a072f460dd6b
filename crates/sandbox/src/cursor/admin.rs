//! What the page shows of agents.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    Cursor,
    error::{ApiError, Result},
    model::{Agent, Run, timestamp},
};

pub(super) fn router(cursor: Cursor) -> Router {
    Router::new().route("/", get(list_runs)).route("/{run_id}", get(get_run)).with_state(cursor)
}

async fn list_runs(State(cursor): State<Cursor>) -> Json<Value> {
    let agents = cursor.store().all();
    let mut runs: Vec<(&Agent, &Run)> =
        agents.iter().flat_map(|agent| agent.runs.iter().map(move |run| (agent, run))).collect();
    runs.sort_by(|(_, a), (_, b)| b.created_at.cmp(&a.created_at).then_with(|| b.id.cmp(&a.id)));
    Json(json!({"items": runs.into_iter().map(|(agent, run)| view(agent, run)).collect::<Vec<_>>()}))
}

async fn get_run(State(cursor): State<Cursor>, Path(run_id): Path<String>) -> Result<Json<Value>> {
    let agents = cursor.store().all();
    let found = agents.iter().find_map(|agent| Some((agent, agent.run(&run_id)?)));
    let (agent, run) = found.ok_or_else(ApiError::no_run)?;
    let mut view = view(agent, run);
    view["prompt"] = json!(run.prompt);
    view["result"] = json!(run.result);
    view["error"] = json!(run.error);
    view["events"] = json!(run.events);
    Ok(Json(view))
}

fn view(agent: &Agent, run: &Run) -> Value {
    let repository = agent.repositories.first();
    json!({
        "id": run.id,
        "agent_id": agent.id,
        "name": agent.name,
        "archived": agent.archived,
        "role": run.role,
        "task": run.task,
        "status": run.status.as_str(),
        "repository": repository.map(|repository| repository.url.as_str()),
        "branch": repository.and_then(|repository| repository.starting_ref.as_deref()),
        "pushed_branch": agent.pushed_branch,
        "created_at": timestamp(run.created_at),
        "ended_at": run.ended_at.map(timestamp),
        "last_event": run.events.iter().rev().find_map(|event| event.data.get("text").or_else(|| event.data.get("name"))),
        "usage": run.usage,
        "cost_cents": run.usage.cents(),
    })
}
