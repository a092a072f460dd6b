//! Accounts.

use axum::extract::State;
use axum::http::StatusCode;
use common::auth::{Admin, Caller, Role, Viewer};
use common::db::OnConstraint as _;
use common::error::Problem;
use common::http::{Json, Path};
use common::ids::UserId;
use common::{Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::passwords::check_strength;
use crate::identity::sessions;
use crate::projects::record;
use crate::store::users;
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
    let email = check_email(&body.email)?;
    let display_name = check_name(&body.display_name)?;
    check_strength(&body.password)?;
    let password_hash = app.passwords.hash(&body.password).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let new =
        users::NewUser { email: &email, display_name: &display_name, password_hash: &password_hash, role: body.role };
    let user = users::insert(&mut tx, &new, now).await.on_constraint("users_email_key", || {
        Error::conflict("email_taken", format!("`{email}` has an account already"))
    })?;
    let summary = format!("{} gave {} an account as {}", caller.email, user.display_name, user.role.as_str());
    record::installation(&mut tx, "user.created", &caller.email, summary, now).await?;
    tx.commit().await?;
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
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    users::lock_all(&mut tx).await?;
    let before = users::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("no_such_user", format!("There is no user `{id}`")))?;
    let change = users::UserChange { display_name: display_name.as_deref(), role: body.role, disabled: body.disabled };
    let Some(user) = users::update(&mut tx, id, &change, now).await? else {
        return Err(Error::not_found("no_such_user", format!("There is no user `{id}`")));
    };
    if users::count_admins(&mut tx).await? == 0 {
        return Err(Error::conflict("last_admin", "Somebody has to remain an admin: make another account one first"));
    }
    // Roles stand in tokens: a session with the old one ends.
    if user.disabled != before.disabled || user.role != before.role {
        sessions::end_all(&app, &mut tx, id, None, "role_or_state_changed").await?;
        let state = if user.disabled { "disabled" } else { user.role.as_str() };
        let summary = format!("{} changed {} to {state}", caller.email, user.display_name);
        record::installation(&mut tx, "user.changed", &caller.email, summary, now).await?;
    }
    tx.commit().await?;
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
    check_strength(&body.new)?;
    let mut conn = app.db.acquire().await?;
    let user = users::find(&mut conn, caller.user_id).await?;
    drop(conn);
    let right = app.passwords.matches(&body.current, user.as_ref().map(|user| user.password_hash.as_str())).await?;
    let Some(user) = user.filter(|_| right) else {
        return Err(Error::forbidden("wrong_password", "The present password is wrong")
            .with_field("current", "is not the account's password"));
    };
    let hash = app.passwords.hash(&body.new).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    users::update_password(&mut tx, user.id, &hash, now).await?;
    sessions::end_all(&app, &mut tx, user.id, caller.session_id.parse().ok(), "password_changed").await?;
    record::installation(
        &mut tx,
        "user.password_changed",
        &user.display_name,
        format!("{} changed their password", user.display_name),
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An address in lower case, or what is wrong with it. Whether it exists only a mail can tell.
pub fn check_email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let sound = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if sound {
        return Ok(email);
    }
    Err(Error::unprocessable("invalid_email", "The address is not one")
        .with_field("email", "must look like `name@example.org`"))
}

/// A name people can read, or what is wrong with it.
pub fn check_name(text: &str) -> Result<String> {
    let name = text.trim();
    if (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Error::unprocessable("invalid_name", "The name does not fit")
        .with_field("display_name", "must have 1 to 100 printable characters"))
}
