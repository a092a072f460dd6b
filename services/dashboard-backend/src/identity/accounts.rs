//! Making and changing accounts: the rules hold whether the dashboard or the command line asks.

use common::auth::Role;
use common::db::OnConstraint as _;
use common::events::{CacheTag, purge_cache};
use common::ids::UserId;
use common::{Error, Result};

use super::passwords::check_strength;
use super::sessions;
use crate::app::App;
use crate::projects::record;
use crate::store::users::{self, NewUser, UserChange, UserRow};

/// A new account.
#[derive(Debug)]
pub struct Account<'a> {
    /// To sign in with.
    pub email: &'a str,
    /// As others see it.
    pub display_name: &'a str,
    /// What they may do.
    pub role: Role,
    /// To sign in with.
    pub password: &'a str,
}

/// Makes an account; `by` is who asked for it.
pub async fn create(app: &App, by: &str, account: &Account<'_>) -> Result<UserRow> {
    let email = check_email(account.email)?;
    let display_name = check_name(account.display_name)?;
    check_strength(account.password)?;
    let password_hash = app.passwords.hash(account.password).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let new = NewUser { email: &email, display_name: &display_name, password_hash: &password_hash, role: account.role };
    let user = users::insert(&mut tx, &new, now).await.on_constraint("users_email_key", || {
        Error::conflict("email_taken", format!("`{email}` has an account already"))
    })?;
    let summary = format!("{by} gave {} an account as {}", user.display_name, user.role.as_str());
    purge_cache(&mut tx, CacheTag::SETUP, now).await?;
    record::installation(&mut tx, "user.created", by, summary, now).await?;
    tx.commit().await?;
    Ok(user)
}

/// Changes an account. Somebody remains an admin, and a session whose token says something else ends.
pub async fn update(app: &App, by: &str, id: UserId, change: &UserChange<'_>) -> Result<UserRow> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    users::lock_all(&mut tx).await?;
    let before = users::find(&mut tx, id).await?.ok_or_else(|| unknown(id))?;
    let user = users::update(&mut tx, id, change, now).await?.ok_or_else(|| unknown(id))?;
    if users::count_admins(&mut tx).await? == 0 {
        return Err(Error::conflict("last_admin", "Somebody has to remain an admin: make another account one first"));
    }
    if user.disabled != before.disabled || user.role != before.role {
        sessions::end_all(app, &mut tx, id, None, "role_or_state_changed").await?;
        let state = if user.disabled { "disabled" } else { user.role.as_str() };
        let summary = format!("{by} changed {} to {state}", user.display_name);
        record::installation(&mut tx, "user.changed", by, summary, now).await?;
    }
    tx.commit().await?;
    Ok(user)
}

/// Sets a password. Every session of the account ends, but `keep`.
pub async fn set_password(
    app: &App,
    by: &str,
    id: UserId,
    password: &str,
    keep: Option<common::ids::SessionId>,
) -> Result<UserRow> {
    check_strength(password)?;
    let hash = app.passwords.hash(password).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let user = users::find(&mut tx, id).await?.ok_or_else(|| unknown(id))?;
    users::update_password(&mut tx, id, &hash, now).await?;
    users::forget_failures(&mut tx, &user.email).await?;
    sessions::end_all(app, &mut tx, id, keep, "password_changed").await?;
    let summary = format!("{by} changed the password of {}", user.display_name);
    record::installation(&mut tx, "user.password_changed", by, summary, now).await?;
    tx.commit().await?;
    Ok(user)
}

fn unknown(id: UserId) -> Error {
    Error::not_found("no_such_user", format!("There is no user `{id}`"))
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
    let error = Error::unprocessable("invalid_email", "The address is not one");
    Err(error.with_field("email", "must look like `name@example.org`"))
}

/// A name people can read, or what is wrong with it.
pub fn check_name(text: &str) -> Result<String> {
    let name = text.trim();
    if (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let error = Error::unprocessable("invalid_name", "The name does not fit");
    Err(error.with_field("display_name", "must have 1 to 100 printable characters"))
}
