//! A short look into a run's event stream. Polling decides; the stream only tells what goes on.

use std::time::{Duration, Instant};

use common::http::client::Client;
use serde_json::Value;

use crate::agents::backend::{BackendError, Event, EventKind};

/// A pause this long means that everything so far has been read.
const QUIET: Duration = Duration::from_millis(300);
/// A look takes no longer than this, and holds no more events.
const LOOK: Duration = Duration::from_secs(3);
const EVENT_LIMIT: usize = 500;
const TEXT_LIMIT: usize = 20_000;

pub(super) async fn read(
    client: &Client,
    request: reqwest::RequestBuilder,
    run_id: &str,
    after: Option<&str>,
) -> Result<Vec<Event>, BackendError> {
    // An id of another run is refused: ours carry their run in front.
    let after = after.and_then(|id| id.strip_prefix(run_id)?.strip_prefix('/'));
    let mut request = request.header("accept", "text/event-stream");
    if let Some(id) = after {
        request = request.header("last-event-id", id);
    }
    let mut response = client.accept(request).await.map_err(|error| BackendError::NoAnswer(error.to_string()))?;
    let (started, mut text) = (Instant::now(), Vec::new());
    while started.elapsed() < LOOK {
        match tokio::time::timeout(QUIET, response.chunk()).await {
            Ok(Ok(Some(chunk))) => text.extend_from_slice(&chunk),
            // The end, a pause, or a broken connection: the next look goes on from the last whole event.
            _ => break,
        }
    }
    Ok(parse(&String::from_utf8_lossy(&text), run_id))
}

/// Whole events only; text deltas that follow each other are one event.
fn parse(text: &str, run_id: &str) -> Vec<Event> {
    let text = text.replace("\r\n", "\n");
    let mut events: Vec<Event> = Vec::new();
    for block in text.split_inclusive("\n\n").filter(|block| block.ends_with("\n\n")) {
        if events.len() >= EVENT_LIMIT {
            break;
        }
        let Some((id, name, data)) = fields(block) else { continue };
        let id = format!("{run_id}/{id}");
        match name {
            "assistant" => {
                let delta = data["text"].as_str().unwrap_or_default();
                match events.last_mut().filter(|last| last.kind == EventKind::Text && last.text.len() < TEXT_LIMIT) {
                    Some(last) => {
                        last.text.push_str(delta);
                        last.id = id;
                    }
                    None => events.push(Event { id, kind: EventKind::Text, text: delta.to_owned(), data: None }),
                }
            }
            "tool_call" if data["status"] == "completed" => {
                let name = data["name"].as_str().unwrap_or("tool").to_owned();
                events.push(Event { id, kind: EventKind::ToolCall, text: name, data: Some(data) });
            }
            _ => {}
        }
    }
    events
}

/// Id, name and data of a block; none without all three.
fn fields(block: &str) -> Option<(&str, &str, Value)> {
    let field = |name: &str| {
        block.lines().find_map(|line| {
            line.strip_prefix(name)?.strip_prefix(':').map(|value| value.strip_prefix(' ').unwrap_or(value))
        })
    };
    Some((field("id")?, field("event")?, serde_json::from_str(field("data")?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_are_joined_and_half_events_are_left_for_the_next_look() {
        let text = "event: status\ndata: {\"status\":\"RUNNING\"}\n\nid: 1-0\nevent: assistant\ndata: {\"text\":\"a\"}\n\n\
                    id: 2-0\nevent: assistant\ndata: {\"text\":\"b\"}\n\nid: 3-0\nevent: tool_call\ndata: {\"name\":\"git\",\"status\":\"completed\"}\n\n\
                    event: heartbeat\ndata: {}\n\nid: 4-0\nevent: assistant\ndata: {\"te";
        let events = parse(text, "run-1");
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].id.as_str(), events[0].text.as_str()), ("run-1/2-0", "ab"));
        assert_eq!((events[1].id.as_str(), events[1].text.as_str()), ("run-1/3-0", "git"));
    }
}
