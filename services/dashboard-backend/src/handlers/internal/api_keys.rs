//! API keys, as the gateway asks about them and as the command line manages them.

use axum::extract::State;
use axum::http::StatusCode;
use common::auth::ServiceCaller;
use common::clients::dashboard::{VerifiedApiKey, VerifyApiKey};
use common::http::{Json, Path};
use common::ids::ApiKeyId;
use common::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{must_be_cli, must_be_gateway};
use crate::app::App;
use crate::handlers::api_keys::CreateApiKey;
use crate::identity::api_keys::{self, Asker, Wanted};
use crate::store::{self, users};
use crate::views::api_keys::{ApiKey, CreatedApiKey};

/// The command line: it may do what an admin may.
const CLI: Asker<'_> = Asker { name: "command line", only: None, any_life: true };
/// No list is longer.
const LONGEST_LIST: i64 = 10_000;

/// Everybody's keys.
#[derive(Debug, Serialize)]
pub(super) struct ApiKeys {
    api_keys: Vec<ApiKey>,
}

/// A key for somebody.
#[derive(Debug, Deserialize)]
pub(super) struct CreateApiKeyFor {
    /// The owner's address.
    email: String,
    #[serde(flatten)]
    key: CreateApiKey,
}

/// Whether a key is good, and whom it acts for.
pub(super) async fn verify_api_key(
    State(app): State<App>,
    caller: ServiceCaller,
    Json(body): Json<VerifyApiKey>,
) -> Result<Json<VerifiedApiKey>> {
    must_be_gateway(&caller)?;
    let hash = read_hash(&body.key_sha256)?;
    let mut conn = app.db.acquire().await?;
    let found = api_keys::verify(&mut conn, &hash, app.clock.now()).await?;
    let (row, role) = found.ok_or_else(|| {
        Error::not_found("unknown_api_key", "This key is unknown, revoked or expired, or its owner is disabled")
    })?;
    Ok(Json(VerifiedApiKey {
        key_id: row.id,
        user_id: row.user_id,
        email: row.email,
        role,
        scopes: row.scopes.0,
        expires_at: row.expires_at,
    }))
}

fn read_hash(text: &str) -> Result<[u8; 32]> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| {
        Error::unprocessable("invalid_hash", "The hash of the key is not one")
            .with_field("key_sha256", "must be SHA-256 of the whole key in 64 hexadecimal digits")
    })?;
    Ok(hash)
}

/// Everybody's keys that were not revoked.
pub(super) async fn list_api_keys(State(app): State<App>, caller: ServiceCaller) -> Result<Json<ApiKeys>> {
    must_be_cli(&caller)?;
    let now = app.clock.now();
    let mut conn = app.db.acquire().await?;
    let rows = store::api_keys::list(&mut conn, None, LONGEST_LIST).await?;
    Ok(Json(ApiKeys { api_keys: rows.into_iter().map(|row| api_keys::view(row, now)).collect() }))
}

/// Make a key for somebody.
pub(super) async fn create_api_key(
    State(app): State<App>,
    caller: ServiceCaller,
    Json(body): Json<CreateApiKeyFor>,
) -> Result<(StatusCode, Json<CreatedApiKey>)> {
    must_be_cli(&caller)?;
    let mut conn = app.db.acquire().await?;
    let owner = users::find_by_email(&mut conn, &body.email).await?;
    drop(conn);
    let owner =
        owner.ok_or_else(|| Error::not_found("no_such_user", format!("There is no account `{}`", body.email)))?;
    let wanted = Wanted { name: &body.key.name, scopes: &body.key.scopes, expiry: body.key.expires_at };
    let created = api_keys::create(&app, &CLI, owner.id, &wanted).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Revoke a key.
pub(super) async fn revoke_api_key(
    State(app): State<App>,
    caller: ServiceCaller,
    Path(id): Path<ApiKeyId>,
) -> Result<Json<ApiKey>> {
    must_be_cli(&caller)?;
    api_keys::revoke(&app, &CLI, id).await.map(Json)
}
