//! Linking a Telegram account to a user.

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::auth::{Caller, ServiceCaller, Viewer};
use common::clients::notification::LinkChat;
use common::error::{Error, Problem, Result};
use common::http::Json;
use http::StatusCode;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::app::App;
use crate::store::{telegram_links, updates};
use crate::text::without_nul;

const CODE_MINUTES: i64 = 10;

/// Links of the signed-in person.
#[derive(Debug, Serialize, ToSchema)]
pub struct TelegramLinks {
    /// None or one.
    pub items: Vec<TelegramLinkView>,
    /// Whether this installation has a bot at all.
    pub available: bool,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
pub struct TelegramLinkView {
    /// Telegram's number of the account.
    pub telegram_user_id: i64,
    /// As whom it is linked.
    pub name: String,
    /// The person blocked the bot: mail is used instead.
    pub blocked: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub linked_at: OffsetDateTime,
}

/// A one-time code.
#[derive(Debug, Serialize, ToSchema)]
pub struct TelegramLinkCode {
    /// To be sent to the bot as `/start <code>`; shown once.
    pub code: String,
    /// Does that when opened on a phone.
    pub url: String,
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// Which Telegram account is mine.
#[utoipa::path(get, path = "/api/v1/telegram-links", tag = "telegram links", responses(
    (status = 200, body = TelegramLinks), (status = 401, body = Problem)))]
pub async fn list_telegram_links(State(app): State<App>, caller: Caller<Viewer>) -> Result<Json<TelegramLinks>> {
    let mut conn = app.db.acquire().await?;
    let link = telegram_links::find(&mut conn, caller.user_id).await?;
    let items = link
        .map(|link| TelegramLinkView {
            telegram_user_id: link.telegram_user_id,
            name: link.name,
            blocked: link.blocked_at.is_some(),
            linked_at: link.created_at,
        })
        .into_iter()
        .collect();
    Ok(Json(TelegramLinks { items, available: app.telegram.is_some() }))
}

/// Make a one-time code, good for ten minutes. An older one ends.
#[utoipa::path(post, path = "/api/v1/telegram-links", tag = "telegram links", responses(
    (status = 201, body = TelegramLinkCode), (status = 503, body = Problem)))]
pub async fn create_telegram_link(
    State(app): State<App>,
    caller: Caller<Viewer>,
) -> Result<(StatusCode, Json<TelegramLinkCode>)> {
    let username = bot_name(&app).await?;
    let code = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
    let now = app.clock.now();
    let expires_at = now + time::Duration::minutes(CODE_MINUTES);
    let mut tx = app.db.begin().await?;
    let code_hash = Sha256::digest(code.as_bytes());
    telegram_links::insert_code(&mut tx, &code_hash, caller.user_id, &caller.email, expires_at, now).await?;
    tx.commit().await?;
    let url = format!("https://t.me/{username}?start={code}");
    Ok((StatusCode::CREATED, Json(TelegramLinkCode { code, url, expires_at })))
}

async fn bot_name(app: &App) -> Result<String> {
    let Some(bot) = &app.telegram else {
        return Err(Error::unavailable(
            "telegram_off",
            "This installation has no Telegram bot: set TELEGRAM_BOT_TOKEN",
        ));
    };
    let mut conn = app.db.acquire().await?;
    if let Some(username) = updates::bot(&mut conn).await?.username {
        return Ok(username);
    }
    drop(conn);
    let me = bot.get_me().await.map_err(|failure| {
        Error::unavailable("telegram_unreachable", "Telegram does not answer right now; try again").with_source(failure)
    })?;
    updates::set_username(&mut *app.db.acquire().await?, &me.username).await?;
    Ok(me.username)
}

/// End my link.
#[utoipa::path(delete, path = "/api/v1/telegram-links", tag = "telegram links", responses(
    (status = 204), (status = 404, body = Problem)))]
pub async fn delete_telegram_link(State(app): State<App>, caller: Caller<Viewer>) -> Result<StatusCode> {
    let mut conn = app.db.acquire().await?;
    if telegram_links::unlink(&mut conn, caller.user_id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::not_found("not_linked", "No Telegram account is linked"))
    }
}

/// Link without a code; for setting up a demo. People link with the code.
#[utoipa::path(post, path = "/internal/v1/telegram-links", tag = "internal", request_body = LinkChat, responses((status = 204)))]
pub async fn link_chat(
    State(app): State<App>,
    _caller: ServiceCaller,
    Json(body): Json<LinkChat>,
) -> Result<StatusCode> {
    let body = without_nul(body)?;
    let mut tx = app.db.begin().await?;
    telegram_links::link(&mut tx, body.user_id, body.chat_user_id, &body.name, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
