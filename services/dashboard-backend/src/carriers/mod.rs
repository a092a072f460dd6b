//! Workflow executions carry projects; they may be lost at any time. Here they are registered, watched and replaced.

pub mod failure;
pub mod n8n;
pub mod reconcile;
pub mod register;

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::store::{revocations, sessions};

/// What common's resume job says when a waiting workflow is gone.
const CHANNEL: &str = "carriers";
/// Ended sessions are kept this long, so that a late use of their tokens is still recognised.
const KEEP_SESSIONS: time::Duration = time::Duration::days(30);

/// Looks after projects, decisions and sessions until `stop`. A database that is away is waited for.
pub async fn run_upkeep(app: App, stop: CancellationToken) -> anyhow::Result<()> {
    let mut listener: Option<PgListener> = None;
    let mut announced = false;
    while !stop.is_cancelled() {
        if !announced {
            match crate::identity::setup::announce(&app).await {
                Ok(()) => announced = true,
                Err(error) => {
                    tracing::warn!(error = %error.into_anyhow(), "cannot tell yet whether the first account exists");
                }
            }
        }
        if listener.is_none() {
            listener = listen(&app).await;
        }
        if let Err(error) = round(&app).await {
            tracing::warn!(error = %format!("{:#}", error.into_anyhow()), "looking after projects failed; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(app.config.carriers.reconcile) => {}
            woken = wake(&mut listener) => if !woken { listener = None },
        }
    }
    Ok(())
}

/// One look at everything.
pub async fn round(app: &App) -> common::Result<()> {
    crate::decisions::expiry::look(app).await?;
    crate::budgets::hold::look(app).await?;
    reconcile::look(app).await?;
    crate::live::gauges::refresh(app).await?;
    let mut conn = app.db.acquire().await?;
    sessions::prune(&mut conn, app.clock.now() - KEEP_SESSIONS).await?;
    revocations::prune(&mut conn, app.clock.now()).await?;
    Ok(())
}

async fn listen(app: &App) -> Option<PgListener> {
    common::db::listen(&app.db, app.config.shared.database_direct_url.as_ref(), CHANNEL).await.ok()
}

/// Waits for word of a lost workflow. `false`: the connection is gone.
async fn wake(listener: &mut Option<PgListener>) -> bool {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    let heard = listener.recv().await.is_ok();
    // Several steps of one workflow are lost together.
    tokio::time::sleep(Duration::from_millis(200)).await;
    heard
}
