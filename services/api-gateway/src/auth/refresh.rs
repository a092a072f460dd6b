//! Keeps the keys and the list of revocations current.

use std::time::Duration;

use common::http::client::{CallError, Client};
use futures::StreamExt as _;
use http::Method;
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;

const KEYS_EVERY: Duration = Duration::from_mins(5);
const KEYS_RETRY: Duration = Duration::from_millis(500);
/// An unknown key id makes us look, but not more often than this.
const KEYS_GAP: Duration = Duration::from_secs(2);
/// The whole list is read now and then in case a message was lost, and often while nobody would tell us.
const LIST_EVERY: Duration = Duration::from_secs(30);
const LIST_ALONE: Duration = Duration::from_secs(2);
const CHANNEL: &str = "qp:auth:revoked";
const LIST: &str = "qp:auth:revocations";
/// What a message on the channel, which names no end, is kept for: longer than any access token lives.
const TOKEN_LIFE_SECONDS: i64 = 24 * 3600;

/// Until `stop`: fetches the key set, listens for what is revoked, and reads the whole list from Redis and from dashboard-backend.
pub async fn keep_current(app: App, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = keys(&app) => {}
        () = listen_again(&app) => {}
        () = ask_dashboard(&app) => {}
    }
}

/// Waits until it is known who may pass, or `patience` is over: one gateway takes the place of another without a token refused that was good,
/// or taken that was revoked.
pub async fn informed(app: &App, patience: Duration) {
    let known = async {
        while !(app.keys.are_known() && app.revoked.is_read()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(patience, known).await.is_err() {
        tracing::warn!(
            keys = app.keys.are_known(),
            revocations = app.revoked.is_read(),
            "taking requests without the keys of tokens or the list of what is revoked: dashboard-backend and Redis are away"
        );
    }
}

async fn keys(app: &App) {
    let client = Client::with_timeout("jwks", Duration::from_secs(5));
    loop {
        let begun = Instant::now();
        let pause = match fetch(app, &client).await {
            Ok(set) => {
                app.keys.replace(&set);
                app.keys_fetched.notify_waiters();
                KEYS_EVERY
            }
            Err(error) => {
                tracing::debug!(%error, "cannot fetch the keys yet");
                KEYS_RETRY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.keys_wanted.notified() => tokio::time::sleep_until(begun + KEYS_GAP).await,
        }
    }
}

async fn fetch(app: &App, client: &Client) -> Result<JwkSet, CallError> {
    client.json(client.request(Method::GET, app.settings.jwks_url.clone())).await
}

async fn listen_again(app: &App) {
    loop {
        if let Err(error) = listen(app).await {
            tracing::debug!(error = %format!("{error:#}"), "not listening for revocations: Redis is away");
        }
        app.listening.store(false, std::sync::atomic::Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn listen(app: &App) -> anyhow::Result<()> {
    let mut subscriber = app.redis.subscriber().await?;
    subscriber.subscribe(CHANNEL).await?;
    subscriber.subscribe(crate::cache::PURGE_CHANNEL).await?;
    app.listening.store(true, std::sync::atomic::Ordering::Relaxed);
    app.cache.missed_messages();
    let mut messages = subscriber.into_on_message();
    let mut again = tokio::time::interval(LIST_EVERY);
    loop {
        tokio::select! {
            message = messages.next() => {
                let message = message.ok_or_else(|| anyhow::anyhow!("Redis closed the connection"))?;
                let text = message.get_payload::<String>()?;
                if message.get_channel_name() == CHANNEL {
                    app.revoked.add(&text, app.clock.now().unix_timestamp() + TOKEN_LIFE_SECONDS);
                } else {
                    app.cache.purge(&text).await;
                }
            }
            _ = again.tick() => {
                let now = app.clock.now().unix_timestamp();
                let list: Vec<(String, i64)> = redis::cmd("ZRANGEBYSCORE").arg(LIST).arg(now - 60).arg("+inf").arg("WITHSCORES").query_async(&mut app.redis.connection()).await?;
                app.revoked.merge(list, now);
            }
        }
    }
}

#[derive(Deserialize)]
struct Revocations {
    revoked: Vec<Revocation>,
}

#[derive(Deserialize)]
struct Revocation {
    subject: String,
    until: i64,
}

/// Postgres has the list too: without Redis nobody stays signed in who should not.
async fn ask_dashboard(app: &App) {
    let client = Client::with_timeout("dashboard-backend", Duration::from_secs(5));
    loop {
        let request = client
            .request(Method::GET, app.settings.revocations_url.clone())
            .header(http::header::AUTHORIZATION, app.tokens.bearer_for("dashboard-backend"));
        match client.json::<Revocations>(request).await {
            Ok(list) => {
                let list = list.revoked.into_iter().map(|one| (one.subject, one.until));
                app.revoked.merge(list, app.clock.now().unix_timestamp());
            }
            Err(error) => tracing::debug!(%error, "cannot read the list of revocations"),
        }
        let alone = !app.listening.load(std::sync::atomic::Ordering::Relaxed);
        tokio::time::sleep(if alone { LIST_ALONE } else { LIST_EVERY }).await;
    }
}
