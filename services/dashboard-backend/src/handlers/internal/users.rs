//! Accounts, as services know them and as the command line manages them.

use axum::extract::State;
use axum::http::StatusCode;
use common::auth::{Role, ServiceCaller};
use common::clients::dashboard::{UserBrief, UserList};
use common::http::{Json, Path};
use common::ids::UserId;
use common::{Error, Result};
use serde::Deserialize;

use super::must_be_cli;
use crate::app::App;
use crate::handlers::users::CreateUser;
use crate::identity::accounts::{self, Account};
use crate::store::users::{self, UserChange, UserRow};

/// Who changes accounts here, as the audit trail says it.
pub(super) const BY: &str = "command line";

/// A role for somebody.
#[derive(Debug, Deserialize)]
pub(super) struct SetRole {
    role: Role,
}

/// A password for somebody.
#[derive(Debug, Deserialize)]
pub(super) struct SetPassword {
    password: String,
}

fn brief(user: UserRow) -> UserBrief {
    UserBrief {
        id: user.id,
        email: user.email,
        display_name: user.display_name,
        role: user.role,
        disabled: user.disabled,
    }
}

/// A user.
pub(super) async fn get_user(
    State(app): State<App>,
    _caller: ServiceCaller,
    Path(id): Path<UserId>,
) -> Result<Json<UserBrief>> {
    let mut conn = app.db.acquire().await?;
    let user = users::find(&mut conn, id).await?;
    user.map(|user| Json(brief(user)))
        .ok_or_else(|| Error::not_found("no_such_user", format!("There is no user `{id}`")))
}

/// Everyone with an account: for the command line, and for notification, which tells admins and operators of alerts.
pub(super) async fn list_users(State(app): State<App>, caller: ServiceCaller) -> Result<Json<UserList>> {
    if caller.issuer != "notification" {
        must_be_cli(&caller)?;
    }
    let mut conn = app.db.acquire().await?;
    Ok(Json(UserList { users: users::list(&mut conn).await?.into_iter().map(brief).collect() }))
}

/// Make an account.
pub(super) async fn create_user(
    State(app): State<App>,
    caller: ServiceCaller,
    Json(body): Json<CreateUser>,
) -> Result<(StatusCode, Json<UserBrief>)> {
    must_be_cli(&caller)?;
    let account =
        Account { email: &body.email, display_name: &body.display_name, role: body.role, password: &body.password };
    let user = accounts::create(&app, BY, &account).await?;
    Ok((StatusCode::CREATED, Json(brief(user))))
}

/// Change what somebody may do.
pub(super) async fn set_role(
    State(app): State<App>,
    caller: ServiceCaller,
    Path(id): Path<UserId>,
    Json(body): Json<SetRole>,
) -> Result<Json<UserBrief>> {
    must_be_cli(&caller)?;
    let change = UserChange { role: Some(body.role), ..UserChange::default() };
    accounts::update(&app, BY, id, &change).await.map(|user| Json(brief(user)))
}

/// Set somebody's password.
pub(super) async fn set_password(
    State(app): State<App>,
    caller: ServiceCaller,
    Path(id): Path<UserId>,
    Json(body): Json<SetPassword>,
) -> Result<Json<UserBrief>> {
    must_be_cli(&caller)?;
    accounts::set_password(&app, BY, id, &body.password, None).await.map(|user| Json(brief(user)))
}
