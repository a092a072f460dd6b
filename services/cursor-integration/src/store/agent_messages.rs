//! SQL of the table `agent_messages`.

use common::ids::AgentRunId;
use common::jobs::PRUNE_AT_ONCE;
use serde::Serialize;
use serde_json::Value;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Longer texts are cut: a transcript is for people.
const CONTENT_LIMIT: usize = 200_000;

/// One entry of a transcript.
#[derive(Clone, Debug, FromRow, Serialize, ToSchema)]
pub(crate) struct AgentMessage {
    pub id: Uuid,
    pub generation: i32,
    /// `quantapilot`, `agent` or `tool`.
    pub author: String,
    /// `prompt`, `repair`, `progress`, `tool_call`, `answer` or `note`.
    pub kind: String,
    /// What was said. Foreign text: show it as text.
    pub content: String,
    #[schema(value_type = Option<Object>)]
    pub data: Option<Value>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// An entry to add.
#[derive(Debug)]
pub(crate) struct NewMessage<'a> {
    pub run_id: AgentRunId,
    pub generation: i32,
    pub author: &'a str,
    pub kind: &'a str,
    pub content: &'a str,
    pub data: Option<&'a Value>,
    /// An event read twice is kept once.
    pub event_id: Option<&'a str>,
}

pub(crate) async fn insert(conn: &mut PgConnection, message: &NewMessage<'_>, now: OffsetDateTime) -> sqlx::Result<()> {
    // Postgres keeps no NUL in text.
    let content: String = message.content.chars().filter(|c| *c != '\0').take(CONTENT_LIMIT).collect();
    sqlx::query(
        "INSERT INTO agent_messages (id, agent_run_id, generation, author, kind, content, data, backend_event_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (agent_run_id, backend_event_id) WHERE backend_event_id IS NOT NULL DO NOTHING",
    )
    .bind(Uuid::now_v7())
    .bind(message.run_id)
    .bind(message.generation)
    .bind(message.author)
    .bind(message.kind)
    .bind(content)
    .bind(message.data)
    .bind(message.event_id)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// The newest text of a kind that we sent to this agent.
pub(crate) async fn newest(
    conn: &mut PgConnection,
    run_id: AgentRunId,
    generation: i32,
    kind: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT content FROM agent_messages WHERE agent_run_id = $1 AND generation = $2 AND kind = $3 ORDER BY id DESC LIMIT 1",
    )
    .bind(run_id)
    .bind(generation)
    .bind(kind)
    .fetch_optional(conn)
    .await
}

/// A page of a transcript, oldest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    run_id: AgentRunId,
    after: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<AgentMessage>> {
    sqlx::query_as(
        "SELECT id, generation, author, kind, content, data, created_at FROM agent_messages
         WHERE agent_run_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
    )
    .bind(run_id)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Removes some of the transcripts of runs that ended before `before`. The runs themselves, their answers and what they cost stay.
pub(crate) async fn prune(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM agent_messages WHERE id IN (
             SELECT agent_messages.id FROM agent_messages JOIN agent_runs ON agent_runs.id = agent_run_id
             WHERE agent_runs.state = 'finished' AND agent_runs.finished_at < $1 LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
