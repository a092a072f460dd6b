//! What the people with phones do: type, press, reply, block. Used by the page and by tests.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Telegram, entities,
    model::{Callback, Chat, ChatKind, Message, User},
    state::{State, now},
};

/// How long a press waits for the bot's answer when it does not say.
const DEFAULT_WAIT_MS: u64 = 2_000;

/// Why something cannot be done on this phone.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(String);

/// A press of a button.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Press {
    /// Where.
    pub chat_id: i64,
    /// On which message.
    pub message_id: i64,
    /// What the button carries.
    pub data: String,
    /// Who; in a private chat it is the owner.
    #[serde(default)]
    pub user_id: Option<i64>,
    /// An impatient finger: two presses at once.
    #[serde(default)]
    pub twice: bool,
    /// How long to wait for the bot's answer.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}

/// What came of a press.
#[derive(Debug, Clone, Serialize)]
pub struct Pressed {
    /// One press, or two.
    pub callbacks: Vec<Callback>,
}

/// A message typed by a person.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Say {
    /// Where.
    pub chat_id: i64,
    /// Who; in a private chat it is the owner.
    #[serde(default)]
    pub user_id: Option<i64>,
    /// What.
    pub text: String,
    /// As a reply to this message.
    #[serde(default)]
    pub reply_to: Option<i64>,
}

/// Somebody new with a phone.
#[derive(Debug, Clone, Deserialize)]
pub struct NewPerson {
    /// Telegram's number; the next free one when left out.
    #[serde(default)]
    pub id: Option<i64>,
    /// First name, anything goes.
    pub first_name: String,
    /// Public name.
    #[serde(default)]
    pub username: Option<String>,
    /// Has pressed start before.
    #[serde(default)]
    pub started: bool,
}

impl Telegram {
    /// Somebody presses a button. Waits a moment for the bot's answer, which is what the person would see.
    pub async fn press(&self, press: Press) -> Result<Pressed, Unfit> {
        let bot = self.bot();
        let ids = self.change(|state| {
            let user_id = author(state, press.chat_id, press.user_id)?;
            let chat = state.chats.get(&press.chat_id).ok_or_else(|| no_chat(press.chat_id))?;
            let message = chat
                .message(press.message_id)
                .ok_or_else(|| Unfit(format!("there is no message {} in this chat", press.message_id)))?;
            if !message.has_button(&press.data) {
                return Err(Unfit(format!("message {} has no button `{}`", press.message_id, press.data)));
            }
            let from = state.users.get(&user_id).map_or(Value::Null, User::to_api);
            let shown = state.message_api(press.chat_id, press.message_id, &bot);
            let mut ids = Vec::new();
            for _ in 0..=usize::from(press.twice) {
                let id = (rand::random::<u64>() >> 1).to_string();
                state.push_update(
                    "callback_query",
                    json!({
                        "id": id,
                        "from": from,
                        "message": shown,
                        "chat_instance": format!("{}", press.chat_id.wrapping_mul(7_919)),
                        "data": press.data,
                    }),
                );
                state.add_callback(Callback {
                    id: id.clone(),
                    user_id,
                    chat_id: press.chat_id,
                    message_id: press.message_id,
                    data: press.data.clone(),
                    pressed_at: now(),
                    answered: false,
                    text: None,
                    show_alert: false,
                });
                ids.push(id);
            }
            Ok(ids)
        })?;
        let wait = Duration::from_millis(press.wait_ms.unwrap_or(DEFAULT_WAIT_MS));
        Ok(Pressed { callbacks: self.await_answers(&ids, wait).await })
    }

    async fn await_answers(&self, ids: &[String], wait: Duration) -> Vec<Callback> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let mut woken = std::pin::pin!(self.0.wake.notified());
            woken.as_mut().enable();
            let found: Vec<Callback> =
                self.lock().callbacks.iter().filter(|callback| ids.contains(&callback.id)).cloned().collect();
            if found.iter().all(|callback| callback.answered) {
                return found;
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(deadline) => return found,
                () = self.0.ctx.stop().cancelled() => return found,
            }
        }
    }

    /// Somebody types a message; answers its number.
    pub fn say(&self, say: &Say) -> Result<i64, Unfit> {
        let bot = self.bot();
        self.change(|state| {
            let user_id = author(state, say.chat_id, say.user_id)?;
            if say.text.trim().is_empty() {
                return Err(Unfit("an empty message cannot be sent".to_owned()));
            }
            let formatted = entities::parse(&say.text, None).map_err(|error| Unfit(error.description))?;
            if say.chat_id == user_id {
                // Writing to a bot, like pressing start, lets it write back.
                if let Some(user) = state.users.get_mut(&user_id) {
                    user.started = true;
                }
            }
            let chat = state.chats.get_mut(&say.chat_id).ok_or_else(|| no_chat(say.chat_id))?;
            if let Some(missing) = say.reply_to.filter(|id| chat.message(*id).is_none()) {
                return Err(Unfit(format!("there is no message {missing} in this chat to reply to")));
            }
            let id = State::add_message(
                chat,
                Message {
                    id: 0,
                    from: Some(user_id),
                    date: now(),
                    edit_date: None,
                    text: formatted.text,
                    entities: formatted.entities,
                    reply_markup: None,
                    reply_to: say.reply_to,
                    thread_id: None,
                    silent: false,
                    document: None,
                },
            );
            if bot_hears(chat, id) {
                let shown = state.message_api(say.chat_id, id, &bot);
                state.push_update("message", shown);
            }
            Ok(id)
        })
    }

    /// Adds somebody with a phone; answers the number.
    pub fn add_person(&self, person: NewPerson) -> Result<i64, Unfit> {
        self.change(|state| {
            let next = state.users.keys().max().copied().unwrap_or(1000) + 1;
            let id = person.id.unwrap_or(next);
            if id <= 0 || state.users.contains_key(&id) {
                return Err(Unfit(format!("`{id}` cannot be a new person: it must be positive and not taken")));
            }
            state.add_user(User {
                id,
                first_name: person.first_name,
                username: person.username,
                language_code: "en".to_owned(),
                started: person.started,
                blocked: false,
            });
            if let Some(group) = state.chats.get_mut(&super::GROUP_ID) {
                group.members.insert(id);
            }
            Ok(id)
        })
    }

    /// Blocks or unblocks the bot; it is told with `my_chat_member`.
    pub fn set_blocked(&self, user_id: i64, blocked: bool) -> Result<(), Unfit> {
        let bot = self.bot();
        self.change(|state| {
            let user = state.users.get_mut(&user_id).ok_or_else(|| Unfit(format!("there is no person {user_id}")))?;
            let was = std::mem::replace(&mut user.blocked, blocked);
            if was == blocked {
                return Ok(());
            }
            let person = user.clone();
            let member = |gone: bool| {
                if gone {
                    json!({ "user": bot, "status": "kicked", "until_date": 0 })
                } else {
                    json!({ "user": bot, "status": "member" })
                }
            };
            let chat = state.chats.get(&user_id).map_or(Value::Null, |chat| chat.to_api(Some(&person)));
            state.push_update(
                "my_chat_member",
                json!({
                    "chat": chat,
                    "from": person.to_api(),
                    "date": now(),
                    "old_chat_member": member(was),
                    "new_chat_member": member(blocked),
                }),
            );
            Ok(())
        })
    }

    /// Hands out the last `count` confirmed updates once more, as a restarted server might.
    pub fn redeliver(&self, count: usize) -> usize {
        self.change(|state| {
            let mut again = 0;
            while again < count {
                let Some(update) = state.confirmed.pop_back() else { break };
                state.updates.push_front(update);
                again += 1;
            }
            again
        })
    }

    /// After how many seconds the bot may no longer answer a press.
    pub fn set_callback_lifetime(&self, seconds: i64) {
        self.change(|state| state.callback_lifetime_seconds = seconds);
    }
}

fn no_chat(id: i64) -> Unfit {
    Unfit(format!("there is no chat {id}"))
}

/// Who acts in a chat; a private one has only its owner.
fn author(state: &State, chat_id: i64, user_id: Option<i64>) -> Result<i64, Unfit> {
    let chat = state.chats.get(&chat_id).ok_or_else(|| no_chat(chat_id))?;
    let user_id = match (chat.kind, user_id) {
        (ChatKind::Private, None) => chat_id,
        (_, Some(user_id)) => user_id,
        (ChatKind::Supergroup, None) => return Err(Unfit("in a group, say who: `user_id`".to_owned())),
    };
    if chat.members.contains(&user_id) {
        Ok(user_id)
    } else {
        Err(Unfit(format!("`{user_id}` is not in chat {chat_id}")))
    }
}

/// In groups a bot hears commands and replies to itself only (privacy mode).
fn bot_hears(chat: &Chat, message_id: i64) -> bool {
    if chat.kind == ChatKind::Private {
        return true;
    }
    chat.message(message_id).is_some_and(|message| {
        let to_bot = message.reply_to.and_then(|id| chat.message(id)).is_some_and(|replied| replied.from.is_none());
        to_bot || message.text.starts_with('/')
    })
}
