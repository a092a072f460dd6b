//! The event stream of a run.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, State},
    response::{
        IntoResponse as _, Response,
        sse::{Event as Line, Sse},
    },
};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::{
    Cursor,
    error::{ApiError, Result},
    model::Event,
};

/// First after half a minute, then every fifteen seconds.
const HEARTBEAT_FIRST: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(15);
const RETENTION_SECONDS: u32 = 86_400;

struct Reader {
    cursor: Cursor,
    agent_id: String,
    run_id: String,
    /// How many events have been sent.
    sent: usize,
    greeted: bool,
    beats: u32,
    changes: tokio::sync::watch::Receiver<u64>,
}

pub(super) async fn stream_run(
    State(cursor): State<Cursor>,
    Path((agent_id, run_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let agent = cursor.store().get(&agent_id).ok_or_else(ApiError::no_agent)?;
    let run = agent.run(&run_id).ok_or_else(ApiError::no_run)?;
    let sent = match headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
        None => 0,
        Some(last) => run.events.iter().rposition(|event| event.id == last).map(|at| at + 1).ok_or_else(|| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_last_event_id",
                "The last event id does not belong to this run",
            )
        })?,
    };
    let changes = cursor.changes();
    let reader = Reader { cursor, agent_id, run_id, sent, greeted: false, beats: 0, changes };
    let lines = stream::unfold(reader, |mut reader| async move {
        let line = reader.next().await?;
        Some((Ok::<_, Infallible>(line), reader))
    });
    let mut response = Sse::new(lines).into_response();
    let retention = HeaderName::from_static("x-cursor-stream-retention-seconds");
    response.headers_mut().insert(retention, HeaderValue::from(RETENTION_SECONDS));
    Ok(response)
}

impl Reader {
    /// The next line; none when the stream ends.
    async fn next(&mut self) -> Option<Line> {
        loop {
            let agent = self.cursor.store().get(&self.agent_id)?;
            let run = agent.run(&self.run_id)?;
            if !self.greeted {
                self.greeted = true;
                return Some(
                    Line::default()
                        .event("status")
                        .data(json!({"runId": run.id, "status": run.status.as_str()}).to_string()),
                );
            }
            if let Some(event) = run.events.get(self.sent) {
                self.sent += 1;
                return Some(line(event));
            }
            if run.status.is_terminal() {
                return None;
            }
            let pause = if self.beats == 0 { HEARTBEAT_FIRST } else { HEARTBEAT };
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = tokio::time::sleep(pause) => {
                    self.beats += 1;
                    return Some(Line::default().event("heartbeat").data("{}"));
                }
                () = self.cursor.context().stop().cancelled() => return None,
            }
        }
    }
}

fn line(event: &Event) -> Line {
    let line = Line::default().event(&event.name).data(event.data.to_string());
    if event.name == "status" { line } else { line.id(&event.id) }
}
