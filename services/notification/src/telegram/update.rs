//! The parts of an update that we read. Everything is optional: an update we cannot read must not stop the ones behind it.

use serde::Deserialize;
use serde_json::Value;

/// The kinds we ask for.
pub const ALLOWED: [&str; 3] = ["message", "callback_query", "my_chat_member"];

/// An update.
#[derive(Debug, Clone, Deserialize)]
pub struct Update {
    pub update_id: i64,
    #[serde(default)]
    pub message: Option<Message>,
    #[serde(default)]
    pub callback_query: Option<Press>,
    #[serde(default)]
    pub my_chat_member: Option<Membership>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    pub id: i64,
    #[serde(default)]
    pub first_name: String,
    #[serde(default)]
    pub is_bot: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Chat {
    pub id: i64,
    #[serde(rename = "type", default)]
    pub kind: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct MessageRef {
    #[serde(rename = "message_id")]
    pub id: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    #[serde(rename = "message_id")]
    pub id: i64,
    pub chat: Chat,
    #[serde(default)]
    pub from: Option<Person>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default, rename = "reply_to_message")]
    pub replied: Option<MessageRef>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Press {
    pub id: String,
    pub from: Person,
    #[serde(default)]
    pub message: Option<Message>,
    #[serde(default)]
    pub data: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Member {
    pub status: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Membership {
    pub chat: Chat,
    pub new_chat_member: Member,
}

impl Update {
    /// Reads what it can. `None`: without a number it is nothing.
    pub fn read(raw: &Value) -> Option<Self> {
        let update_id = raw.get("update_id")?.as_i64()?;
        let part = |name: &str| raw.get(name).cloned().unwrap_or_default();
        Some(Self {
            update_id,
            message: serde_json::from_value(part("message")).unwrap_or_default(),
            callback_query: serde_json::from_value(part("callback_query")).unwrap_or_default(),
            my_chat_member: serde_json::from_value(part("my_chat_member")).unwrap_or_default(),
        })
    }

    /// Its kind, of a closed set.
    pub fn kind(&self) -> &'static str {
        match self {
            Self { callback_query: Some(_), .. } => "callback_query",
            Self { message: Some(_), .. } => "message",
            Self { my_chat_member: Some(_), .. } => "my_chat_member",
            _ => "other",
        }
    }

    /// Who sent it. Only `from.id` is an identity; names and chats are not.
    pub fn sender(&self) -> Option<i64> {
        match self {
            Self { callback_query: Some(press), .. } => Some(press.from.id),
            Self { message: Some(message), .. } => message.from.as_ref().map(|from| from.id),
            Self { my_chat_member: Some(membership), .. } => Some(membership.chat.id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_we_cannot_read_still_has_its_number() {
        for raw in [
            serde_json::json!({ "update_id": 7, "story": {} }),
            serde_json::json!({ "update_id": 7, "message": { "chat": "no" } }),
            serde_json::json!({ "update_id": 7, "callback_query": 3 }),
        ] {
            let update = Update::read(&raw).unwrap();
            assert_eq!((update.update_id, update.kind()), (7, "other"));
        }
        assert!(Update::read(&serde_json::json!([])).is_none());
    }
}
