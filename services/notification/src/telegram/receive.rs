//! Getting updates in: by asking, or by being called.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;

use super::{ALLOWED, Bot, Failure, take};
use crate::app::App;
use crate::config::Receive;
use crate::store::updates;

/// The menu of the bot.
const COMMANDS: [(&str, &str); 4] = [
    ("start", "Link this account"),
    ("status", "Which account is linked"),
    ("unlink", "End the link"),
    ("help", "What this bot does"),
];
/// Of all processes with this database one polls: Telegram allows one, and the lock says which.
const POLL_LOCK: i64 = 0x7170_7465_6c65;

/// Receives updates until `stop`. Without a bot there is nothing to do.
pub async fn receive(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    let (Some(bot), Some(settings)) = (app.telegram.clone(), app.config.telegram.clone()) else {
        stop.cancelled().await;
        return Ok(());
    };
    introduce(&app, &bot).await;
    match settings.receive {
        Receive::Polling => {
            while !stop.is_cancelled() {
                if let Err(error) = poll_while_leading(&app, &bot, &stop).await {
                    tracing::warn!(error = %format!("{error:#}"), "cannot poll Telegram; trying again");
                }
                wait(Duration::from_secs(2), &stop).await;
            }
        }
        Receive::Webhook { url, secret } => {
            let mut pause = Duration::from_secs(1);
            while let Err(failure) = bot.set_webhook(url.as_str(), secret.expose(), &ALLOWED).await {
                tracing::warn!(error = %failure, "cannot set the Telegram webhook; trying again");
                note_problem(&app, Some(&failure.to_string())).await;
                wait(pause, &stop).await;
                if stop.is_cancelled() {
                    return Ok(());
                }
                pause = (pause * 2).min(Duration::from_mins(1));
            }
            note_problem(&app, None).await;
            stop.cancelled().await;
        }
    }
    Ok(())
}

/// Name and menu; not having them is no reason to wait.
async fn introduce(app: &App, bot: &Bot) {
    match bot.get_me().await {
        Ok(me) => {
            if let Ok(mut conn) = app.db.acquire().await
                && let Err(error) = updates::set_username(&mut conn, &me.username).await
            {
                tracing::warn!(%error, "cannot keep the bot's name");
            }
            tracing::info!("the bot is `{}`", me.username);
        }
        Err(failure) => tracing::warn!(error = %failure, "cannot ask Telegram who we are"),
    }
    if let Err(failure) = bot.set_commands(&COMMANDS).await {
        tracing::warn!(error = %failure, "cannot set the bot's menu");
    }
}

/// Polls as long as this process holds the lock; another waits for its turn.
async fn poll_while_leading(app: &App, bot: &Bot, stop: &CancellationToken) -> anyhow::Result<()> {
    // A connection of its own, around any pooler: the lock lives and dies with it.
    let shared = &app.config.shared;
    let mut lock = PgConnection::connect(shared.database_direct_url.as_ref().unwrap_or(&shared.database_url).expose())
        .await
        .map_err(|_| anyhow::anyhow!("the database does not answer"))?;
    let leading: bool =
        sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(POLL_LOCK).fetch_one(&mut lock).await?;
    if !leading {
        return Ok(());
    }
    while !stop.is_cancelled() {
        lock.ping().await?;
        let offset = updates::bot(&mut *app.db.acquire().await?).await?.next_offset;
        let polled = tokio::select! {
            polled = bot.get_updates(offset, &ALLOWED) => polled,
            () = stop.cancelled() => break,
        };
        match polled {
            Ok(found) => {
                note_problem(app, None).await;
                for raw in found {
                    take(app, &raw).await?;
                }
            }
            Err(failure) => {
                note_problem(app, Some(&failure.to_string())).await;
                recover(bot, failure, stop).await;
            }
        }
    }
    lock.close().await?;
    Ok(())
}

async fn recover(bot: &Bot, failure: Failure, stop: &CancellationToken) {
    tracing::warn!(error = %failure, "Telegram gives no updates");
    match failure {
        Failure::Wait(pause) => wait(pause, stop).await,
        Failure::Conflict(text) if text.contains("webhook") => {
            // Left over from another mode; what waits at Telegram stays there for us.
            if let Err(failure) = bot.delete_webhook().await {
                tracing::warn!(error = %failure, "cannot remove the webhook that is in the way");
                wait(Duration::from_secs(5), stop).await;
            }
        }
        Failure::Conflict(_) => wait(Duration::from_secs(10), stop).await,
        _ => wait(Duration::from_secs(2), stop).await,
    }
}

async fn note_problem(app: &App, problem: Option<&str>) {
    let Ok(mut conn) = app.db.acquire().await else { return };
    if let Err(error) = updates::set_problem(&mut conn, problem, app.clock.now()).await {
        tracing::warn!(%error, "cannot note the state of the bot");
    }
}

async fn wait(pause: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = stop.cancelled() => {}
    }
}
