//! The first account: a one-time link, printed while nobody has one.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use common::{Error, Result};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use crate::app::App;
use crate::store::{settings, users};

const SETTING: &str = "setup_token";

/// Prints the set-up link while nobody has an account.
pub async fn announce(app: &App) -> Result<()> {
    let mut conn = app.db.acquire().await?;
    if !users::none_exists(&mut conn).await? {
        return Ok(());
    }
    let token = token(app, &mut conn).await?;
    let mut url = app.config.shared.public_url.clone();
    url.set_path("/setup");
    if !app.config.identity.setup_open {
        url.set_query(Some(&format!("token={token}")));
    }
    // The link is a secret, so no log line may hold it: it goes to the console of whoever started this.
    let text = format!("Nobody has an account yet. Open this link to make the first one: {url}\n");
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

/// The token that is good now; all instances agree on it.
async fn token(app: &App, conn: &mut PgConnection) -> Result<String> {
    let fresh = serde_json::Value::String(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()));
    let kept = settings::find_or_insert(conn, SETTING, &fresh, app.clock.now()).await?;
    Ok(kept.as_str().unwrap_or_default().to_owned())
}

/// Refuses unless nobody has an account and the token is right. Locks the table of users: of two first accounts, one wins.
pub async fn check(app: &App, conn: &mut PgConnection, given: Option<&str>) -> Result<()> {
    users::lock_all(conn).await?;
    if !users::none_exists(conn).await? {
        return Err(Error::conflict(
            "already_set_up",
            "The first account exists; sign in, or ask an admin for an account",
        ));
    }
    if app.config.identity.setup_open {
        return Ok(());
    }
    let expected = settings::find(conn, SETTING).await?.and_then(|value| value.as_str().map(str::to_owned));
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    match (expected, given) {
        // Compared by hash: how long a comparison takes tells nothing of the token.
        (Some(expected), Some(given)) if digest(&expected) == digest(given) => Ok(()),
        _ => Err(Error::forbidden(
            "setup_token_required",
            "Open the set-up link that dashboard-backend printed at its start (`docker compose logs dashboard-backend` shows it)",
        )),
    }
}

/// The link is good once.
pub async fn finish(conn: &mut PgConnection) -> Result<()> {
    settings::delete(conn, SETTING).await?;
    Ok(())
}
