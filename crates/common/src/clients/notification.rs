//! notification, as the other services call it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Peer;
use super::dashboard::Decision;
use crate::auth::Role;
use crate::http::client::CallError;
use crate::ids::{DecisionId, NotificationId, ProjectId, UserId};

/// A client of notification.
#[derive(Clone)]
pub struct NotificationClient(pub Peer);

/// Someone to tell.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Recipient {
    /// Who.
    pub user_id: UserId,
    /// Address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
}

/// The project a message speaks of.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NotifiedProject {
    /// Id.
    pub id: ProjectId,
    /// Name.
    pub name: String,
}

/// A message to people.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Notify {
    /// Unique: the same key is sent once.
    pub key: String,
    /// `approval_request`, `stage`, `failure`, `completed` or `reminder`.
    pub kind: String,
    /// About what.
    pub project: NotifiedProject,
    /// The question, for approval requests.
    #[serde(default)]
    pub decision: Option<Decision>,
    /// In one line.
    pub title: String,
    /// In a few sentences; may hold foreign text.
    #[serde(default)]
    pub text: String,
    /// To whom.
    pub recipients: Vec<Recipient>,
    /// `telegram`, `email`.
    pub channels: Vec<String>,
    /// Where to read on.
    #[serde(default)]
    pub link: Option<String>,
}

/// Taken over.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Notified {
    /// The notification.
    pub id: NotificationId,
}

/// A decision that is over.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DecisionClosed {
    /// As it is now.
    pub decision: Decision,
}

/// Links a person's chat without a code; for the sandbox.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LinkChat {
    /// Who.
    pub user_id: UserId,
    /// Telegram's id of that person.
    pub chat_user_id: i64,
    /// As shown.
    pub name: String,
}

impl NotificationClient {
    /// Sends a message; the same key is sent once.
    pub async fn notify(&self, message: &Notify) -> Result<Notified, CallError> {
        self.0.post("/internal/v1/notifications", message).await
    }

    /// Says that a decision is over: messages are edited, links end.
    pub async fn decision_closed(&self, id: DecisionId, closed: &DecisionClosed) -> Result<(), CallError> {
        self.0.tell(&format!("/internal/v1/decisions/{id}/closed"), closed).await
    }

    /// Links a person's chat without a code; for the sandbox.
    pub async fn link_chat(&self, link: &LinkChat) -> Result<(), CallError> {
        self.0.tell("/internal/v1/telegram-links", link).await
    }
}
