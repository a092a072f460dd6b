//! API keys, without their secret half.

use common::ids::{ApiKeyId, UserId};
use common::scopes::Scope;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A key with which a program acts for its owner.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for, in its owner's words.
    pub name: String,
    /// How the key begins: enough to recognise it, useless to sign in with.
    pub prefix: String,
    /// What it may do, as far as its owner may.
    pub scopes: Vec<Scope>,
    /// Whom it acts for.
    pub owner: ApiKeyOwner,
    /// Whether it opens anything now.
    pub state: ApiKeyState,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Until when; absent for one that does not expire.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// Last use, to the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
}

/// Whom a key acts for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiKeyOwner {
    /// Their id.
    pub id: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
}

/// Whether a key opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyState {
    /// Good.
    Active,
    /// Its time is over.
    Expired,
    /// Its owner may not sign in.
    OwnerDisabled,
}

/// A new key. This is the only time that the key itself is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreatedApiKey {
    /// For `Authorization: Bearer`. Keep it now: only its hash is stored.
    pub key: String,
    /// What lists show of it.
    pub api_key: ApiKey,
}
