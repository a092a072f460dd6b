//! API keys of the signed-in person; admins see and end everybody's.

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use common::auth::{Caller, Role, Viewer};
use common::error::Problem;
use common::http::{Json, Path, Query};
use common::ids::ApiKeyId;
use common::scopes::Scope;
use common::{Error, Result};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::identity::api_keys::{self, Asker, Expiry, Wanted, refuse_keys};
use crate::store;
use crate::views::api_keys::{ApiKey, CreatedApiKey};

/// No list of keys is longer: one person has at most 50 good ones.
const LONGEST_LIST: i64 = 1000;

/// Whose keys.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListApiKeys {
    /// Everybody's instead of one's own; for admins.
    #[serde(default)]
    pub all: bool,
}

/// A new key.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateApiKey {
    /// What it is for, so that one knows later what stops when it is revoked.
    pub name: String,
    /// What it may do; at least one, and only what the owner's role may.
    pub scopes: Vec<Scope>,
    /// Until when. Absent: 90 days. At most 365 days ahead; an admin may name any time, or `null` for a key that does not expire.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Expiry,
}

/// Keys that were not revoked, newest first: one's own, or with `all=true` everybody's.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api-keys", params(ListApiKeys), responses(
    (status = 200, body = Vec<ApiKey>), (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem, description = "Everybody's keys are for admins")))]
pub async fn list_api_keys(
    State(app): State<App>,
    caller: Caller<Viewer>,
    Query(query): Query<ListApiKeys>,
) -> Result<Json<Vec<ApiKey>>> {
    if query.all && caller.role < Role::Admin {
        return Err(Error::forbidden("role_required", "Everybody's keys are for admins; leave out `all` for your own"));
    }
    let owner = (!query.all).then_some(caller.user_id);
    let now = app.clock.now();
    let mut conn = app.db.acquire().await?;
    let rows = store::api_keys::list(&mut conn, owner, LONGEST_LIST).await?;
    Ok(Json(rows.into_iter().map(|row| api_keys::view(row, now)).collect()))
}

/// Make a key that acts for oneself. The key is in this answer and never again.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api-keys", request_body = CreateApiKey, responses(
    (status = 201, body = CreatedApiKey), (status = 401, body = Problem), (status = 403, body = Problem, description = "A scope is beyond the role, or an API key asks"),
    (status = 409, body = Problem, description = "There are too many"), (status = 422, body = Problem)))]
pub async fn create_api_key(
    State(app): State<App>,
    caller: Caller<Viewer>,
    Json(body): Json<CreateApiKey>,
) -> Result<(StatusCode, [(HeaderName, &'static str); 1], Json<CreatedApiKey>)> {
    refuse_keys(&caller)?;
    let wanted = Wanted { name: &body.name, scopes: &body.scopes, expiry: body.expires_at };
    let created = api_keys::create(&app, &asker(&caller), caller.user_id, &wanted).await?;
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(created)))
}

/// Revoke a key: one's own, or as an admin anybody's. What uses it is refused within seconds.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "api-keys", params(("id" = ApiKeyId, Path)), responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem, description = "An API key asks"), (status = 404, body = Problem)))]
pub async fn revoke_api_key(
    State(app): State<App>,
    caller: Caller<Viewer>,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode> {
    refuse_keys(&caller)?;
    api_keys::revoke(&app, &asker(&caller), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn asker(caller: &Caller<Viewer>) -> Asker<'_> {
    let admin = caller.role == Role::Admin;
    Asker { name: &caller.email, only: (!admin).then_some(caller.user_id), any_life: admin }
}
