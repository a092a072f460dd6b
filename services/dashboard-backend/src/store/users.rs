//! People, and how often somebody failed to sign in as them.

use common::auth::Role;
use common::ids::UserId;
use common::jobs::PRUNE_AT_ONCE;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use crate::views::people::User;

/// A row of `users`.
#[derive(Clone, Debug, FromRow)]
pub struct UserRow {
    pub id: UserId,
    pub email: String,
    pub display_name: String,
    pub password_hash: String,
    pub role: Role,
    pub disabled: bool,
    pub created_at: OffsetDateTime,
    pub last_login_at: Option<OffsetDateTime>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            display_name: row.display_name,
            role: row.role,
            disabled: row.disabled,
            created_at: row.created_at,
            last_login_at: row.last_login_at,
        }
    }
}

/// What an account starts with.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    pub email: &'a str,
    pub display_name: &'a str,
    pub password_hash: &'a str,
    pub role: Role,
}

/// What is changed of an account; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct UserChange<'a> {
    pub display_name: Option<&'a str>,
    pub role: Option<Role>,
    pub disabled: Option<bool>,
}

/// Whether nobody has an account yet.
pub async fn none_exists(conn: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM users)").fetch_one(conn).await
}

/// Held until the end of the transaction: of two first accounts made at once, the second sees the first; and the last admin stays.
pub async fn lock_all(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").execute(conn).await?;
    Ok(())
}

/// Everyone, by name.
pub async fn list(conn: &mut PgConnection) -> sqlx::Result<Vec<UserRow>> {
    sqlx::query_as("SELECT * FROM users ORDER BY lower(display_name), id").fetch_all(conn).await
}

/// By id.
pub async fn find(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as("SELECT * FROM users WHERE id = $1").bind(id).fetch_optional(conn).await
}

/// By address, whatever its case.
pub async fn find_by_email(conn: &mut PgConnection, email: &str) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as("SELECT * FROM users WHERE email = lower($1)").bind(email).fetch_optional(conn).await
}

/// Who may decide: approvers and above who may sign in, longest-serving first.
pub async fn list_approvers(conn: &mut PgConnection) -> sqlx::Result<Vec<UserRow>> {
    sqlx::query_as(
        "SELECT * FROM users WHERE role IN ('approver', 'operator', 'admin') AND NOT disabled ORDER BY created_at, id",
    )
    .fetch_all(conn)
    .await
}

/// The first admin who may sign in.
pub async fn first_admin(conn: &mut PgConnection) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as("SELECT * FROM users WHERE role = 'admin' AND NOT disabled ORDER BY created_at, id LIMIT 1")
        .fetch_optional(conn)
        .await
}

/// How many admins may sign in.
pub async fn count_admins(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM users WHERE role = 'admin' AND NOT disabled").fetch_one(conn).await
}

/// A new account. The address must be unique: `users_email_key`.
pub async fn insert(conn: &mut PgConnection, user: &NewUser<'_>, now: OffsetDateTime) -> sqlx::Result<UserRow> {
    sqlx::query_as(
        "INSERT INTO users (id, email, display_name, password_hash, role, created_at, updated_at)
         VALUES ($1, lower($2), $3, $4, $5, $6, $6) RETURNING *",
    )
    .bind(UserId::new())
    .bind(user.email)
    .bind(user.display_name)
    .bind(user.password_hash)
    .bind(user.role)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// Changes an account.
pub async fn update(
    conn: &mut PgConnection,
    id: UserId,
    change: &UserChange<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as(
        "UPDATE users SET display_name = coalesce($2, display_name), role = coalesce($3, role),
                disabled = coalesce($4, disabled), updated_at = $5
         WHERE id = $1 RETURNING *",
    )
    .bind(id)
    .bind(change.display_name)
    .bind(change.role)
    .bind(change.disabled)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// A new password.
pub async fn update_password(conn: &mut PgConnection, id: UserId, hash: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(hash)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Signed in with this password: the account as it is now. `None`: it was disabled or got another password meanwhile.
pub async fn touch_login(
    conn: &mut PgConnection,
    id: UserId,
    password_hash: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as(
        "UPDATE users SET last_login_at = $3 WHERE id = $1 AND password_hash = $2 AND NOT disabled RETURNING *",
    )
    .bind(id)
    .bind(password_hash)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Until when nobody may sign in with this address.
pub async fn locked_until(conn: &mut PgConnection, email: &str) -> sqlx::Result<Option<OffsetDateTime>> {
    let found: Option<Option<OffsetDateTime>> =
        sqlx::query_scalar("SELECT locked_until FROM login_failures WHERE email = lower($1)")
            .bind(email)
            .fetch_optional(conn)
            .await?;
    Ok(found.flatten())
}

/// Counts a failed sign-in; failures older than `forget_before` no longer count. Answers how many there are now.
pub async fn count_failure(
    conn: &mut PgConnection,
    email: &str,
    now: OffsetDateTime,
    forget_before: OffsetDateTime,
) -> sqlx::Result<i32> {
    sqlx::query_scalar(
        "INSERT INTO login_failures (email, failures, last_at) VALUES (lower($1), 1, $2)
         ON CONFLICT (email) DO UPDATE SET last_at = $2,
             failures = CASE WHEN login_failures.last_at < $3 THEN 1 ELSE login_failures.failures + 1 END
         RETURNING failures",
    )
    .bind(email)
    .bind(now)
    .bind(forget_before)
    .fetch_one(conn)
    .await
}

/// Nobody may sign in with this address until then.
pub async fn lock(conn: &mut PgConnection, email: &str, until: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query("UPDATE login_failures SET locked_until = $2 WHERE email = lower($1)")
        .bind(email)
        .bind(until)
        .execute(conn)
        .await?;
    Ok(())
}

/// A sign-in that worked makes the failures before it forgotten.
pub async fn forget_failures(conn: &mut PgConnection, email: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM login_failures WHERE email = lower($1)").bind(email).execute(conn).await?;
    Ok(())
}

/// Removes some of the failures that count no more: anybody can fill this table with invented addresses.
pub async fn prune_failures(conn: &mut PgConnection, before: OffsetDateTime) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM login_failures WHERE email IN (
             SELECT email FROM login_failures WHERE last_at < $1 AND (locked_until IS NULL OR locked_until < $1) LIMIT $2)",
    )
    .bind(before)
    .bind(PRUNE_AT_ONCE)
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}
