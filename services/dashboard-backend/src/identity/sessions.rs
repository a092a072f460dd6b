//! Sessions: a short access token, and a refresh token that is good for one use.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use common::auth::Identity;
use common::ids::{ApiKeyId, SessionId, UserId};
use common::{Error, Result};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::app::App;
use crate::identity::keys;
use crate::identity::revocations::{self, Subject};
use crate::store::users::UserRow;
use crate::store::{api_keys, sessions, users};
use crate::views::people::Session;

/// The cookie of the refresh token; sent to the sign-in endpoints alone.
pub const REFRESH_COOKIE: &str = "qp_refresh";
/// The cookie of the access token, which the gateway reads.
pub const ACCESS_COOKIE: &str = "qp_access";
const REFRESH_PATH: &str = "/api/v1/auth";
/// Two tabs may refresh at once: a second use so soon after the first is no theft, it is only refused.
const RACE: Duration = Duration::seconds(10);

/// Tokens of a session that was started or refreshed.
pub struct Granted {
    /// What the client reads.
    pub session: Session,
    /// For the cookie.
    refresh: String,
}

/// What somebody came with through the gateway.
#[derive(Clone, Copy, Debug)]
pub enum Credential {
    /// A session of their own.
    Session(SessionId),
    /// A key that acts for them.
    ApiKey(ApiKeyId),
}

impl Credential {
    /// The one that the gateway vouched for.
    pub fn of(identity: &Identity) -> Option<Self> {
        identity.api_key().map(Self::ApiKey).or_else(|| identity.session_id.parse().ok().map(Self::Session))
    }

    /// Whether it is still good.
    pub async fn is_good(self, conn: &mut PgConnection, now: OffsetDateTime) -> Result<bool> {
        Ok(match self {
            Self::Session(id) => sessions::is_live(conn, id, now).await?,
            Self::ApiKey(id) => api_keys::is_good(conn, id, now).await?,
        })
    }
}

/// Starts a session for somebody whose password was right. `None`: the account was changed meanwhile, so that it has to be checked anew.
pub async fn start(
    app: &App,
    conn: &mut PgConnection,
    user: &UserRow,
    user_agent: Option<&str>,
) -> Result<Option<Granted>> {
    let now = app.clock.now();
    // Waits for a change of the account that is under way: a token never speaks of a role that ended with all sessions.
    let Some(user) = users::touch_login(conn, user.id, &user.password_hash, now).await? else { return Ok(None) };
    let expires = now + Duration::days(app.config.identity.session_days);
    let agent: Option<String> = user_agent.map(|text| text.chars().take(200).collect());
    let id = sessions::insert(conn, user.id, agent.as_deref(), expires, now).await?;
    grant(app, conn, &user, id).await.map(Some)
}

async fn grant(app: &App, conn: &mut PgConnection, user: &UserRow, id: SessionId) -> Result<Granted> {
    let now = app.clock.now();
    let refresh = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    sessions::insert_token(conn, id, &hash(&refresh), now).await?;
    let seconds = app.config.identity.access_seconds;
    let subject =
        keys::Subject { user: user.id, session: id, role: user.role, email: &user.email, name: &user.display_name };
    let access_token = app.keys.current(&app.db, now).await?.signing(now).sign(&subject, seconds, now)?;
    let session = Session {
        access_token,
        token_type: "Bearer".to_owned(),
        expires_in_seconds: seconds,
        user: user.clone().into(),
    };
    Ok(Granted { session, refresh })
}

/// What came of a refresh token. The caller commits in both cases: a revocation must not be rolled back.
pub enum Refreshed {
    /// It was good: here are the next ones.
    Granted(Box<Granted>),
    /// It was not.
    Refused(Error),
}

/// Takes a refresh token for a new pair. A token used twice ends the session: one of the two users is a thief.
pub async fn refresh(app: &App, conn: &mut PgConnection, token: &str) -> Result<Refreshed> {
    let now = app.clock.now();
    let refused = |detail: &str| Ok(Refreshed::Refused(Error::unauthenticated("session_ended", detail)));
    let Some(found) = sessions::lock_token(conn, &hash(token)).await? else {
        return refused("The session is not known here; sign in again");
    };
    if found.revoked_at.is_some() || found.expires_at <= now {
        return refused("The session has ended; sign in again");
    }
    if let Some(used_at) = found.used_at {
        if now - used_at <= RACE {
            return Ok(Refreshed::Refused(Error::conflict(
                "refresh_raced",
                "Another tab refreshed the session a moment ago; use what it got",
            )));
        }
        tracing::warn!(user.id = %found.user_id, session.id = %found.session_id, "a refresh token was used twice: the session is ended");
        end(app, conn, found.session_id, "refresh_token_reused").await?;
        return refused("The session was ended because its token was used twice; sign in again");
    }
    let Some(user) = users::find(conn, found.user_id).await?.filter(|user| !user.disabled) else {
        end(app, conn, found.session_id, "user_disabled").await?;
        return refused("The account is disabled");
    };
    sessions::use_token(conn, found.session_id, &hash(token), now).await?;
    Ok(Refreshed::Granted(Box::new(grant(app, conn, &user, found.session_id).await?)))
}

/// The session that a refresh token belongs to, whatever its state.
pub async fn find_by_token(conn: &mut PgConnection, token: &str) -> Result<Option<SessionId>> {
    Ok(sessions::lock_token(conn, &hash(token)).await?.map(|found| found.session_id))
}

/// Ends a session and tells the gateway.
pub async fn end(app: &App, conn: &mut PgConnection, id: SessionId, reason: &str) -> Result<()> {
    let now = app.clock.now();
    if sessions::revoke(conn, id, reason, now).await? {
        revocations::revoke(app, conn, Subject::Session(id), now).await?;
    }
    Ok(())
}

/// Ends every session of a user but `keep`, which needs a fresh access token: those of before, and what gateways remember of the user's API
/// keys, count no longer.
pub async fn end_all(
    app: &App,
    conn: &mut PgConnection,
    user: UserId,
    keep: Option<SessionId>,
    reason: &str,
) -> Result<()> {
    let now = app.clock.now();
    for id in sessions::revoke_all(conn, user, keep, reason, now).await? {
        revocations::revoke(app, conn, Subject::Session(id), now).await?;
    }
    revocations::revoke(app, conn, Subject::UserBefore(user, now.unix_timestamp()), now).await
}

/// Puts both tokens into the jar.
pub fn set_cookies(app: &App, jar: CookieJar, granted: &Granted) -> CookieJar {
    let days = app.config.identity.session_days;
    jar.add(cookie(app, REFRESH_COOKIE, granted.refresh.clone(), REFRESH_PATH, Duration::days(days))).add(cookie(
        app,
        ACCESS_COOKIE,
        granted.session.access_token.clone(),
        "/",
        Duration::seconds(granted.session.expires_in_seconds),
    ))
}

/// Takes both out.
pub fn clear_cookies(app: &App, jar: CookieJar) -> CookieJar {
    jar.add(cookie(app, REFRESH_COOKIE, String::new(), REFRESH_PATH, Duration::ZERO)).add(cookie(
        app,
        ACCESS_COOKIE,
        String::new(),
        "/",
        Duration::ZERO,
    ))
}

fn cookie(app: &App, name: &'static str, value: String, path: &'static str, max_age: Duration) -> Cookie<'static> {
    Cookie::build((name, value))
        .path(path)
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(app.config.shared.public_url.scheme() == "https")
        .max_age(max_age)
        .build()
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
