//! The Telegram Bot API stand-in.
//!
//! It speaks `/bot<token>/<method>` as the real one does: any letter case, GET and POST, every encoding, the same
//! limits and the same sentences when it refuses. Behind it are a few people with phones; what they see and press is
//! in the admin API, which the page uses.

mod admin;
mod entities;
mod error;
mod keyboard;
mod methods;
mod model;
mod params;
mod people;
mod state;
#[cfg(test)]
mod tests;
mod updates;
mod webhook;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State as Extract},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::Notify;

pub use self::{
    admin::admin_router,
    entities::Entity,
    model::{Call, Callback, Chat, Message, User},
    people::{NewPerson, Press, Pressed, Say, Unfit},
    state::GROUP_ID,
};
use self::{error::ApiError, params::Params, state::State};
use crate::context::{Change, Context};

/// Name of the bot; links to it are `https://t.me/<name>`.
pub const BOT_USERNAME: &str = "quantapilot_sandbox_bot";

/// 50 MB for an uploaded file and something for the fields around it.
const MAX_BODY_BYTES: usize = 51 * 1024 * 1024;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telegram(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ctx: Context,
    dir: PathBuf,
    state: Mutex<State>,
    /// Woken by every change; long polls, pushes and waiting presses look again then.
    wake: Notify,
    /// Number of the newest poll; an older one that sees another number has lost its place.
    newest_poll: AtomicU64,
}

impl Telegram {
    /// Loads what the data directory holds and starts pushing to the webhook, if one is set.
    pub fn new(ctx: Context) -> anyhow::Result<Self> {
        let dir = ctx.data_dir("telegram")?;
        let state = State::load(&dir.join("state.json"))?;
        let telegram = Self(Arc::new(Inner {
            ctx,
            dir,
            state: Mutex::new(state),
            wake: Notify::new(),
            newest_poll: AtomicU64::new(0),
        }));
        telegram.0.ctx.spawn(webhook::push(telegram.clone()));
        Ok(telegram)
    }

    /// Forget everything.
    #[expect(clippy::unused_async, reason = "all stand-ins are reset through the same signature")]
    pub async fn reset(&self) {
        self.change(|state| *state = State::default());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, writes it down, and wakes everybody who waits for a change.
    fn change<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = work(&mut state);
        if let Err(error) = state.save(&self.0.dir.join("state.json")) {
            tracing::warn!(%error, "cannot write the Telegram state; a restart will forget the last messages");
        }
        drop(state);
        self.0.wake.notify_waiters();
        self.0.ctx.changed(Change::Telegram);
        result
    }

    fn bot_id(&self) -> i64 {
        let token = &self.0.ctx.settings().telegram_token;
        token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or(1)
    }

    /// The bot as a user, without what only `getMe` says.
    fn bot(&self) -> Value {
        json!({ "id": self.bot_id(), "is_bot": true, "first_name": "QuantaPilot", "username": BOT_USERNAME })
    }

    /// A token of the wrong form is 404, one that is nobody's 401, as in the real API.
    fn check_token(&self, token: &str) -> Result<(), ApiError> {
        let (id, secret) = token.split_once(':').ok_or_else(|| ApiError::not_found(false))?;
        let well_formed = !id.is_empty()
            && id.bytes().all(|c| c.is_ascii_digit())
            && !secret.is_empty()
            && secret.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'));
        if !well_formed {
            return Err(ApiError::not_found(false));
        }
        if token != self.0.ctx.settings().telegram_token {
            return Err(ApiError::unauthorized());
        }
        Ok(())
    }

    /// The calls of the bot, oldest first; polling is left out.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.iter().cloned().collect()
    }

    /// Every chat as it stands.
    pub fn chats(&self) -> Vec<Chat> {
        self.lock().chats.values().cloned().collect()
    }

    /// Everybody with a phone.
    pub fn users(&self) -> Vec<User> {
        self.lock().users.values().cloned().collect()
    }

    /// The presses so far, oldest first.
    pub fn callbacks(&self) -> Vec<Callback> {
        self.lock().callbacks.iter().cloned().collect()
    }
}

/// The API as its clients know it, with full paths.
pub fn router(telegram: Telegram) -> Router {
    Router::new().fallback(call).with_state(telegram)
}

async fn call(Extract(telegram): Extract<Telegram>, request: Request) -> Response {
    answer(&telegram, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(telegram: &Telegram, request: Request) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if let Some(rest) = path.strip_prefix("/file/bot") {
        let (token, file) = rest.split_once('/').ok_or_else(|| ApiError::not_found(false))?;
        telegram.check_token(token)?;
        return telegram.file(file).map(|content| Body::from(content).into_response());
    }
    let (token, method) =
        path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')).ok_or_else(|| ApiError::not_found(false))?;
    telegram.check_token(token)?;
    let body = axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| ApiError::too_large())?;
    let params = Params::read(head.uri.query(), &head.headers, body).await?;
    let result = telegram.dispatch(method, &params).await?;
    Ok(axum::Json(json!({ "ok": true, "result": result })).into_response())
}

impl Telegram {
    async fn dispatch(&self, method: &str, params: &Params) -> Result<Value, ApiError> {
        let lower = method.to_ascii_lowercase();
        if lower == "getupdates" {
            let turn = self.0.newest_poll.fetch_add(1, Ordering::SeqCst) + 1;
            return self.get_updates(turn, params).await;
        }
        let (name, result) = match lower.as_str() {
            "getme" => ("getMe", Ok(self.get_me())),
            "setwebhook" => ("setWebhook", self.set_webhook(params)),
            "deletewebhook" => ("deleteWebhook", Ok(self.delete_webhook(params))),
            "getwebhookinfo" => ("getWebhookInfo", Ok(self.get_webhook_info())),
            "sendmessage" => ("sendMessage", self.send_message(params)),
            "senddocument" => ("sendDocument", self.send_document(params)),
            "editmessagetext" => ("editMessageText", self.edit_message_text(params)),
            "editmessagereplymarkup" => ("editMessageReplyMarkup", self.edit_message_reply_markup(params)),
            "deletemessage" => ("deleteMessage", self.delete_message(params)),
            "answercallbackquery" => ("answerCallbackQuery", self.answer_callback_query(params)),
            "setmycommands" => ("setMyCommands", self.set_my_commands(params)),
            "getmycommands" => ("getMyCommands", Ok(self.get_my_commands(params))),
            "deletemycommands" => ("deleteMyCommands", Ok(self.delete_my_commands(params))),
            "getchat" => ("getChat", self.get_chat(params)),
            "getfile" => ("getFile", self.get_file(params)),
            "sendchataction" => ("sendChatAction", self.send_chat_action(params)),
            _ => return Err(ApiError::not_found(true)),
        };
        self.record(name, params, result.as_ref().err());
        result
    }

    fn record(&self, method: &str, params: &Params, refusal: Option<&ApiError>) {
        let at = OffsetDateTime::from(SystemTime::now());
        let call = Call {
            at_ms: at.unix_timestamp() * 1000 + i64::from(at.millisecond()),
            method: method.to_owned(),
            params: params.record(),
            error_code: refusal.map(|error| error.code),
            description: refusal.map(|error| error.description.clone()),
        };
        self.change(|state| state.record(call));
    }
}
