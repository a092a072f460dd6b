//! Writing to the timeline.

use common::Result;
use common::ids::{EventId, ProjectId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::store::events::{self, NewEvent};

/// Something that this service did to a project. Call it last in a transaction: writers of the timeline wait for each other.
pub async fn project(
    conn: &mut PgConnection,
    id: ProjectId,
    kind: &str,
    actor: &str,
    summary: impl Into<String>,
    data: Value,
    now: OffsetDateTime,
) -> Result<()> {
    let event =
        NewEvent { key: key(), project_id: Some(id), kind, actor, summary: summary.into(), data, occurred_at: now };
    events::append(conn, &event, now).await?;
    Ok(())
}

/// Something that concerns the installation.
pub async fn installation(
    conn: &mut PgConnection,
    kind: &str,
    actor: &str,
    summary: impl Into<String>,
    now: OffsetDateTime,
) -> Result<()> {
    let event = NewEvent {
        key: key(),
        project_id: None,
        kind,
        actor,
        summary: summary.into(),
        data: json!({}),
        occurred_at: now,
    };
    events::append(conn, &event, now).await?;
    Ok(())
}

/// Our own events commit with what they tell, so each is written once and needs no name.
fn key() -> String {
    format!("dashboard-backend/{}", EventId::new())
}
