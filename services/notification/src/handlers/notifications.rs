//! Notifications: taken from the services, listed for people.

use std::collections::HashMap;

use axum::extract::State;
use common::auth::{Caller, ServiceCaller, Viewer};
use common::clients::notification::{Notified, Notify};
use common::error::{Error, Problem, Result};
use common::http::{Json, Query};
use common::ids::{NotificationId, ProjectId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::fan_out;
use crate::store::{MessageId, deliveries, messages, notifications};
use crate::text::without_nul;

const KINDS: [&str; 5] = ["approval_request", "stage", "failure", "completed", "reminder"];
const CHANNELS: [&str; 2] = ["telegram", "email"];
const MAX_RECIPIENTS: usize = 200;

/// Tell people something. The same `key` again answers with the first one and sends nothing.
#[utoipa::path(post, path = "/internal/v1/notifications", tag = "internal", request_body = Notify, responses(
    (status = 202, body = Notified), (status = 422, body = Problem)))]
pub async fn create_notification(
    State(app): State<App>,
    _caller: ServiceCaller,
    Json(body): Json<Notify>,
) -> Result<(StatusCode, Json<Notified>)> {
    let body = without_nul(body)?;
    check(&body)?;
    let id = fan_out::notify(&app, &body).await?;
    Ok((StatusCode::ACCEPTED, Json(Notified { id })))
}

fn check(body: &Notify) -> Result<()> {
    let mut error = Error::unprocessable("invalid_notification", "The notification cannot be sent as it is");
    let mut wrong = false;
    let mut problem = |field: &str, message: String| {
        wrong = true;
        let taken = std::mem::replace(&mut error, Error::unprocessable("invalid_notification", ""));
        error = taken.with_field(field, message);
    };
    if body.key.is_empty() || body.key.len() > 300 {
        problem("key", "Give a key of 1 to 300 bytes".to_owned());
    }
    if !KINDS.contains(&body.kind.as_str()) {
        problem("kind", format!("Use one of {}", KINDS.join(", ")));
    }
    if body.kind == "approval_request" && body.decision.is_none() {
        problem("decision", "A request for approval needs the decision".to_owned());
    }
    if body.decision.as_ref().is_some_and(|decision| decision.options.is_empty() || decision.options.len() > 12) {
        problem("decision.options", "Give 1 to 12 options".to_owned());
    }
    if body.recipients.len() > MAX_RECIPIENTS {
        problem("recipients", format!("Name at most {MAX_RECIPIENTS}"));
    }
    if let Some(channel) = body.channels.iter().find(|channel| !CHANNELS.contains(&channel.as_str())) {
        problem("channels", format!("`{channel}` is not a channel: use {}", CHANNELS.join(", ")));
    }
    if wrong { Err(error) } else { Ok(()) }
}

/// Which notifications.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only of this project.
    pub project_id: Option<ProjectId>,
    /// Those after this one; from `next_cursor`.
    pub cursor: Option<NotificationId>,
    /// How many, 1 to 100 (default 50).
    pub limit: Option<i64>,
}

/// Notifications, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationPage {
    pub items: Vec<NotificationView>,
    /// Where the next page begins; absent on the last.
    pub next_cursor: Option<NotificationId>,
}

/// What people were told, and how that went.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationView {
    pub id: NotificationId,
    pub kind: String,
    pub project_id: ProjectId,
    pub project_name: String,
    pub decision_id: Option<common::ids::DecisionId>,
    pub title: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    pub messages: Vec<MessageView>,
}

/// One message to one person or group.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    pub channel: String,
    pub name: String,
    /// `pending`, `sent`, `failed` or `skipped`.
    pub state: String,
    pub reason: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub sent_at: Option<OffsetDateTime>,
    pub attempts: Vec<AttemptView>,
}

/// One attempt, with what the provider said.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptView {
    /// `send` or `edit`.
    pub operation: String,
    pub number: i32,
    /// `started`, `sent`, `retry` or `rejected`.
    pub outcome: String,
    pub answer: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
}

/// List notifications with every message and attempt.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "notifications", params(ListQuery), responses(
    (status = 200, body = NotificationPage), (status = 401, body = Problem)))]
pub async fn list_notifications(
    State(app): State<App>,
    _caller: Caller<Viewer>,
    Query(query): Query<ListQuery>,
) -> Result<Json<NotificationPage>> {
    let limit = query.limit.unwrap_or(50).clamp(1, 100);
    let mut conn = app.db.acquire().await?;
    let mut found = notifications::list(&mut conn, query.project_id, query.cursor, limit + 1).await?;
    let more = i64::try_from(found.len()).unwrap_or(i64::MAX) > limit;
    if more {
        found.pop();
    }
    let ids: Vec<_> = found.iter().map(|notification| notification.id).collect();
    let sent = messages::list(&mut conn, &ids).await?;
    let message_ids: Vec<_> = sent.iter().map(|message| message.id).collect();
    let mut attempts: HashMap<MessageId, Vec<AttemptView>> = HashMap::new();
    for delivery in deliveries::list(&mut conn, &message_ids).await? {
        let Some(message_id) = delivery.message_id else { continue };
        attempts.entry(message_id).or_default().push(AttemptView {
            operation: delivery.operation,
            number: delivery.attempt,
            outcome: delivery.outcome,
            answer: delivery.answer,
            started_at: delivery.started_at,
        });
    }
    let mut by_notification: HashMap<NotificationId, Vec<MessageView>> = HashMap::new();
    for message in sent {
        by_notification.entry(message.notification_id).or_default().push(MessageView {
            channel: message.channel,
            name: message.name,
            state: message.state,
            reason: message.reason,
            sent_at: message.sent_at,
            attempts: attempts.remove(&message.id).unwrap_or_default(),
        });
    }
    let next_cursor = if more { ids.last().copied() } else { None };
    let items = found
        .into_iter()
        .map(|notification| NotificationView {
            messages: by_notification.remove(&notification.id).unwrap_or_default(),
            id: notification.id,
            kind: notification.kind,
            project_id: notification.project_id,
            project_name: notification.project_name,
            decision_id: notification.decision_id,
            title: notification.title,
            created_at: notification.created_at,
        })
        .collect();
    Ok(Json(NotificationPage { items, next_cursor }))
}
