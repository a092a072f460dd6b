//! The calls about the key, the models and the files agents leave behind.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::Duration;

use super::{
    Cursor,
    api::MODELS,
    error::{ApiError, Result},
    model::{now, timestamp},
};

/// The one file an agent leaves: what it said at the end.
const ARTIFACT: &str = "/opt/cursor/artifacts/answer.md";

pub(super) async fn get_me(State(cursor): State<Cursor>) -> Json<Value> {
    Json(json!({
        "apiKeyName": "sandbox",
        "createdAt": timestamp(cursor.started_at()),
        "userEmail": "sandbox@agents.sandbox.invalid",
    }))
}

pub(super) async fn list_models() -> Json<Value> {
    let items: Vec<Value> = MODELS.iter().map(|(id, name)| json!({"id": id, "displayName": name})).collect();
    Json(json!({"items": items}))
}

pub(super) async fn list_artifacts(State(cursor): State<Cursor>, Path(id): Path<String>) -> Result<Json<Value>> {
    let agent = cursor.store().get(&id).ok_or_else(ApiError::no_agent)?;
    let last = agent.runs.iter().rev().find_map(|run| Some((run.result.as_ref()?, run.ended_at?)));
    let items: Vec<Value> = last
        .map(|(text, at)| json!({"path": ARTIFACT, "sizeBytes": text.len(), "updatedAt": timestamp(at)}))
        .into_iter()
        .collect();
    Ok(Json(json!({"items": items})))
}

#[derive(Debug, Deserialize)]
pub(super) struct ArtifactQuery {
    path: String,
}

pub(super) async fn download_artifact(
    State(cursor): State<Cursor>,
    Path(id): Path<String>,
    Query(query): Query<ArtifactQuery>,
) -> Result<Json<Value>> {
    let agent = cursor.store().get(&id).ok_or_else(ApiError::no_agent)?;
    if query.path != ARTIFACT || agent.runs.iter().all(|run| run.result.is_none()) {
        return Err(ApiError::new(http::StatusCode::NOT_FOUND, "artifact_not_found", "Artifact not found"));
    }
    let url = format!("{}/v1/presigned/{}", cursor.context().base_url(), cursor.presign(&id));
    Ok(Json(json!({"url": url, "expiresAt": timestamp(now() + Duration::minutes(15))})))
}

/// The address a download link leads to: the name in it is the permission.
pub(super) async fn presigned(State(cursor): State<Cursor>, Path(name): Path<String>) -> Result<String> {
    let agent = cursor.signed_for(&name).and_then(|id| cursor.store().get(&id)).ok_or_else(ApiError::no_agent)?;
    agent.runs.iter().rev().find_map(|run| run.result.clone()).ok_or_else(ApiError::no_run)
}
