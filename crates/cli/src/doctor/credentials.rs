//! Credentials of the outside world: are they taken, and do they allow what is needed? A service without credentials is played by the sandbox
//! or switched off, which is no fault.

use std::time::Duration;

use ::doctor::Finding;
use common::config::{Reader, Secret};
use common::http::client::Client;
use http::{Method, StatusCode};
use serde_json::Value;
use url::Url;

/// What a classic token needs: to push branches, and to push files of workflows.
const SCOPES: [&str; 2] = ["repo", "workflow"];
const LIMIT: Duration = Duration::from_secs(10);

/// All four, at once.
pub(super) async fn look() -> Vec<Finding> {
    let mut env = Reader::from_env();
    let (github, cursor) = (env.optional_secret("GITHUB_TOKEN"), env.optional_secret("CURSOR_API_KEY"));
    let (telegram, smtp) = (env.optional_secret("TELEGRAM_BOT_TOKEN"), env.optional_secret("SMTP_URL"));
    let app: Option<u64> = env.optional("GITHUB_APP_ID");
    let mut url = |name: &str, default: &str| env.or::<Url>(name, default.parse().expect("the default is a URL"));
    let github_url = url("GITHUB_API_URL", "https://api.github.com");
    let cursor_url = url("CURSOR_API_URL", "https://api.cursor.com");
    let telegram_url = url("TELEGRAM_API_URL", "https://api.telegram.org");
    let (github, cursor, telegram, smtp) = tokio::join!(
        github_token(github.as_ref(), app, &github_url),
        cursor_key(cursor.as_ref(), &cursor_url),
        bot(telegram.as_ref(), &telegram_url),
        mail(smtp.as_ref()),
    );
    vec![github, cursor, telegram, smtp]
}

fn path(base: &Url, path: &str) -> Url {
    format!("{}/{path}", base.as_str().trim_end_matches('/')).parse().unwrap_or_else(|_| base.clone())
}

async fn github_token(token: Option<&Secret>, app: Option<u64>, base: &Url) -> Finding {
    const ID: &str = "credentials.github";
    let Some(token) = token else {
        return match app {
            Some(id) => {
                Finding::skipped(ID, format!("the App {id} is asked by github-integration: see `integration.github`"))
            }
            None => Finding::skipped(ID, "neither GITHUB_TOKEN nor GITHUB_APP_ID is set"),
        };
    };
    let client = Client::with_timeout("github", LIMIT);
    let request = client.request(Method::GET, path(base, "user")).bearer_auth(token.expose());
    let response = match client.send(request).await {
        Ok(response) => response,
        Err(error) => return Finding::warning(ID, error.to_string(), "check GITHUB_API_URL and the way out"),
    };
    match response.status() {
        StatusCode::OK => {
            let scopes =
                response.headers().get("x-oauth-scopes").and_then(|value| value.to_str().ok()).map(str::to_owned);
            let login = response.json::<Value>().await.unwrap_or_default()["login"].as_str().unwrap_or("?").to_owned();
            let missing = scopes.filter(|text| !text.is_empty()).map(|text| {
                let has: Vec<&str> = text.split(',').map(str::trim).collect();
                SCOPES.into_iter().filter(|scope| !has.contains(scope)).collect::<Vec<_>>()
            });
            match missing {
                Some(missing) if !missing.is_empty() => Finding::critical(
                    ID,
                    format!("the token of `{login}` lacks the scope(s) {}", missing.join(", ")),
                    "make a token with the scopes `repo` and `workflow`",
                ),
                Some(_) => Finding::ok(ID, format!("`{login}`, with the scopes that are needed")),
                None => Finding::ok(
                    ID,
                    format!(
                        "`{login}`; a fine-grained token does not tell its rights (it needs contents, pull requests, workflows, webhooks: write)"
                    ),
                ),
            }
        }
        status => Finding::critical(
            ID,
            format!("GitHub answers {status}"),
            "the token has expired or was revoked: make a new one and put it into GITHUB_TOKEN",
        ),
    }
}

async fn cursor_key(key: Option<&Secret>, base: &Url) -> Finding {
    const ID: &str = "credentials.cursor";
    let Some(key) = key else { return Finding::skipped(ID, "CURSOR_API_KEY is not set") };
    let client = Client::with_timeout("cursor", LIMIT);
    let request = client.request(Method::GET, path(base, "v1/me")).bearer_auth(key.expose());
    match client.send(request).await {
        Ok(response) if response.status().is_success() => {
            let name =
                response.json::<Value>().await.unwrap_or_default()["apiKeyName"].as_str().unwrap_or("?").to_owned();
            Finding::ok(ID, format!("Cursor takes the key `{name}`"))
        }
        Ok(response) => Finding::critical(
            ID,
            format!("Cursor answers {}", response.status()),
            "make a user or service-account key in Cursor's settings and put it into CURSOR_API_KEY (admin keys are refused)",
        ),
        Err(error) => Finding::warning(ID, error.to_string(), "check CURSOR_API_URL and the way out"),
    }
}

async fn bot(token: Option<&Secret>, base: &Url) -> Finding {
    const ID: &str = "credentials.telegram";
    let Some(token) = token else { return Finding::skipped(ID, "TELEGRAM_BOT_TOKEN is not set") };
    let client = Client::with_timeout("telegram", LIMIT);
    // The token is part of the path; errors of this client never tell the URL.
    let request = client.request(Method::GET, path(base, &format!("bot{}/getMe", token.expose())));
    match client.send(request).await {
        Ok(response) if response.status().is_success() => {
            let me: Value = response.json().await.unwrap_or_default();
            Finding::ok(ID, format!("Telegram knows the bot @{}", me["result"]["username"].as_str().unwrap_or("?")))
        }
        Ok(response) => Finding::critical(
            ID,
            format!("Telegram answers {}", response.status()),
            "ask @BotFather for the token and put it into TELEGRAM_BOT_TOKEN",
        ),
        Err(error) => Finding::warning(ID, error.to_string(), "check TELEGRAM_API_URL and the way out"),
    }
}

async fn mail(url: Option<&Secret>) -> Finding {
    use lettre::{AsyncSmtpTransport, Tokio1Executor};
    const ID: &str = "credentials.smtp";
    const FIX: &str =
        "check host, port, user and password in SMTP_URL, and whether this machine may reach the mail server";
    let Some(url) = url else { return Finding::skipped(ID, "SMTP_URL is not set") };
    let transport: AsyncSmtpTransport<Tokio1Executor> =
        match AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose()) {
            Ok(builder) => builder.timeout(Some(LIMIT)).build(),
            Err(_) => return Finding::critical(ID, "SMTP_URL is not an address of a mail server", FIX),
        };
    match transport.test_connection().await {
        Ok(true) => Finding::ok(ID, "the mail server lets us in"),
        Ok(false) => Finding::critical(ID, "the mail server ended the conversation", FIX),
        Err(error) if error.is_permanent() => Finding::critical(ID, format!("the mail server refuses: {error}"), FIX),
        Err(error) => Finding::warning(ID, error.to_string(), FIX),
    }
}
