//! Accounts.

use axum::extract::State;
use axum::http::StatusCode;
use axum_extra::extract::CookieJar;
use common::auth::{Admin, Caller, Role, Viewer};
use common::error::Problem;
use common::http::{Json, Path};
use common::ids::UserId;
use common::{Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::accounts::{self, Account, check_name};
use crate::identity::api_keys::refuse_keys;
use crate::identity::passwords::check_strength;
use crate::identity::sessions;
use crate::store::users::{self, UserChange};
use crate::views::people::User;

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateUser {
    /// To sign in with.
    pub email: String,
    /// As others see it.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// 10 characters or more; tell them to change it.
    pub password: String,
}

/// What is to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct UpdateUser {
    /// As others see it.
    #[serde(default)]
    pub display_name: Option<String>,
    /// What they may do.
    #[serde(default)]
    pub role: Option<Role>,
    /// Whether they may sign in no more. Ends their sessions.
    #[serde(default)]
    pub disabled: Option<bool>,
}

/// A new password for oneself.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangePassword {
    /// The present one.
    pub current: String,
    /// The new one, 10 characters or more.
    pub new: String,
}

/// Everyone with an account.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", responses((status = 200, body = Vec<User>), (status = 403, body = Problem)))]
pub async fn list_users(State(app): State<App>, _caller: Caller<Admin>) -> Result<Json<Vec<User>>> {
    let mut conn = app.db.acquire().await?;
    Ok(Json(users::list(&mut conn).await?.into_iter().map(User::from).collect()))
}

/// Make an account.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = CreateUser, responses(
    (status = 201, body = User), (status = 403, body = Problem), (status = 409, body = Problem, description = "The address has an account"),
    (status = 422, body = Problem)))]
pub async fn create_user(
    State(app): State<App>,
    caller: Caller<Admin>,
    Json(body): Json<CreateUser>,
) -> Result<(StatusCode, Json<User>)> {
    let account =
        Account { email: &body.email, display_name: &body.display_name, role: body.role, password: &body.password };
    let user = accounts::create(&app, &caller.email, &account).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// Change somebody's name, role, or whether they may sign in. The last admin stays one.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = UserId, Path)), request_body = UpdateUser, responses(
    (status = 200, body = User), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem, description = "The last admin")))]
pub async fn update_user(
    State(app): State<App>,
    caller: Caller<Admin>,
    Path(id): Path<UserId>,
    Json(body): Json<UpdateUser>,
) -> Result<Json<User>> {
    let display_name = body.display_name.as_deref().map(check_name).transpose()?;
    let change = UserChange { display_name: display_name.as_deref(), role: body.role, disabled: body.disabled };
    let user = accounts::update(&app, &caller.email, id, &change).await?;
    Ok(Json(user.into()))
}

/// Change one's own password. Every other session of the account ends.
#[utoipa::path(post, path = "/api/v1/users/me/password", tag = "users", request_body = ChangePassword, responses(
    (status = 204), (status = 403, body = Problem, description = "The present password is wrong"), (status = 422, body = Problem)))]
pub async fn change_password(
    State(app): State<App>,
    caller: Caller<Viewer>,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode> {
    refuse_keys(&caller)?;
    check_strength(&body.new)?;
    let mut conn = app.db.acquire().await?;
    let user = users::find(&mut conn, caller.user_id).await?;
    drop(conn);
    let right = app.passwords.matches(&body.current, user.as_ref().map(|user| user.password_hash.as_str())).await?;
    let Some(user) = user.filter(|_| right) else {
        return Err(Error::forbidden("wrong_password", "The present password is wrong")
            .with_field("current", "is not the account's password"));
    };
    accounts::set_password(&app, &user.email, user.id, &body.new, caller.session_id.parse().ok()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out everywhere: every session of one's own ends, this one too. API keys stay; they are revoked one by one.
#[utoipa::path(delete, path = "/api/v1/users/me/sessions", tag = "users", responses(
    (status = 204), (status = 401, body = Problem), (status = 403, body = Problem, description = "An API key asks")))]
pub async fn end_sessions(
    State(app): State<App>,
    caller: Caller<Viewer>,
    jar: CookieJar,
) -> Result<(CookieJar, StatusCode)> {
    refuse_keys(&caller)?;
    let mut tx = app.db.begin().await?;
    sessions::end_all(&app, &mut tx, caller.user_id, None, "signed_out_everywhere").await?;
    tx.commit().await?;
    Ok((sessions::clear_cookies(&app, jar), StatusCode::NO_CONTENT))
}
