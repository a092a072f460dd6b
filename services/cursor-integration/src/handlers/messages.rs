//! The transcript of a run.

use axum::extract::State;
use common::auth::{Caller, Viewer};
use common::error::{Problem, Result};
use common::http::{Json, Path, Query};
use common::ids::AgentRunId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::agent_runs::no_such_run;
use crate::app::App;
use crate::store::agent_messages::{self, AgentMessage};
use crate::store::agent_runs;

/// Which part of the transcript.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessagePage {
    /// `next_cursor` of the page before; also the way to ask for what is new.
    cursor: Option<Uuid>,
    /// 1 to 200; 100 unless given.
    limit: Option<i64>,
}

/// A part of a transcript, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AgentMessages {
    items: Vec<AgentMessage>,
    /// The last id of this page, as long as there may be more.
    next_cursor: Option<Uuid>,
}

/// Read what was said in a run: our prompts, what the agent did, and its answer.
#[utoipa::path(get, path = "/api/v1/agent-runs/{id}/messages", tag = "agent-runs", params(("id" = AgentRunId, Path), MessagePage), responses(
    (status = 200, body = AgentMessages), (status = 404, body = Problem)))]
pub(crate) async fn list_agent_messages(
    State(app): State<App>,
    _: Caller<Viewer>,
    Path(id): Path<AgentRunId>,
    Query(page): Query<MessagePage>,
) -> Result<Json<AgentMessages>> {
    let limit = page.limit.unwrap_or(100).clamp(1, 200);
    let mut conn = app.db.acquire().await?;
    agent_runs::find(&mut conn, id).await?.ok_or_else(|| no_such_run(id))?;
    let items = agent_messages::list(&mut conn, id, page.cursor, limit).await?;
    let full = i64::try_from(items.len()).is_ok_and(|count| count == limit);
    let next_cursor = items.last().filter(|_| full).map(|message| message.id);
    Ok(Json(AgentMessages { items, next_cursor }))
}
