//! The timeline, the audit trail and the live feed: append-only, hash-chained per project.

use common::ids::ProjectId;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::{FromRow, PgConnection, QueryBuilder};
use time::OffsetDateTime;

use crate::views::work::Event;

/// Taken by every appender until its commit, so that sequence numbers become visible in their order: a reader that has
/// seen number 7 never misses a 6 that commits later.
const APPEND_LOCK: i64 = 0x7170_6576_656e_7473;

/// What is to be kept.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    /// Named by the reporter; the same key is kept once.
    pub key: String,
    pub project_id: Option<ProjectId>,
    pub kind: &'a str,
    pub actor: &'a str,
    pub summary: String,
    pub data: Value,
    pub occurred_at: OffsetDateTime,
}

#[derive(Debug, FromRow)]
struct Head {
    project_sequence: i64,
    hash: Vec<u8>,
}

#[derive(Debug, FromRow)]
struct Row {
    sequence: i64,
    project_id: Option<ProjectId>,
    kind: String,
    actor: String,
    summary: String,
    data: Value,
    occurred_at: OffsetDateTime,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            sequence: row.sequence,
            project_id: row.project_id,
            kind: row.kind,
            actor: row.actor,
            summary: row.summary,
            data: row.data,
            occurred_at: row.occurred_at,
        }
    }
}

/// Appends an event; `None` when one of its key is there already. Append last in a transaction: others wait.
#[tracing::instrument(name = "db.events.append", skip_all, fields(event.kind = event.kind), err)]
pub async fn append(conn: &mut PgConnection, event: &NewEvent<'_>, now: OffsetDateTime) -> sqlx::Result<Option<i64>> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(APPEND_LOCK).execute(&mut *conn).await?;
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM events WHERE key = $1)")
        .bind(&event.key)
        .fetch_one(&mut *conn)
        .await?;
    if known {
        return Ok(None);
    }
    let head: Option<Head> = sqlx::query_as(
        "SELECT project_sequence, hash FROM events WHERE project_id IS NOT DISTINCT FROM $1 ORDER BY sequence DESC LIMIT 1",
    )
    .bind(event.project_id)
    .fetch_optional(&mut *conn)
    .await?;
    let head = head.unwrap_or(Head { project_sequence: 0, hash: vec![0; 32] });
    let hash = link(&head.hash, event, head.project_sequence + 1);
    sqlx::query_scalar(
        "INSERT INTO events (key, project_id, project_sequence, kind, actor, summary, data, occurred_at, recorded_at, previous_hash, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING sequence",
    )
    .bind(&event.key)
    .bind(event.project_id)
    .bind(head.project_sequence + 1)
    .bind(event.kind)
    .bind(event.actor)
    .bind(&event.summary)
    .bind(&event.data)
    .bind(event.occurred_at)
    .bind(now)
    .bind(&head.hash)
    .bind(&hash)
    .fetch_one(conn)
    .await
    .map(Some)
}

/// Hash of one row: over the hash before it and every field that says what happened, each with its length in front so
/// that no two different rows read alike.
fn link(previous: &[u8], event: &NewEvent<'_>, project_sequence: i64) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    let project = event.project_id.map(|id| id.to_string()).unwrap_or_default();
    let number = project_sequence.to_string();
    let microseconds = (event.occurred_at.unix_timestamp_nanos() / 1000).to_string();
    let data = canonical(&event.data);
    for part in [project.as_str(), &number, &event.key, event.kind, event.actor, &event.summary, &data, &microseconds] {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_vec()
}

/// JSON text that survives a round trip through `jsonb`: keys sorted, no spaces.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by_key(|(key, _)| key.as_str());
            let parts: Vec<_> = keys
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        // `jsonb` writes 1e16 as 10000000000000000: whole numbers are spelled out on both sides.
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e19 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// Where the chain of a project breaks, if it does.
pub async fn broken_link(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Option<i64>> {
    #[derive(FromRow)]
    struct Link {
        sequence: i64,
        key: String,
        project_sequence: i64,
        kind: String,
        actor: String,
        summary: String,
        data: Value,
        occurred_at: OffsetDateTime,
        previous_hash: Vec<u8>,
        hash: Vec<u8>,
    }
    let rows: Vec<Link> = sqlx::query_as("SELECT * FROM events WHERE project_id = $1 ORDER BY project_sequence")
        .bind(project)
        .fetch_all(conn)
        .await?;
    let mut previous = vec![0; 32];
    for (expected, row) in (1..).zip(rows) {
        let event = NewEvent {
            key: row.key,
            project_id: Some(project),
            kind: &row.kind,
            actor: &row.actor,
            summary: row.summary,
            data: row.data,
            occurred_at: row.occurred_at,
        };
        let sound = row.project_sequence == expected
            && row.previous_hash == previous
            && link(&previous, &event, expected) == row.hash;
        if !sound {
            return Ok(Some(row.sequence));
        }
        previous = row.hash;
    }
    Ok(None)
}

/// What a list of events is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub project_id: Option<ProjectId>,
    /// A kind, or the first part of several: `pull_request`.
    pub kind: Option<String>,
    pub before: Option<i64>,
}

/// Newest first.
pub async fn list(conn: &mut PgConnection, filter: &EventFilter, limit: i64) -> sqlx::Result<Vec<Event>> {
    let mut query = QueryBuilder::new("SELECT * FROM events WHERE true");
    if let Some(project) = filter.project_id {
        query.push(" AND project_id = ").push_bind(project);
    }
    if let Some(kind) = &filter.kind {
        query
            .push(" AND (kind = ")
            .push_bind(kind)
            .push(" OR starts_with(kind, ")
            .push_bind(format!("{kind}."))
            .push("))");
    }
    if let Some(before) = filter.before {
        query.push(" AND sequence < ").push_bind(before);
    }
    query.push(" ORDER BY sequence DESC LIMIT ").push_bind(limit);
    let rows: Vec<Row> = query.build_query_as().fetch_all(conn).await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// Oldest first, after a sequence number: what a live feed still has to send.
pub async fn list_after(
    conn: &mut PgConnection,
    after: i64,
    project: Option<ProjectId>,
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM events WHERE sequence > $1 AND ($2::uuid IS NULL OR project_id = $2) ORDER BY sequence LIMIT $3",
    )
    .bind(after)
    .bind(project)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Event::from).collect())
}

/// The newest sequence number, 0 before the first event.
pub async fn newest(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT coalesce(max(sequence), 0) FROM events").fetch_one(conn).await
}

/// When a project last showed a sign of life.
pub async fn last_at(conn: &mut PgConnection, project: ProjectId) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar("SELECT max(recorded_at) FROM events WHERE project_id = $1").bind(project).fetch_one(conn).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_covers_every_field() {
        let at = OffsetDateTime::UNIX_EPOCH;
        let event = NewEvent {
            key: "k".into(),
            project_id: None,
            kind: "a.b",
            actor: "x",
            summary: "s".into(),
            data: serde_json::json!({"b": 1, "a": [true, null]}),
            occurred_at: at,
        };
        let base = link(&[0; 32], &event, 1);
        assert_eq!(base.len(), 32);
        assert_ne!(base, link(&[1; 32], &event, 1));
        assert_ne!(base, link(&[0; 32], &event, 2));
        assert_ne!(base, link(&[0; 32], &NewEvent { actor: "y", ..event.clone() }, 1));
        assert_ne!(base, link(&[0; 32], &NewEvent { data: serde_json::json!({}), ..event.clone() }, 1));
        assert_ne!(base, link(&[0; 32], &NewEvent { kind: "a.", summary: "bs".into(), ..event.clone() }, 1));
        let reordered = serde_json::from_str(r#"{"a":[true,null],"b":1}"#).unwrap();
        assert_eq!(base, link(&[0; 32], &NewEvent { data: reordered, ..event }, 1));
    }
}
