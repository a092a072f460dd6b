//! The JSON behind the phone page, mounted under `/_sandbox/api/telegram`.

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    BOT_USERNAME, Telegram, entities,
    model::{Chat, Message, User},
    people::{NewPerson, Press, Say, Unfit},
    state::State as Remembered,
};

/// What the page uses; mounted under `/_sandbox/api/telegram`.
pub fn admin_router(telegram: Telegram) -> Router {
    Router::new()
        .route("/chats", get(list_chats))
        .route("/calls", get(list_calls))
        .route("/press", post(press))
        .route("/send", post(send))
        .route("/users", post(create_user))
        .route("/users/{id}/blocked", post(block))
        .route("/redeliver", post(redeliver))
        .route("/callback-lifetime", post(callback_lifetime))
        .with_state(telegram)
}

impl IntoResponse for Unfit {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "message": self.to_string() }))).into_response()
    }
}

async fn list_chats(State(telegram): State<Telegram>) -> Json<Value> {
    let state = telegram.lock();
    let chats: Vec<Value> = state.chats.values().map(|chat| show_chat(&state, chat)).collect();
    Json(json!({
        "bot": { "username": BOT_USERNAME, "name": "QuantaPilot" },
        "users": state.users,
        "chats": chats,
        "callbacks": state.callbacks,
        "commands": state.commands,
    }))
}

fn show_chat(state: &Remembered, chat: &Chat) -> Value {
    let owner = state.users.get(&chat.id);
    let members: Vec<Value> = chat
        .members
        .iter()
        .filter_map(|id| state.users.get(id))
        .map(|user| json!({ "id": user.id, "name": user.first_name, "username": user.username }))
        .collect();
    json!({
        "id": chat.id,
        "kind": chat.kind,
        "title": owner.map_or(&chat.title, |user| &user.first_name),
        "started": owner.is_none_or(|user| user.started),
        "blocked": owner.is_some_and(|user| user.blocked),
        "members": members,
        "messages": chat.messages.iter().map(|message| show_message(state, message)).collect::<Vec<_>>(),
    })
}

fn show_message(state: &Remembered, message: &Message) -> Value {
    let from = match message.from.and_then(|id| state.users.get(&id)) {
        Some(User { id, first_name, .. }) => json!({ "id": id, "name": first_name, "bot": false }),
        None => json!({ "id": null, "name": "QuantaPilot", "bot": true }),
    };
    let markup = message.reply_markup.as_ref();
    let wish = markup.filter(|markup| markup["force_reply"] == true);
    json!({
        "message_id": message.id,
        "from": from,
        "date": message.date,
        "edit_date": message.edit_date,
        "text": message.text,
        "html": entities::render(&message.text, &message.entities),
        "keyboard": message.inline_keyboard().cloned().unwrap_or_default(),
        "force_reply": wish.map(|markup| json!({ "placeholder": markup["input_field_placeholder"] })),
        "reply_to": message.reply_to,
        "thread_id": message.thread_id,
        "silent": message.silent,
        "document": message.document,
    })
}

async fn list_calls(State(telegram): State<Telegram>) -> Json<Value> {
    Json(json!({ "calls": telegram.calls() }))
}

async fn press(State(telegram): State<Telegram>, Json(body): Json<Press>) -> Result<Json<Value>, Unfit> {
    let pressed = telegram.press(body).await?;
    Ok(Json(json!(pressed)))
}

async fn send(State(telegram): State<Telegram>, Json(body): Json<Say>) -> Result<Json<Value>, Unfit> {
    Ok(Json(json!({ "message_id": telegram.say(&body)? })))
}

async fn create_user(State(telegram): State<Telegram>, Json(body): Json<NewPerson>) -> Result<Json<Value>, Unfit> {
    Ok(Json(json!({ "id": telegram.add_person(body)? })))
}

#[derive(Deserialize)]
struct Block {
    blocked: bool,
}

async fn block(
    State(telegram): State<Telegram>,
    Path(id): Path<i64>,
    Json(body): Json<Block>,
) -> Result<StatusCode, Unfit> {
    telegram.set_blocked(id, body.blocked)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Redeliver {
    count: usize,
}

async fn redeliver(State(telegram): State<Telegram>, Json(body): Json<Redeliver>) -> Json<Value> {
    Json(json!({ "count": telegram.redeliver(body.count) }))
}

#[derive(Deserialize)]
struct Lifetime {
    seconds: i64,
}

async fn callback_lifetime(State(telegram): State<Telegram>, Json(body): Json<Lifetime>) -> StatusCode {
    telegram.set_callback_lifetime(body.seconds);
    StatusCode::NO_CONTENT
}
