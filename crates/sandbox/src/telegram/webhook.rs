//! Pushing updates to an address instead of waiting to be asked.

use std::time::Duration;

use serde_json::{Value, json};
use url::{Host, Url};

use super::{
    Telegram,
    error::ApiError,
    params::Params,
    state::{Webhook, now},
};

const PORTS: [u16; 4] = [443, 80, 88, 8443];
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Telegram {
    pub(super) fn set_webhook(&self, params: &Params) -> Result<Value, ApiError> {
        let Some(url) = params.text("url") else { return Ok(self.delete_webhook(params)) };
        check_url(&url)?;
        let secret_token = params.text("secret_token");
        if let Some(secret) = &secret_token {
            let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
            if secret.len() > 256 || !secret.bytes().all(allowed) {
                return Err(ApiError::bad_request("secret token contains unallowed characters"));
            }
        }
        let kinds = params.nested("allowed_updates")?.and_then(|list| serde_json::from_value(list).ok());
        let max_connections = params.integer("max_connections").unwrap_or(40).clamp(1, 100);
        self.change(|state| {
            if params.flag("drop_pending_updates") {
                state.updates.clear();
            }
            if kinds.is_some() {
                state.allowed_updates = kinds;
            }
            state.webhook = Some(Webhook { url, secret_token, max_connections, ..Webhook::default() });
        });
        Ok(json!(true))
    }

    pub(super) fn delete_webhook(&self, params: &Params) -> Value {
        self.change(|state| {
            if params.flag("drop_pending_updates") {
                state.updates.clear();
            }
            state.webhook = None;
        });
        json!(true)
    }

    pub(super) fn get_webhook_info(&self) -> Value {
        let state = self.lock();
        let webhook = state.webhook.clone().unwrap_or_default();
        let mut info = json!({
            "url": webhook.url,
            "has_custom_certificate": false,
            "pending_update_count": state.updates.len(),
        });
        if !webhook.url.is_empty() {
            info["max_connections"] = json!(webhook.max_connections);
        }
        if let (Some(date), Some(message)) = (webhook.last_error_date, webhook.last_error_message) {
            info["last_error_date"] = json!(date);
            info["last_error_message"] = json!(message);
        }
        if let Some(kinds) = &state.allowed_updates {
            info["allowed_updates"] = json!(kinds);
        }
        info
    }
}

/// HTTPS on one of four ports, as Telegram wants it; this machine may go without.
fn check_url(url: &str) -> Result<(), ApiError> {
    let bad = |what: &str| Err(ApiError::bad_request(format!("bad webhook: {what}")));
    let Ok(parsed) = Url::parse(url) else { return bad("invalid URL specified") };
    let local = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return bad("invalid URL specified"),
    };
    if local && parsed.scheme() == "http" {
        return Ok(());
    }
    if parsed.scheme() != "https" {
        return bad("An HTTPS URL must be provided for webhook");
    }
    if !parsed.port_or_known_default().is_some_and(|port| PORTS.contains(&port)) {
        return bad("Webhook can be set up only on ports 80, 88, 443 or 8443");
    }
    Ok(())
}

/// Pushes pending updates one after the other until the sandbox stops. What is refused is tried again.
pub(super) async fn push(telegram: Telegram) {
    let client = match reqwest::Client::builder().timeout(Duration::from_secs(30)).build() {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "cannot build the client that pushes Telegram updates"),
    };
    let stop = telegram.0.ctx.stop().clone();
    let mut pause = Duration::from_millis(500);
    loop {
        let mut woken = std::pin::pin!(telegram.0.wake.notified());
        woken.as_mut().enable();
        let next = {
            let state = telegram.lock();
            state.webhook.clone().zip(state.updates.front().cloned())
        };
        let Some((webhook, update)) = next else {
            tokio::select! {
                () = woken => continue,
                () = stop.cancelled() => return,
            }
        };
        let mut request = client.post(&webhook.url).json(&update.to_api());
        if let Some(secret) = &webhook.secret_token {
            request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
        }
        let outcome = tokio::select! {
            outcome = request.send() => outcome,
            () = stop.cancelled() => return,
        };
        let failure = match outcome {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("Wrong response from the webhook: {}", response.status())),
            Err(error) if error.is_timeout() => Some("Read timeout expired".to_owned()),
            Err(_) => Some("Connection refused".to_owned()),
        };
        if let Some(message) = failure {
            telegram.change(|state| {
                if let Some(webhook) = &mut state.webhook {
                    webhook.last_error_date = Some(now());
                    webhook.last_error_message = Some(message);
                }
            });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        } else {
            pause = Duration::from_millis(500);
            telegram.change(|state| state.confirm(update.id + 1));
        }
    }
}
