//! The keys that sign people's tokens, as the command line rotates them.

use axum::extract::State;
use common::auth::ServiceCaller;
use common::http::Json;
use common::{Error, Result};
use serde::Deserialize;
use time::Duration;

use super::must_be_cli;
use super::users::BY;
use crate::app::App;
use crate::identity::rotation::{Rotated, Rotation};

/// Long enough for every verifier that reads the keys every five minutes.
const PUBLISH_SECONDS: i64 = 600;

/// How it is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct RotateSigningKey {
    /// How long the new key is only published before it signs (default 600).
    publish_seconds: Option<i64>,
    /// Refuse at once what the old keys signed: they are known to others.
    #[serde(default)]
    drop_old: bool,
}

/// Make a new signing key.
pub(super) async fn rotate_signing_key(
    State(app): State<App>,
    caller: ServiceCaller,
    Json(body): Json<RotateSigningKey>,
) -> Result<Json<Rotated>> {
    must_be_cli(&caller)?;
    let seconds = body.publish_seconds.unwrap_or(PUBLISH_SECONDS);
    if !(0..=86_400).contains(&seconds) {
        return Err(Error::bad_request("bad_publish_seconds", "`publish_seconds` must be between 0 and 86400"));
    }
    let wanted = Rotation {
        publish_for: Duration::seconds(seconds),
        token_life: Duration::seconds(app.config.identity.access_seconds),
        drop_old: body.drop_old,
    };
    Ok(Json(app.keys.rotate(&app.db, wanted, BY, app.clock.now()).await?))
}
