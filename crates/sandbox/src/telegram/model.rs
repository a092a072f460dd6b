//! People, chats and messages as the stand-in keeps them, and as the Bot API shows them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::entities::{self, Entity};

/// A person with a phone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// Telegram's number of the person.
    pub id: i64,
    /// First name; anything people type, hostile markup included.
    pub first_name: String,
    /// Public name without the at sign.
    #[serde(default)]
    pub username: Option<String>,
    /// Language of the client.
    #[serde(default = "english")]
    pub language_code: String,
    /// Pressed start: only then may the bot write first.
    #[serde(default)]
    pub started: bool,
    /// Has blocked the bot.
    #[serde(default)]
    pub blocked: bool,
}

fn english() -> String {
    "en".to_owned()
}

impl User {
    pub(super) fn to_api(&self) -> Value {
        let mut user = json!({
            "id": self.id,
            "is_bot": false,
            "first_name": self.first_name,
            "language_code": self.language_code,
        });
        if let Some(username) = &self.username {
            user["username"] = json!(username);
        }
        user
    }
}

/// What kind of chat it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// One person and the bot; the chat has the person's number.
    Private,
    /// A group the bot was added to.
    Supergroup,
}

/// A chat with everything said in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Chat {
    /// Positive for a person, negative for a group.
    pub id: i64,
    /// Private or group.
    pub kind: ChatKind,
    /// Name of the group; private chats carry the person's.
    pub title: String,
    /// Who is in it, besides the bot.
    pub members: BTreeSet<i64>,
    /// The bot was thrown out.
    #[serde(default)]
    pub bot_removed: bool,
    /// Number of the next message.
    pub next_message_id: i64,
    /// Oldest first.
    #[serde(default)]
    pub messages: Vec<Message>,
}

impl Chat {
    pub(super) fn message(&self, id: i64) -> Option<&Message> {
        self.messages.iter().find(|message| message.id == id)
    }

    pub(super) fn message_mut(&mut self, id: i64) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.id == id)
    }

    pub(super) fn to_api(&self, person: Option<&User>) -> Value {
        let mut chat = json!({
            "id": self.id,
            "type": match self.kind { ChatKind::Private => "private", ChatKind::Supergroup => "supergroup" },
        });
        match (self.kind, person) {
            (ChatKind::Private, Some(person)) => {
                chat["first_name"] = json!(person.first_name);
                if let Some(username) = &person.username {
                    chat["username"] = json!(username);
                }
            }
            _ => chat["title"] = json!(self.title),
        }
        chat
    }
}

/// A file somebody sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    /// What `getFile` takes.
    pub file_id: String,
    /// Name on the phone.
    pub file_name: String,
    /// Media type.
    pub mime_type: Option<String>,
    /// Size in bytes.
    pub file_size: usize,
}

/// One message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// Number within the chat.
    pub id: i64,
    /// The person, or none for the bot.
    pub from: Option<i64>,
    /// Unix seconds.
    pub date: i64,
    /// Unix seconds of the last edit by the bot.
    #[serde(default)]
    pub edit_date: Option<i64>,
    /// Text, or the caption of a document.
    pub text: String,
    /// Formatting of the text.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// An inline keyboard, or a reply keyboard, or a wish for a reply.
    #[serde(default)]
    pub reply_markup: Option<Value>,
    /// The message it answers.
    #[serde(default)]
    pub reply_to: Option<i64>,
    /// Topic of a group.
    #[serde(default)]
    pub thread_id: Option<i64>,
    /// Came without a sound.
    #[serde(default)]
    pub silent: bool,
    /// The file it carries.
    #[serde(default)]
    pub document: Option<Document>,
}

impl Message {
    /// The inline keyboard, when there is one.
    pub(super) fn inline_keyboard(&self) -> Option<&Vec<Value>> {
        self.reply_markup.as_ref()?.get("inline_keyboard")?.as_array()
    }

    /// Whether some button carries this data.
    pub(super) fn has_button(&self, data: &str) -> bool {
        self.inline_keyboard()
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten()
            .any(|button| button["callback_data"] == data)
    }

    pub(super) fn fill_api(&self, message: &mut Value) {
        let (text, marks) =
            if self.document.is_some() { ("caption", "caption_entities") } else { ("text", "entities") };
        if !self.text.is_empty() {
            message[text] = json!(self.text);
        }
        if !self.entities.is_empty() {
            message[marks] = entities::to_json(&self.entities);
        }
        if let Some(edited) = self.edit_date {
            message["edit_date"] = json!(edited);
        }
        if let Some(thread) = self.thread_id {
            message["message_thread_id"] = json!(thread);
        }
        if self.inline_keyboard().is_some() {
            // Other markups are instructions to the client and do not come back.
            message["reply_markup"] = self.reply_markup.clone().unwrap_or_default();
        }
        if let Some(document) = &self.document {
            message["document"] = json!({
                "file_id": document.file_id,
                "file_unique_id": document.file_id.chars().take(16).collect::<String>(),
                "file_name": document.file_name,
                "mime_type": document.mime_type.as_deref().unwrap_or("application/octet-stream"),
                "file_size": document.file_size,
            });
        }
    }
}

/// A press of a button and what the bot said to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Callback {
    /// What the bot answers to.
    pub id: String,
    /// Who pressed.
    pub user_id: i64,
    /// Where.
    pub chat_id: i64,
    /// On which message.
    pub message_id: i64,
    /// What the button carries.
    pub data: String,
    /// Unix seconds of the press.
    pub pressed_at: i64,
    /// The bot has answered; until then the button spins.
    #[serde(default)]
    pub answered: bool,
    /// What the person saw.
    #[serde(default)]
    pub text: Option<String>,
    /// As an alert to be closed, not as a passing line.
    #[serde(default)]
    pub show_alert: bool,
}

/// A call of the bot, kept for tests and the page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// The method in the spelling of the documentation.
    pub method: String,
    /// Its arguments.
    pub params: Value,
    /// `error_code`, or none when it worked.
    pub error_code: Option<u16>,
    /// `description` of the refusal.
    pub description: Option<String>,
}
