//! Everything the stand-in remembers, and how it is kept across restarts.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    error::ApiError,
    model::{Call, Callback, Chat, ChatKind, Message, User},
};

/// Messages kept per chat, presses and calls kept in all. Older ones are of no use to anyone.
const KEPT: usize = 500;
/// Telegram drops what nobody fetched for a day.
const UPDATE_LIFETIME_SECONDS: i64 = 24 * 60 * 60;

/// The group everybody is in.
pub const GROUP_ID: i64 = -1_001_000_000_001;

/// An update that waits for the bot, or was handed out and not yet confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Update {
    pub(super) id: i64,
    pub(super) created_at: i64,
    /// `message`, `callback_query`, …
    pub(super) kind: String,
    pub(super) body: Value,
}

impl Update {
    pub(super) fn to_api(&self) -> Value {
        json!({ "update_id": self.id, self.kind.clone(): self.body })
    }
}

/// Where updates are pushed instead of being fetched.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) secret_token: Option<String>,
    pub(super) max_connections: i64,
    pub(super) last_error_date: Option<i64>,
    pub(super) last_error_message: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) next_update_id: i64,
    pub(super) users: BTreeMap<i64, User>,
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) updates: VecDeque<Update>,
    /// Confirmed ones, so that a test can have them delivered again.
    pub(super) confirmed: VecDeque<Update>,
    pub(super) callbacks: VecDeque<Callback>,
    pub(super) webhook: Option<Webhook>,
    pub(super) allowed_updates: Option<Vec<String>>,
    /// By scope and language.
    pub(super) commands: BTreeMap<String, Value>,
    pub(super) calls: VecDeque<Call>,
    /// Callback queries older than this are refused.
    pub(super) callback_lifetime_seconds: i64,
}

impl Default for State {
    fn default() -> Self {
        let mut state = Self {
            next_update_id: 100_000_001,
            users: BTreeMap::new(),
            chats: BTreeMap::new(),
            updates: VecDeque::new(),
            confirmed: VecDeque::new(),
            callbacks: VecDeque::new(),
            webhook: None,
            allowed_updates: None,
            commands: BTreeMap::new(),
            calls: VecDeque::new(),
            callback_lifetime_seconds: 30,
        };
        // Two people of the team who have opened the bot before, and one stranger who has not.
        state.add_user(User::seed(1001, "Ada", "ada", true));
        state.add_user(User::seed(1002, "Grace", "grace", true));
        state.add_user(User::seed(1003, "Mallory", "mallory", false));
        state.chats.insert(
            GROUP_ID,
            Chat {
                id: GROUP_ID,
                kind: ChatKind::Supergroup,
                title: "QuantaPilot team".to_owned(),
                members: [1001, 1002, 1003].into(),
                bot_removed: false,
                next_message_id: 1,
                messages: Vec::new(),
            },
        );
        state
    }
}

impl User {
    fn seed(id: i64, first_name: &str, username: &str, started: bool) -> Self {
        Self {
            id,
            first_name: first_name.to_owned(),
            username: Some(username.to_owned()),
            language_code: "en".to_owned(),
            started,
            blocked: false,
        }
    }
}

/// Unix seconds.
pub(super) fn now() -> i64 {
    OffsetDateTime::from(SystemTime::now()).unix_timestamp()
}

impl State {
    pub(super) fn load(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| anyhow::anyhow!("{} is damaged, remove it to start afresh: {error}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(anyhow::anyhow!("cannot read {}: {error}", path.display())),
        }
    }

    /// Written beside and renamed, so that a kill leaves the old or the new state, never half of one.
    pub(super) fn save(&self, path: &Path) -> std::io::Result<()> {
        let beside = path.with_extension("new");
        std::fs::write(&beside, serde_json::to_vec(self)?)?;
        std::fs::rename(beside, path)
    }

    pub(super) fn add_user(&mut self, user: User) {
        self.chats.entry(user.id).or_insert_with(|| Chat {
            id: user.id,
            kind: ChatKind::Private,
            title: user.first_name.clone(),
            members: [user.id].into(),
            bot_removed: false,
            next_message_id: 1,
            messages: Vec::new(),
        });
        self.users.insert(user.id, user);
    }

    /// Queues an update for the bot, unless it asked not to get this kind.
    pub(super) fn push_update(&mut self, kind: &str, body: Value) {
        if self.allowed_updates.as_ref().is_some_and(|kinds| !kinds.is_empty() && !kinds.iter().any(|k| k == kind)) {
            return;
        }
        let created_at = now();
        self.updates.retain(|update| created_at - update.created_at < UPDATE_LIFETIME_SECONDS);
        let id = self.next_update_id;
        self.next_update_id += 1;
        self.updates.push_back(Update { id, created_at, kind: kind.to_owned(), body });
    }

    /// Everything below `offset` is done with.
    pub(super) fn confirm(&mut self, offset: i64) {
        while self.updates.front().is_some_and(|update| update.id < offset) {
            self.confirmed.extend(self.updates.pop_front());
        }
        cut(&mut self.confirmed);
    }

    pub(super) fn record(&mut self, call: Call) {
        self.calls.push_back(call);
        cut(&mut self.calls);
    }

    pub(super) fn add_callback(&mut self, callback: Callback) {
        self.callbacks.push_back(callback);
        cut(&mut self.callbacks);
    }

    /// The chat the bot may write to right now.
    pub(super) fn open_chat(&mut self, id: i64) -> Result<&mut Chat, ApiError> {
        if let Some(user) = self.users.get(&id) {
            if user.blocked {
                return Err(ApiError::forbidden("bot was blocked by the user"));
            }
            if !user.started {
                return Err(ApiError::forbidden("bot can't initiate conversation with a user"));
            }
        }
        let chat = self.chats.get_mut(&id).ok_or_else(|| ApiError::bad_request("chat not found"))?;
        if chat.bot_removed {
            return Err(ApiError::forbidden("bot was kicked from the supergroup chat"));
        }
        Ok(chat)
    }

    /// Adds a message and answers its number.
    pub(super) fn add_message(chat: &mut Chat, mut message: Message) -> i64 {
        let id = chat.next_message_id;
        chat.next_message_id += 1;
        message.id = id;
        chat.messages.push(message);
        if chat.messages.len() > KEPT {
            chat.messages.remove(0);
        }
        id
    }

    /// A message as the Bot API shows it, with the message it replies to.
    pub(super) fn message_api(&self, chat_id: i64, message_id: i64, bot: &Value) -> Value {
        let Some(chat) = self.chats.get(&chat_id) else { return Value::Null };
        let Some(message) = chat.message(message_id) else { return Value::Null };
        let mut shown = self.shallow(chat, message, bot);
        if let Some(replied) = message.reply_to.and_then(|id| chat.message(id)) {
            shown["reply_to_message"] = self.shallow(chat, replied, bot);
        }
        shown
    }

    fn shallow(&self, chat: &Chat, message: &Message, bot: &Value) -> Value {
        let from = match message.from {
            Some(id) => self.users.get(&id).map_or(Value::Null, User::to_api),
            None => bot.clone(),
        };
        let mut shown = json!({
            "message_id": message.id,
            "from": from,
            "chat": chat.to_api(self.users.get(&chat.id)),
            "date": message.date,
        });
        message.fill_api(&mut shown);
        shown
    }
}

fn cut<T>(list: &mut VecDeque<T>) {
    while list.len() > KEPT {
        list.pop_front();
    }
}
