//! API keys: what a program sends instead of signing in. A key acts as its owner, within its scopes, and is only kept as a hash.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use common::auth::{Identity, Role};
use common::ids::{ApiKeyId, UserId};
use common::scopes::{Scope, capped};
use common::{Error, Result};
use rand::Rng as _;
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use super::revocations::{self, Subject};
use crate::app::App;
use crate::projects::record;
use crate::store::api_keys::{self, ApiKeyRow, NewApiKey};
use crate::store::users;
use crate::views::api_keys::{ApiKey, ApiKeyOwner, ApiKeyState, CreatedApiKey};

/// How long a key lasts when nobody says.
const USUAL_LIFE: Duration = Duration::days(90);
/// How long a key of somebody who is no admin may last, in days.
const LONGEST_DAYS: i64 = 365;
/// Good keys of one user.
const MOST: i64 = 50;
/// Last use is noted at most so often.
const NOTE_EVERY: Duration = Duration::minutes(1);

/// How long a key is to last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// As long as keys do when nobody says.
    #[default]
    Usual,
    /// For ever: `null`.
    Never,
    /// Until then.
    At(OffsetDateTime),
}

impl<'de> Deserialize<'de> for Expiry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        time::serde::rfc3339::option::deserialize(from).map(|at| at.map_or(Self::Never, Self::At))
    }
}

/// What somebody asks for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [Scope],
    /// Until when.
    pub expiry: Expiry,
}

/// Who asks for a key or ends one.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// As the timeline names them.
    pub name: &'a str,
    /// Whose keys they may end; everybody's when absent.
    pub only: Option<UserId>,
    /// Whether their keys may last as long as they like.
    pub any_life: bool,
}

/// Keys are managed by people: a key that could make keys would outlive its own revocation.
pub fn refuse_keys(identity: &Identity) -> Result<()> {
    match identity.api_key() {
        None => Ok(()),
        Some(_) => {
            Err(Error::forbidden("sign_in_required", "An API key cannot do this: sign in to the dashboard for it"))
        }
    }
}

/// Makes a key for `owner`.
pub async fn create(app: &App, asker: &Asker<'_>, owner: UserId, wanted: &Wanted<'_>) -> Result<CreatedApiKey> {
    let now = app.clock.now();
    let name = check_name(wanted.name)?;
    let expires_at = check_expiry(asker, wanted.expiry, now)?;
    let mut tx = app.db.begin().await?;
    let good = api_keys::count_good(&mut tx, owner, now).await?;
    let user = users::find(&mut tx, owner)
        .await?
        .filter(|user| !user.disabled)
        .ok_or_else(|| Error::not_found("no_such_user", format!("There is no user `{owner}` who may sign in")))?;
    let scopes = check_scopes(user.role, wanted.scopes)?;
    if good >= MOST {
        return Err(Error::conflict("too_many_api_keys", format!("{MOST} keys are good already: revoke one first")));
    }
    let (key, prefix) = make();
    let hash = Sha256::digest(key.as_bytes());
    let new =
        NewApiKey { user_id: owner, name: &name, prefix: &prefix, hash: hash.as_slice(), scopes: &scopes, expires_at };
    let id = api_keys::insert(&mut tx, &new, now).await?;
    let row = api_keys::find(&mut tx, id).await?.ok_or_else(|| gone(id))?;
    let summary = format!("{} made the API key `{name}` ({prefix}) for {}", asker.name, user.display_name);
    record::installation(&mut tx, "api_key.created", asker.name, summary, now).await?;
    tx.commit().await?;
    Ok(CreatedApiKey { key, api_key: view(row, now) })
}

/// Ends a key, here at once and at gateways within seconds.
pub async fn revoke(app: &App, asker: &Asker<'_>, id: ApiKeyId) -> Result<ApiKey> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let row = api_keys::find(&mut tx, id)
        .await?
        .filter(|row| asker.only.is_none_or(|user| user == row.user_id))
        .ok_or_else(|| gone(id))?;
    if !api_keys::revoke(&mut tx, id, now).await? {
        return Err(gone(id)); // somebody was faster
    }
    revocations::revoke(app, &mut tx, Subject::ApiKey(id), now).await?;
    let summary = format!("{} revoked the API key `{}` ({}) of {}", asker.name, row.name, row.prefix, row.display_name);
    record::installation(&mut tx, "api_key.revoked", asker.name, summary, now).await?;
    tx.commit().await?;
    Ok(view(row, now))
}

/// The good key of this hash, with the role it has now; its use is noted.
pub async fn verify(conn: &mut PgConnection, hash: &[u8], now: OffsetDateTime) -> Result<Option<(ApiKeyRow, Role)>> {
    let Some(row) = api_keys::find_good(conn, hash, now).await? else { return Ok(None) };
    if row.last_used_at.is_none_or(|at| now - at >= NOTE_EVERY) {
        api_keys::touch(conn, row.id, now - NOTE_EVERY, now).await?;
    }
    let role = capped(row.role, &row.scopes.0);
    Ok(Some((row, role)))
}

/// What people see of a key at `now`.
pub fn view(row: ApiKeyRow, now: OffsetDateTime) -> ApiKey {
    let state = if row.disabled {
        ApiKeyState::OwnerDisabled
    } else if row.expires_at.is_some_and(|at| at <= now) {
        ApiKeyState::Expired
    } else {
        ApiKeyState::Active
    };
    ApiKey {
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        scopes: row.scopes.0,
        owner: ApiKeyOwner { id: row.user_id, email: row.email, display_name: row.display_name },
        state,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    }
}

fn gone(id: ApiKeyId) -> Error {
    Error::not_found("no_such_api_key", format!("There is no API key `{id}`, or it was revoked"))
}

fn check_name(text: &str) -> Result<String> {
    let name = text.trim();
    if (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let error = Error::unprocessable("invalid_name", "The name does not fit");
    Err(error.with_field("name", "must have 1 to 100 printable characters: say what the key is for"))
}

fn check_expiry(asker: &Asker<'_>, wanted: Expiry, now: OffsetDateTime) -> Result<Option<OffsetDateTime>> {
    let refused = |message: &str| {
        Err(Error::unprocessable("invalid_expiry", "The key cannot last until then").with_field("expires_at", message))
    };
    let too_far = format!("must be within {LONGEST_DAYS} days; only an admin makes keys that last longer");
    match wanted {
        Expiry::Usual => Ok(Some(now + USUAL_LIFE)),
        Expiry::At(at) if at <= now => refused("must be in the future"),
        // A day more, so that clocks and time zones do not matter.
        Expiry::At(at) if !asker.any_life && at > now + Duration::days(LONGEST_DAYS + 1) => refused(&too_far),
        Expiry::Never if !asker.any_life => refused(&too_far),
        Expiry::At(at) => Ok(Some(at)),
        Expiry::Never => Ok(None),
    }
}

/// Each scope once, and only what the owner may hand out.
fn check_scopes(role: Role, wanted: &[Scope]) -> Result<Vec<Scope>> {
    let mut scopes = wanted.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        let error = Error::unprocessable("no_scopes", "A key without scopes opens nothing");
        return Err(error.with_field("scopes", "name at least one"));
    }
    let beyond: Vec<_> = scopes.iter().filter(|scope| scope.least_role() > role).collect();
    let Some(first) = beyond.first() else { return Ok(scopes) };
    let mut error = Error::forbidden(
        "scope_not_allowed",
        format!(
            "`{first}` needs the role `{}`; the owner of this key is `{}`",
            first.least_role().as_str(),
            role.as_str()
        ),
    );
    for scope in beyond {
        error = error.with_field("scopes", format!("`{scope}` needs the role `{}`", scope.least_role().as_str()));
    }
    Err(error)
}

/// A key, and the part of it that lists show: `qp_`, eight letters, `_`, 32 random bytes in base64url.
fn make() -> (String, String) {
    let mut rng = rand::rng();
    let letters: String = (0..8).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
    let prefix = format!("qp_{letters}");
    let secret = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    (format!("{prefix}_{secret}"), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_shape_and_comes_once() {
        let (key, prefix) = make();
        assert_eq!((key.len(), prefix.len()), (3 + 8 + 1 + 43, 11));
        assert!(key.starts_with(&format!("{prefix}_")) && prefix[3..].bytes().all(|b| b.is_ascii_lowercase()));
        assert!(key[12..].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_ne!(make().0, key);
    }

    #[test]
    fn scopes_beyond_the_role_are_named_one_by_one() {
        assert_eq!(check_scopes(Role::Viewer, &[Scope::Everything, Scope::ProjectsRead]).unwrap().len(), 2);
        let twice = [Scope::DecisionsWrite, Scope::DecisionsWrite];
        assert_eq!(check_scopes(Role::Approver, &twice).unwrap(), [Scope::DecisionsWrite]);
        let refused = check_scopes(Role::Approver, &[Scope::ProjectsWrite, Scope::AdminRead]).unwrap_err();
        assert_eq!(refused.code(), "scope_not_allowed");
        assert_eq!(refused.detail(), "`projects:write` needs the role `operator`; the owner of this key is `approver`");
        assert_eq!(check_scopes(Role::Admin, &[]).unwrap_err().code(), "no_scopes");
    }
}
