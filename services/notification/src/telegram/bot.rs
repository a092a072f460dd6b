//! The calls we make, through teloxide's transport. The payloads are our own: the library stops at an older version of the Bot API, and
//! what we send (coloured buttons) and read (any update, unknown kinds too) should not wait for it.

use std::time::Duration;

use common::telemetry::Outgoing;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use teloxide::requests::{JsonRequest, Payload, Request as _};
use teloxide::{ApiError, RequestError};

use crate::config;

/// How long Telegram holds an empty poll open.
const POLL: Duration = Duration::from_secs(25);
/// Everything else answers at once.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Our bot. The token never leaves this type.
#[derive(Clone)]
pub struct Bot {
    calls: teloxide::Bot,
    polls: teloxide::Bot,
}

/// Why a call did not work, and what that means for us.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The whole bot must wait.
    #[error("Telegram asks to wait {} s", .0.as_secs())]
    Wait(Duration),
    /// Nobody will read this chat: blocked, deactivated, never started, unknown.
    #[error("{0}")]
    Dead(String),
    /// What we want is already so.
    #[error("nothing to change")]
    Unchanged,
    /// The message to edit is gone or may not be edited.
    #[error("{0}")]
    NotEditable(String),
    /// Our markup was wrong.
    #[error("{0}")]
    Markup(String),
    /// The group has another number now.
    #[error("the group has become a supergroup")]
    Moved(i64),
    /// Refused for good.
    #[error("{0}")]
    Rejected(String),
    /// Another poller has the same token, or a webhook is set.
    #[error("{0}")]
    Conflict(String),
    /// No answer, a 5xx or a wrong token: another try may work.
    #[error("{0}")]
    Away(String),
}

macro_rules! payload {
    ($name:ident, $method:literal) => {
        #[derive(Serialize)]
        #[serde(transparent)]
        struct $name(Value);

        impl Payload for $name {
            type Output = Value;
            const NAME: &'static str = $method;
        }
    };
}

payload!(GetMe, "getMe");
payload!(GetUpdates, "getUpdates");
payload!(SetWebhook, "setWebhook");
payload!(DeleteWebhook, "deleteWebhook");
payload!(SetMyCommands, "setMyCommands");
payload!(SendMessage, "sendMessage");
payload!(EditMessageText, "editMessageText");
payload!(AnswerCallbackQuery, "answerCallbackQuery");

/// Who we are.
#[derive(Debug, Deserialize)]
pub struct Me {
    pub username: String,
}

#[derive(Debug, Deserialize)]
struct Sent {
    message_id: i64,
}

impl Bot {
    /// Builds the clients; nothing is called yet.
    pub fn new(settings: &config::Telegram) -> anyhow::Result<Self> {
        // teloxide brings a reqwest of its own; its trust roots are compiled in.
        let client = |timeout| teloxide::net::default_reqwest_settings().timeout(timeout).build();
        let bot =
            |client| teloxide::Bot::with_client(settings.token.expose(), client).set_api_url(settings.api_url.clone());
        Ok(Self { calls: bot(client(TIMEOUT)?), polls: bot(client(POLL + Duration::from_secs(15))?) })
    }

    /// Who we are; also the cheapest proof that the token is good.
    pub async fn get_me(&self) -> Result<Me, Failure> {
        read(self.call(GetMe(json!({}))).await?)
    }

    /// Waits for updates from `offset` on.
    pub async fn get_updates(&self, offset: i64, allowed: &[&str]) -> Result<Vec<Value>, Failure> {
        let payload = GetUpdates(json!({
            "offset": offset, "timeout": POLL.as_secs(), "limit": 100, "allowed_updates": allowed,
        }));
        read(JsonRequest::new(self.polls.clone(), payload).send().await.map_err(classify)?)
    }

    /// Has Telegram call us.
    pub async fn set_webhook(&self, url: &str, secret: &str, allowed: &[&str]) -> Result<(), Failure> {
        self.call(SetWebhook(json!({ "url": url, "secret_token": secret, "allowed_updates": allowed }))).await.map(drop)
    }

    /// Ends that; what waits is kept.
    pub async fn delete_webhook(&self) -> Result<(), Failure> {
        self.call(DeleteWebhook(json!({ "drop_pending_updates": false }))).await.map(drop)
    }

    /// What the menu offers.
    pub async fn set_commands(&self, commands: &[(&str, &str)]) -> Result<(), Failure> {
        let commands: Vec<Value> = commands
            .iter()
            .map(|(command, description)| json!({ "command": command, "description": description }))
            .collect();
        self.call(SetMyCommands(json!({ "commands": commands }))).await.map(drop)
    }

    /// Says something; answers the number of the message.
    pub async fn send(&self, message: &Value) -> Result<i64, Failure> {
        let sent: Sent = read(self.call(SendMessage(message.clone())).await?)?;
        Ok(sent.message_id)
    }

    /// Replaces text and buttons of a message.
    pub async fn edit(&self, message: &Value) -> Result<(), Failure> {
        self.call(EditMessageText(message.clone())).await.map(drop)
    }

    /// Ends the spinning of a pressed button.
    pub async fn answer_callback(&self, id: &str, text: &str, alert: bool) -> Result<(), Failure> {
        self.call(AnswerCallbackQuery(json!({ "callback_query_id": id, "text": text, "show_alert": alert })))
            .await
            .map(drop)
    }

    async fn call<P>(&self, payload: P) -> Result<Value, Failure>
    where
        P: Payload<Output = Value> + Serialize + Send + 'static,
    {
        let call = Outgoing::begin("telegram", P::NAME);
        let result = call.during(async { JsonRequest::new(self.calls.clone(), payload).send().await }).await;
        call.end(match &result {
            Ok(_) => "2xx",
            Err(RequestError::Network(_) | RequestError::Io(_)) => "unreachable",
            Err(_) => "4xx",
        });
        result.map_err(classify)
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value)
        .map_err(|error| Failure::Away(format!("Telegram answered something unexpected: {error}")))
}

fn classify(error: RequestError) -> Failure {
    match error {
        RequestError::RetryAfter(seconds) => Failure::Wait(seconds.duration()),
        RequestError::MigrateToChatId(id) => Failure::Moved(id.0),
        RequestError::Api(error) => classify_api(&error),
        // The address of the call holds the token, so the cause is named without it.
        RequestError::Network(error) if error.is_timeout() => {
            Failure::Away("Telegram did not answer in time".to_owned())
        }
        RequestError::Network(error) if error.is_connect() => Failure::Away("Telegram cannot be reached".to_owned()),
        RequestError::Network(_) => Failure::Away("the connection to Telegram broke".to_owned()),
        RequestError::InvalidJson { source, .. } => {
            Failure::Away(format!("Telegram answered something unexpected: {source}"))
        }
        RequestError::Io(error) => Failure::Away(error.to_string()),
    }
}

fn classify_api(error: &ApiError) -> Failure {
    let text = match error {
        ApiError::Unknown(text) => text.clone(),
        known => known.to_string(),
    };
    let lower = text.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if matches!(error, ApiError::InvalidToken) {
        Failure::Away("Telegram does not know this bot token: check TELEGRAM_BOT_TOKEN".to_owned())
    } else if lower.starts_with("conflict") || says(&["webhook is active", "terminated by other getupdates"]) {
        Failure::Conflict(text)
    } else if says(&["message is not modified"]) {
        Failure::Unchanged
    } else if says(&["message to edit not found", "message can't be edited", "message_id_invalid"]) {
        Failure::NotEditable(text)
    } else if says(&["can't parse entities"]) {
        Failure::Markup(text)
    } else if lower.starts_with("forbidden")
        || says(&["chat not found", "bot was blocked", "user is deactivated", "can't initiate"])
    {
        Failure::Dead(text)
    } else if says(&["internal server error", "bad gateway", "service unavailable", "gateway timeout"]) {
        Failure::Away(text)
    } else {
        Failure::Rejected(text)
    }
}
