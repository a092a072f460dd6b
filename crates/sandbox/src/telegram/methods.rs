//! What the bot does in chats: send, edit, delete, answer presses, offer commands.

use serde_json::{Value, json};

use super::{
    Telegram,
    entities::{self, Formatted, units},
    error::ApiError,
    keyboard,
    model::{Document, Message},
    params::Params,
    state::{State, now},
};

const MAX_TEXT_UNITS: usize = 4096;
const MAX_CAPTION_UNITS: usize = 1024;
const MAX_ENTITIES: usize = 100;
const MAX_FILE_BYTES: usize = 50 * 1024 * 1024;
const DELETE_WINDOW_SECONDS: i64 = 48 * 60 * 60;
const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the \
                            same as a current content and reply markup of the message";

impl Telegram {
    pub(super) fn get_me(&self) -> Value {
        let mut me = self.bot();
        for (field, value) in [
            ("can_join_groups", true),
            ("can_read_all_group_messages", false),
            ("supports_inline_queries", false),
            ("can_connect_to_business", false),
            ("has_main_web_app", false),
        ] {
            me[field] = json!(value);
        }
        me
    }

    pub(super) fn send_message(&self, params: &Params) -> Result<Value, ApiError> {
        let text = formatted(params, "text", "entities")?;
        if text.text.is_empty() {
            return Err(ApiError::bad_request("message text is empty"));
        }
        if units(&text.text) > MAX_TEXT_UNITS || text.entities.len() > MAX_ENTITIES {
            return Err(ApiError::bad_request("message is too long"));
        }
        self.add(params, text, None)
    }

    pub(super) fn send_document(&self, params: &Params) -> Result<Value, ApiError> {
        let caption = formatted(params, "caption", "caption_entities")?;
        if units(&caption.text) > MAX_CAPTION_UNITS {
            return Err(ApiError::bad_request("message caption is too long"));
        }
        let document = match params.upload("document") {
            Some(upload) if upload.content.is_empty() => return Err(ApiError::bad_request("file must be non-empty")),
            Some(upload) if upload.content.len() > MAX_FILE_BYTES => return Err(ApiError::too_large()),
            Some(upload) => {
                let file_id = format!("doc{}", uuid::Uuid::new_v4().simple());
                let files = self.0.dir.join("files");
                std::fs::create_dir_all(&files)
                    .and_then(|()| std::fs::write(files.join(&file_id), &upload.content))
                    .map_err(|_| ApiError::bad_request("file could not be stored"))?;
                Document {
                    file_id,
                    file_name: upload.file_name.clone(),
                    mime_type: upload.mime_type.clone(),
                    file_size: upload.content.len(),
                }
            }
            None => {
                let wanted = params
                    .text("document")
                    .ok_or_else(|| ApiError::bad_request("there is no document in the request"))?;
                self.known_document(&wanted)
                    .ok_or_else(|| ApiError::bad_request("wrong file identifier/HTTP URL specified"))?
            }
        };
        self.add(params, caption, Some(document))
    }

    fn known_document(&self, file_id: &str) -> Option<Document> {
        let state = self.lock();
        let mut documents =
            state.chats.values().flat_map(|chat| &chat.messages).filter_map(|message| message.document.as_ref());
        documents.find(|document| document.file_id == file_id).cloned()
    }

    fn add(&self, params: &Params, text: Formatted, document: Option<Document>) -> Result<Value, ApiError> {
        let reply_markup = keyboard::read(params)?;
        let reply = params.nested("reply_parameters")?;
        let reply_to = reply
            .as_ref()
            .and_then(|reply| reply["message_id"].as_i64())
            .or_else(|| params.integer("reply_to_message_id"));
        let reply_is_optional = params.flag("allow_sending_without_reply")
            || reply.is_some_and(|reply| reply["allow_sending_without_reply"] == true);
        let message = Message {
            id: 0,
            from: None,
            date: now(),
            edit_date: None,
            text: text.text,
            entities: text.entities,
            reply_markup,
            reply_to,
            thread_id: params.integer("message_thread_id"),
            silent: params.flag("disable_notification"),
            document,
        };
        let bot = self.bot();
        self.change(|state| {
            let id = chat_id(state, params)?;
            let chat = state.open_chat(id)?;
            let mut message = message;
            if message.reply_to.is_some_and(|replied| chat.message(replied).is_none()) {
                if !reply_is_optional {
                    return Err(ApiError::bad_request("message to be replied not found"));
                }
                message.reply_to = None;
            }
            let number = State::add_message(chat, message);
            Ok(state.message_api(id, number, &bot))
        })
    }

    pub(super) fn edit_message_text(&self, params: &Params) -> Result<Value, ApiError> {
        let text = formatted(params, "text", "entities")?;
        if text.text.is_empty() {
            return Err(ApiError::bad_request("message text is empty"));
        }
        if units(&text.text) > MAX_TEXT_UNITS || text.entities.len() > MAX_ENTITIES {
            return Err(ApiError::bad_request("MESSAGE_TOO_LONG"));
        }
        let markup = keyboard::read(params)?;
        self.edit(params, |message| {
            let same = message.text == text.text && message.entities == text.entities && message.reply_markup == markup;
            message.text = text.text;
            message.entities = text.entities;
            message.reply_markup = markup;
            !same
        })
    }

    pub(super) fn edit_message_reply_markup(&self, params: &Params) -> Result<Value, ApiError> {
        let markup = keyboard::read(params)?;
        self.edit(params, |message| {
            let same = message.reply_markup == markup;
            message.reply_markup = markup;
            !same
        })
    }

    /// `apply` says whether anything is different now.
    fn edit(&self, params: &Params, apply: impl FnOnce(&mut Message) -> bool) -> Result<Value, ApiError> {
        let number =
            params.integer("message_id").ok_or_else(|| ApiError::bad_request("message identifier is not specified"))?;
        let bot = self.bot();
        self.change(|state| {
            let id = chat_id(state, params)?;
            let chat = state.open_chat(id)?;
            let message = chat.message_mut(number).ok_or_else(|| ApiError::bad_request("message to edit not found"))?;
            // Foreign messages, and own ones with a markup that is not an inline keyboard, stay as they are.
            let editable = message.reply_markup.is_none() || message.inline_keyboard().is_some();
            if message.from.is_some() || !editable {
                return Err(ApiError::bad_request("message can't be edited"));
            }
            if !apply(message) {
                return Err(ApiError::bad_request(NOT_MODIFIED));
            }
            message.edit_date = Some(now());
            Ok(state.message_api(id, number, &bot))
        })
    }

    pub(super) fn delete_message(&self, params: &Params) -> Result<Value, ApiError> {
        let number =
            params.integer("message_id").ok_or_else(|| ApiError::bad_request("message identifier is not specified"))?;
        self.change(|state| {
            let id = chat_id(state, params)?;
            let chat = state.open_chat(id)?;
            let message = chat.message(number).ok_or_else(|| ApiError::bad_request("message to delete not found"))?;
            if now() - message.date > DELETE_WINDOW_SECONDS {
                return Err(ApiError::bad_request("message can't be deleted for everyone"));
            }
            chat.messages.retain(|message| message.id != number);
            Ok(json!(true))
        })
    }

    pub(super) fn answer_callback_query(&self, params: &Params) -> Result<Value, ApiError> {
        let text = params.text("text");
        if text.as_deref().is_some_and(|text| units(text) > 200) {
            return Err(ApiError::bad_request("MESSAGE_TOO_LONG"));
        }
        let wanted = params.text("callback_query_id").unwrap_or_default();
        self.change(|state| {
            let lifetime = state.callback_lifetime_seconds;
            let callback = state
                .callbacks
                .iter_mut()
                .find(|callback| callback.id == wanted && now() - callback.pressed_at <= lifetime)
                .ok_or_else(|| {
                    ApiError::bad_request("query is too old and response timeout expired or query ID is invalid")
                })?;
            callback.answered = true;
            callback.text = text;
            callback.show_alert = params.flag("show_alert");
            Ok(json!(true))
        })
    }

    pub(super) fn set_my_commands(&self, params: &Params) -> Result<Value, ApiError> {
        let commands = params.nested("commands")?.unwrap_or_default();
        let valid = |command: &Value| {
            let name = command["command"].as_str().unwrap_or_default();
            let description = command["description"].as_str().unwrap_or_default();
            (1..=32).contains(&name.len())
                && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
                && (1..=256).contains(&units(description))
        };
        if !commands.as_array().is_some_and(|list| list.len() <= 100 && list.iter().all(valid)) {
            return Err(ApiError::bad_request("BOT_COMMAND_INVALID"));
        }
        let scope = command_scope(params);
        self.change(|state| state.commands.insert(scope, commands));
        Ok(json!(true))
    }

    pub(super) fn get_my_commands(&self, params: &Params) -> Value {
        self.lock().commands.get(&command_scope(params)).cloned().unwrap_or_else(|| json!([]))
    }

    pub(super) fn delete_my_commands(&self, params: &Params) -> Value {
        self.change(|state| state.commands.remove(&command_scope(params)));
        json!(true)
    }

    pub(super) fn get_chat(&self, params: &Params) -> Result<Value, ApiError> {
        let state = self.lock();
        let id = chat_id(&state, params)?;
        let chat = state.chats.get(&id).ok_or_else(|| ApiError::bad_request("chat not found"))?;
        let mut shown = chat.to_api(state.users.get(&id));
        shown["accent_color_id"] = json!(0);
        shown["max_reaction_count"] = json!(11);
        shown["accepted_gift_types"] = json!({
            "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
            "premium_subscription": false, "gifts_from_channels": false,
        });
        Ok(shown)
    }

    pub(super) fn send_chat_action(&self, params: &Params) -> Result<Value, ApiError> {
        self.change(|state| {
            let id = chat_id(state, params)?;
            state.open_chat(id).map(|_| json!(true))
        })
    }

    pub(super) fn get_file(&self, params: &Params) -> Result<Value, ApiError> {
        let wanted = params.text("file_id").unwrap_or_default();
        let document = self.known_document(&wanted).ok_or_else(|| ApiError::bad_request("invalid file_id"))?;
        Ok(json!({
            "file_id": document.file_id,
            "file_unique_id": document.file_id.chars().take(16).collect::<String>(),
            "file_size": document.file_size,
            "file_path": format!("documents/{}", document.file_id),
        }))
    }

    /// The content behind a `file_path`.
    pub(super) fn file(&self, path: &str) -> Result<Vec<u8>, ApiError> {
        let name = path.strip_prefix("documents/").unwrap_or_default();
        // Only names we made ourselves; nothing that could lead out of the folder.
        if self.known_document(name).is_none() {
            return Err(ApiError::not_found(false));
        }
        std::fs::read(self.0.dir.join("files").join(name)).map_err(|_| ApiError::not_found(false))
    }
}

fn command_scope(params: &Params) -> String {
    let scope = params.nested("scope").ok().flatten();
    let scope = scope.as_ref().and_then(|scope| scope["type"].as_str()).unwrap_or("default").to_owned();
    format!("{scope}/{}", params.text("language_code").unwrap_or_default())
}

fn formatted(params: &Params, text: &str, entities: &str) -> Result<Formatted, ApiError> {
    let source = params.text(text).unwrap_or_default();
    match params.nested(entities)? {
        Some(listed) => Ok(Formatted {
            text: source,
            entities: serde_json::from_value(listed)
                .map_err(|_| ApiError::bad_request("can't parse entities: wrong entity specified"))?,
        }),
        None => entities::parse(&source, params.text("parse_mode").as_deref()),
    }
}

/// The chat of a call: a number, or the public name of a person.
fn chat_id(state: &State, params: &Params) -> Result<i64, ApiError> {
    let Some(given) = params.text("chat_id") else {
        return Err(ApiError::bad_request("chat_id is empty"));
    };
    if let Ok(id) = given.trim().parse() {
        return Ok(id);
    }
    let name = given.trim_start_matches('@');
    state
        .users
        .values()
        .find(|user| user.username.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name)))
        .map(|user| user.id)
        .ok_or_else(|| ApiError::bad_request("chat not found"))
}
