//! Keeps keys and revocations current.

use std::time::Duration;

use common::http::client::{CallError, Client};
use futures::StreamExt as _;
use http::Method;
use jsonwebtoken::jwk::JwkSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::table::Service;

const KEYS_EVERY: Duration = Duration::from_mins(5);
const KEYS_RETRY: Duration = Duration::from_secs(1);
const REVOCATIONS_EVERY: Duration = Duration::from_secs(30);
const CHANNEL: &str = "qp:auth:revoked";
const LIST: &str = "qp:auth:revocations";

/// Until `stop`: fetches dashboard-backend's keys, listens for ended sessions, and reads the whole list now and then in case a message was lost.
pub async fn keep_current(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    tokio::select! {
        () = stop.cancelled() => {}
        () = keys(&app) => {}
        () = revocations(&app) => {}
    }
    Ok(())
}

async fn keys(app: &App) {
    let client = Client::with_timeout("dashboard-backend", Duration::from_secs(5));
    loop {
        let pause = match fetch(app, &client).await {
            Ok(set) => {
                app.keys.replace(&set);
                KEYS_EVERY
            }
            Err(error) => {
                tracing::debug!(%error, "cannot fetch the keys yet");
                KEYS_RETRY
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn fetch(app: &App, client: &Client) -> Result<JwkSet, CallError> {
    let url = app.services[&Service::DashboardBackend].join("/api/v1/auth/jwks.json").expect("the path is valid");
    client.json(client.request(Method::GET, url)).await
}

async fn revocations(app: &App) {
    loop {
        if let Err(error) = listen(app).await {
            tracing::debug!(error = %format!("{error:#}"), "not listening for ended sessions");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn listen(app: &App) -> anyhow::Result<()> {
    let mut subscriber = app.redis.subscriber().await?;
    subscriber.subscribe(CHANNEL).await?;
    let mut messages = subscriber.into_on_message();
    let mut again = tokio::time::interval(REVOCATIONS_EVERY);
    loop {
        tokio::select! {
            message = messages.next() => {
                let message = message.ok_or_else(|| anyhow::anyhow!("Redis closed the connection"))?;
                app.keys.revoke(&message.get_payload::<String>()?);
            }
            _ = again.tick() => {
                let now = app.clock.now().unix_timestamp();
                let sessions: Vec<String> = redis::cmd("ZRANGEBYSCORE").arg(LIST).arg(now - 60).arg("+inf").query_async(&mut app.redis.connection()).await?;
                app.keys.replace_revoked(sessions);
            }
        }
    }
}
