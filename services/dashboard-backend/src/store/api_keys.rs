//! Keys with which programs act for people.

use common::auth::Role;
use common::ids::{ApiKeyId, UserId};
use common::scopes::Scope;
use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

/// A key with the owner it acts for.
#[derive(Clone, Debug, FromRow)]
pub struct ApiKeyRow {
    pub id: ApiKeyId,
    pub user_id: UserId,
    pub name: String,
    pub prefix: String,
    #[sqlx(try_from = "Vec<String>")]
    pub scopes: Scopes,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub last_used_at: Option<OffsetDateTime>,
    pub email: String,
    pub display_name: String,
    pub role: Role,
    pub disabled: bool,
}

/// Scopes as the table keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(pub Vec<Scope>);

impl TryFrom<Vec<String>> for Scopes {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        names.iter().map(|name| name.parse()).collect::<Result<_, _>>().map(Self)
    }
}

/// What a key starts with.
#[derive(Clone, Debug)]
pub struct NewApiKey<'a> {
    pub user_id: UserId,
    pub name: &'a str,
    pub prefix: &'a str,
    pub hash: &'a [u8],
    pub scopes: &'a [Scope],
    pub expires_at: Option<OffsetDateTime>,
}

/// A new key.
pub async fn insert(conn: &mut PgConnection, key: &NewApiKey<'_>, now: OffsetDateTime) -> sqlx::Result<ApiKeyId> {
    let id = ApiKeyId::new();
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    sqlx::query(
        "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(key.user_id)
    .bind(key.name)
    .bind(key.prefix)
    .bind(key.hash)
    .bind(scopes)
    .bind(now)
    .bind(key.expires_at)
    .execute(conn)
    .await?;
    Ok(id)
}

/// Keys that were not revoked, newest first: of one owner, or everybody's.
pub async fn list(conn: &mut PgConnection, owner: Option<UserId>, limit: i64) -> sqlx::Result<Vec<ApiKeyRow>> {
    sqlx::query_as(
        "SELECT k.*, u.email, u.display_name, u.role, u.disabled FROM api_keys k JOIN users u ON u.id = k.user_id
         WHERE k.revoked_at IS NULL AND ($1::uuid IS NULL OR k.user_id = $1) ORDER BY k.created_at DESC, k.id DESC LIMIT $2",
    )
    .bind(owner)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// A key that was not revoked.
pub async fn find(conn: &mut PgConnection, id: ApiKeyId) -> sqlx::Result<Option<ApiKeyRow>> {
    sqlx::query_as(
        "SELECT k.*, u.email, u.display_name, u.role, u.disabled FROM api_keys k JOIN users u ON u.id = k.user_id
         WHERE k.id = $1 AND k.revoked_at IS NULL",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// How many keys of a user are good. The user's row is locked until the end of the transaction, so that two new keys count each other.
pub async fn count_good(conn: &mut PgConnection, user: UserId, now: OffsetDateTime) -> sqlx::Result<i64> {
    sqlx::query("SELECT 1 FROM users WHERE id = $1 FOR UPDATE").bind(user).execute(&mut *conn).await?;
    sqlx::query_scalar(
        "SELECT count(*) FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
    )
    .bind(user)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// The key of this hash, if it is good at `now` and its owner may sign in.
pub async fn find_good(conn: &mut PgConnection, hash: &[u8], now: OffsetDateTime) -> sqlx::Result<Option<ApiKeyRow>> {
    sqlx::query_as(
        "SELECT k.*, u.email, u.display_name, u.role, u.disabled FROM api_keys k JOIN users u ON u.id = k.user_id
         WHERE k.key_hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2) AND NOT u.disabled",
    )
    .bind(hash)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Whether a key is good at `now` and its owner may sign in.
pub async fn is_good(conn: &mut PgConnection, id: ApiKeyId, now: OffsetDateTime) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM api_keys k JOIN users u ON u.id = k.user_id
         WHERE k.id = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2) AND NOT u.disabled)",
    )
    .bind(id)
    .bind(now)
    .fetch_one(conn)
    .await
}

/// Notes that a key was used, unless that was noted after `unless_after`.
pub async fn touch(
    conn: &mut PgConnection,
    id: ApiKeyId,
    unless_after: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE api_keys SET last_used_at = $3 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2)")
        .bind(id)
        .bind(unless_after)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(())
}

/// Revokes a key. `false`: it had been revoked before.
pub async fn revoke(conn: &mut PgConnection, id: ApiKeyId, now: OffsetDateTime) -> sqlx::Result<bool> {
    let result = sqlx::query("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
        .bind(id)
        .bind(now)
        .execute(conn)
        .await?;
    Ok(result.rows_affected() == 1)
}
