//! The first account.

use anyhow::Context as _;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum_extra::extract::CookieJar;
use common::auth::Role;
use common::error::Problem;
use common::events::{CacheTag, SURROGATE_KEY, purge_cache};
use common::http::Json;
use common::{Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::handlers::demo;
use crate::identity::accounts::{check_email, check_name};
use crate::identity::passwords::check_strength;
use crate::identity::{sessions, setup};
use crate::projects::record;
use crate::store::users;
use crate::views::people::{Session, SetupState};

/// The first account.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateFirstAdmin {
    /// To sign in with.
    pub email: String,
    /// As others see it.
    pub display_name: String,
    /// 10 characters or more.
    pub password: String,
    /// From the set-up link, unless the installation needs none.
    #[serde(default)]
    pub token: Option<String>,
}

/// Whether the installation still needs its first account.
#[utoipa::path(get, path = "/api/v1/setup", tag = "setup", responses(
    (status = 200, body = SetupState), (status = 304, description = "Nothing changed since the `ETag` in `If-None-Match`")))]
pub async fn get_setup(State(app): State<App>) -> Result<([(HeaderName, &'static str); 2], Json<SetupState>)> {
    let mut conn = app.db.acquire().await?;
    let needed = users::none_exists(&mut conn).await?;
    drop(conn);
    // Browsers ask each time; the gateway may keep it, because the first account purges it.
    let headers =
        [(header::CACHE_CONTROL, "public, max-age=0, s-maxage=60"), (SURROGATE_KEY, CacheTag::SETUP.as_str())];
    let state = SetupState {
        needed,
        token_required: needed && !app.config.identity.setup_open,
        sandboxed: demo::sandboxed(&app).await,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok((headers, Json(state)))
}

/// Make the first account, an admin, and sign in with it. Works once.
#[utoipa::path(post, path = "/api/v1/setup", tag = "setup", request_body = CreateFirstAdmin, responses(
    (status = 201, body = Session), (status = 403, body = Problem, description = "The set-up link's token is missing or wrong"),
    (status = 409, body = Problem, description = "There is an account"), (status = 422, body = Problem)))]
pub async fn create_first_admin(
    State(app): State<App>,
    jar: CookieJar,
    Json(body): Json<CreateFirstAdmin>,
) -> Result<(StatusCode, CookieJar, Json<Session>)> {
    let email = check_email(&body.email)?;
    let display_name = check_name(&body.display_name)?;
    check_strength(&body.password)?;
    let password_hash = app.passwords.hash(&body.password).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    setup::check(&app, &mut tx, body.token.as_deref()).await?;
    let new =
        users::NewUser { email: &email, display_name: &display_name, password_hash: &password_hash, role: Role::Admin };
    let user = users::insert(&mut tx, &new, now).await?;
    setup::finish(&mut tx).await?;
    purge_cache(&mut tx, CacheTag::SETUP, now).await?;
    let granted =
        sessions::start(&app, &mut tx, &user, None).await?.context("the account of this transaction cannot change")?;
    record::installation(
        &mut tx,
        "user.created",
        &user.display_name,
        format!("{} made the first account", user.display_name),
        now,
    )
    .await?;
    tx.commit().await.map_err(Error::from)?;
    Ok((StatusCode::CREATED, sessions::set_cookies(&app, jar, &granted), Json(granted.session)))
}
