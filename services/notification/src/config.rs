//! Every setting of this service.

use std::time::Duration;

use common::config::{ConfigError, Reader, Secret, Shared};
use common::credentials::CredentialFiles;
use common::sandbox::Mode;
use common::telemetry::Telemetry;
use lettre::message::Mailbox;
use url::Url;

/// The port unless `BIND` says otherwise.
pub const PORT: u16 = 3003;

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    pub shared: Shared,
    pub telemetry: Telemetry,
    /// None: the channel is off.
    pub telegram: Option<Telegram>,
    /// None: the channel is off.
    pub smtp: Option<Smtp>,
    pub keep: Keep,
    /// `ALERTMANAGER_TOKEN`, 16 characters or more, the same as in Alertmanager's `credentials_file`: lets it hand in alerts. Without it none are taken.
    pub alertmanager_token: Option<Secret>,
    /// `NOTIFICATION_RUNBOOKS_URL` (default none): where people read the files of this repository; relative links to runbooks in alerts start there, for example `https://git.example.org/quantapilot/`.
    pub runbooks_url: Option<Url>,
    /// Those that came from a folder.
    pub credentials: CredentialFiles,
}

/// How long what was said stays here. What was decided, by whom and when is an event of dashboard-backend and stays for ever.
#[derive(Debug, Clone)]
pub struct Keep {
    /// `NOTIFICATION_KEEP_DAYS` (default 365; 0: for ever): how long notifications stay with their messages and attempts. Those of open decisions stay.
    pub notifications: Option<Duration>,
    /// `NOTIFICATION_KEEP_INBOX_DAYS` (default 30; 0: for ever): how long Telegram updates and visits of approval links stay.
    pub inbox: Option<Duration>,
}

/// The bot.
#[derive(Debug, Clone)]
pub struct Telegram {
    /// `TELEGRAM_BOT_TOKEN`: the token that `@BotFather` gave. Without it nothing goes to Telegram.
    pub token: Secret,
    /// `TELEGRAM_API_URL` (default `https://api.telegram.org`): another server that speaks the Bot API.
    pub api_url: Url,
    /// Whether that is the sandbox's.
    pub mode: Mode,
    /// `NOTIFICATION_TELEGRAM_MODE` (default `polling`): `polling` works behind any router, `webhook` needs a public HTTPS address.
    pub receive: Receive,
    /// `NOTIFICATION_TELEGRAM_GROUP_CHAT_ID`: a group that also gets every approval request. Its buttons count only for linked approvers.
    pub group_chat_id: Option<i64>,
}

/// How updates come in.
#[derive(Debug, Clone)]
pub enum Receive {
    /// We ask.
    Polling,
    /// Telegram calls us.
    Webhook {
        /// `NOTIFICATION_TELEGRAM_WEBHOOK_URL` (default `PUBLIC_URL/webhooks/telegram`).
        url: Url,
        /// `TELEGRAM_WEBHOOK_SECRET`: 16 to 256 of `A-Z a-z 0-9 _ -`; comes back in a header.
        secret: Secret,
    },
}

/// The mail server.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// `SMTP_URL`: `smtps://user:password@host` (TLS), `smtp://user:password@host:587?tls=required` (STARTTLS), or plain `smtp://host`.
    pub url: Secret,
    /// Whether that is the sandbox.
    pub mode: Mode,
    /// `SMTP_FROM`: for example `QuantaPilot <pilot@example.org>`.
    pub from: Mailbox,
}

impl Config {
    /// Reads the process environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(Reader::from_env())
    }

    /// Reads every setting, then reports every problem at once.
    pub fn read(mut env: Reader) -> Result<Self, ConfigError> {
        let shared = Shared::read(&mut env, PORT);
        let telemetry = Telemetry::read(&mut env);
        let telegram = telegram(&mut env, &shared);
        let smtp = smtp(&mut env, &shared);
        let keep = Keep {
            notifications: env.keep_days("NOTIFICATION_KEEP_DAYS", 365),
            inbox: env.keep_days("NOTIFICATION_KEEP_INBOX_DAYS", 30),
        };
        let alertmanager_token = env.optional_secret("ALERTMANAGER_TOKEN");
        if alertmanager_token.as_ref().is_some_and(|token| token.expose().len() < 16) {
            env.problem("ALERTMANAGER_TOKEN is too short: it needs 16 characters or more (`openssl rand -hex 32` makes a good one)");
        }
        let runbooks_url = env.optional("NOTIFICATION_RUNBOOKS_URL");
        let credentials = env.finish()?;
        Ok(Self { shared, telemetry, telegram, smtp, keep, alertmanager_token, runbooks_url, credentials })
    }
}

fn telegram(env: &mut Reader, shared: &Shared) -> Option<Telegram> {
    let mut token = env.optional_secret("TELEGRAM_BOT_TOKEN");
    let mut api_url: Option<Url> = env.optional("TELEGRAM_API_URL");
    if let Some(sandbox) = &shared.sandbox_url
        && token.is_none()
        && api_url.as_ref().is_none_or(|url| url.origin() == sandbox.origin())
    {
        token = Some(Secret::new(common::sandbox::TELEGRAM_BOT_TOKEN));
        api_url = Some(sandbox.clone());
    }
    let api_url = api_url.unwrap_or_else(|| "https://api.telegram.org".parse().expect("the default is a URL"));
    let group_chat_id = env.optional("NOTIFICATION_TELEGRAM_GROUP_CHAT_ID");
    let mode = env.or("NOTIFICATION_TELEGRAM_MODE", "polling".to_owned());
    let receive = match mode.as_str() {
        "polling" => Receive::Polling,
        "webhook" => {
            let secret = env.secret("TELEGRAM_WEBHOOK_SECRET", 16);
            let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
            if secret.expose().len() > 256 || !secret.expose().bytes().all(allowed) {
                env.problem("TELEGRAM_WEBHOOK_SECRET may hold only A-Z a-z 0-9 _ - and at most 256 characters");
            }
            let default = shared.public_url.join("/webhooks/telegram").unwrap_or_else(|_| shared.public_url.clone());
            Receive::Webhook { url: env.or("NOTIFICATION_TELEGRAM_WEBHOOK_URL", default), secret }
        }
        other => {
            env.problem(format!("NOTIFICATION_TELEGRAM_MODE is `{other}`: use `polling` or `webhook`"));
            Receive::Polling
        }
    };
    let token = token?;
    let well_formed = token
        .expose()
        .split_once(':')
        .is_some_and(|(id, rest)| id.parse::<u64>().is_ok() && !rest.is_empty() && !rest.contains(['/', ' ']));
    if !well_formed {
        env.problem(
            "TELEGRAM_BOT_TOKEN is not a bot token (example: 123456789:AAE…, @BotFather gives one); leave it out to switch Telegram off",
        );
    }
    Some(Telegram { token, mode: shared.mode_of(&api_url), api_url, receive, group_chat_id })
}

fn smtp(env: &mut Reader, shared: &Shared) -> Option<Smtp> {
    let url = env.optional_secret("SMTP_URL");
    let from = env.optional::<Mailbox>("SMTP_FROM");
    if url.is_none()
        && let Some(sandbox) = &shared.sandbox_url
    {
        let default = format!("smtp://{}:{}", sandbox.host_str().unwrap_or("sandbox"), common::sandbox::SMTP_PORT);
        let nobody = || "QuantaPilot <quantapilot@quantapilot.example>".parse().expect("the default is an address");
        return Some(Smtp {
            // `SANDBOX_SMTP_URL` (default: port 3925 of `SANDBOX_URL`): where mail goes when there is no `SMTP_URL`.
            url: Secret::new(env.or("SANDBOX_SMTP_URL", default)),
            mode: Mode::Sandbox,
            from: from.unwrap_or_else(nobody),
        });
    }
    match (url, from) {
        (None, _) => None,
        (Some(url), Some(from)) => {
            if let Err(error) = lettre::AsyncSmtpTransport::<lettre::Tokio1Executor>::from_url(url.expose()) {
                env.problem(format!(
                    "SMTP_URL is not valid: {error} (example: smtps://user:password@mail.example.org)"
                ));
            }
            Some(Smtp { url, mode: Mode::Live, from })
        }
        (Some(_), None) => {
            env.problem("SMTP_URL is set but SMTP_FROM is not (example: SMTP_FROM=QuantaPilot <pilot@example.org>)");
            None
        }
    }
}
