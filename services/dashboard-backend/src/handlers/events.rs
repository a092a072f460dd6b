//! The live feed.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event as SseEvent, KeepAlive};
use common::auth::{Caller, Viewer};
use common::error::Problem;
use common::http::Query;
use common::ids::ProjectId;
use common::{Error, Result};
use futures::Stream;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::identity::sessions::Credential;
use crate::live;

/// Narrows the feed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StreamEvents {
    /// Events of one project.
    pub project_id: Option<ProjectId>,
    /// Where to go on, for the first connection of a page that knows; later ones send `Last-Event-ID` by themselves.
    pub last_event_id: Option<i64>,
}

/// Everything that happens, as server-sent events. The id of each is its sequence number: after a break the browser sends it as
/// `Last-Event-ID`, and what was missed comes first. The data of each is an `Event`.
#[utoipa::path(get, path = "/api/v1/events/stream", tag = "events", params(StreamEvents), responses(
    (status = 200, content_type = "text/event-stream", body = String), (status = 400, body = Problem), (status = 401, body = Problem)))]
pub async fn stream_events(
    State(app): State<App>,
    caller: Caller<Viewer>,
    headers: HeaderMap,
    Query(query): Query<StreamEvents>,
) -> Result<Sse<impl Stream<Item = std::result::Result<SseEvent, std::convert::Infallible>>>> {
    let last: Option<i64> = match headers.get("last-event-id") {
        Some(value) => {
            let parsed = value.to_str().ok().and_then(|text| text.parse().ok());
            Some(parsed.ok_or_else(|| {
                Error::bad_request("invalid_last_event_id", "`Last-Event-ID` must be the number of an event")
            })?)
        }
        None => query.last_event_id,
    };
    let stream = live::stream(app, query.project_id, last, Credential::of(&caller)).await?;
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(live::HEARTBEAT).text("still here")))
}
