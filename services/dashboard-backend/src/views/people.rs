//! Users, sessions, set-up.

use common::auth::Role;
use common::ids::UserId;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Somebody who may sign in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address, in lower case.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may not sign in any more.
    pub disabled: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Last sign-in.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_login_at: Option<OffsetDateTime>,
}

/// A signed-in session. The refresh token is a cookie; the access token is here and a cookie.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// For `Authorization: Bearer`; browsers may rely on the cookie `qp_access` instead.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until the access token is no longer taken.
    pub expires_in_seconds: i64,
    /// Who signed in.
    pub user: User,
}

/// Whether the installation needs its first account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SetupState {
    /// No user exists yet.
    pub needed: bool,
    /// The set-up link's token has to be given.
    pub token_required: bool,
    /// The integrations that the sandbox plays, such as `github`; empty when all are real.
    pub sandboxed: Vec<String>,
    /// Version of the installation.
    pub version: String,
}
