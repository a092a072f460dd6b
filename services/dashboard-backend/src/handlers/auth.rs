//! Signing in and out.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum_extra::extract::CookieJar;
use common::auth::{Caller, Viewer};
use common::error::Problem;
use common::events::{CacheTag, SURROGATE_KEY};
use common::http::Json;
use common::{Error, Result};
use serde::Deserialize;
use time::Duration;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::keys::KeySet;
use crate::identity::sessions::{self, REFRESH_COOKIE, Refreshed};
use crate::store::users;
use crate::views::people::{Session, User};

/// Wrong passwords in a row before the address is locked.
const FAILURES_BEFORE_LOCK: i32 = 5;
/// The first lock; each further failure doubles it, up to the longest.
const FIRST_LOCK: Duration = Duration::minutes(1);
const LONGEST_LOCK: Duration = Duration::minutes(15);
/// Failures older than this no longer count.
const FORGET_AFTER: Duration = Duration::hours(1);

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Credentials {
    /// The account's address.
    pub email: String,
    /// Its password.
    pub password: String,
}

/// Sign in. Sets the cookies `qp_refresh` and `qp_access`.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = Credentials, responses(
    (status = 200, body = Session), (status = 401, body = Problem), (status = 429, body = Problem, description = "Too many failures")))]
pub async fn login(
    State(app): State<App>,
    headers: HeaderMap,
    jar: CookieJar,
    Json(body): Json<Credentials>,
) -> Result<(CookieJar, Json<Session>)> {
    let email = body.email.trim().to_lowercase();
    if email.contains('\0') || email.len() > 254 || body.password.len() > 4 * crate::identity::passwords::MAX_LENGTH {
        return Err(wrong());
    }
    let now = app.clock.now();
    let mut conn = app.db.acquire().await?;
    if let Some(until) = users::locked_until(&mut conn, &email).await?.filter(|until| *until > now) {
        let seconds = u64::try_from((until - now).whole_seconds()).unwrap_or(0) + 1;
        return Err(Error::rate_limited(
            "too_many_attempts",
            format!("Too many failed sign-ins; try again in {seconds} s"),
        )
        .with_retry_after(seconds));
    }
    let user = users::find_by_email(&mut conn, &email).await?;
    drop(conn); // hashing takes a while
    let right = app.passwords.matches(&body.password, user.as_ref().map(|user| user.password_hash.as_str())).await?;
    let mut tx = app.db.begin().await?;
    let Some(user) = user.filter(|user| right && !user.disabled) else {
        let failures = users::count_failure(&mut tx, &email, now, now - FORGET_AFTER).await?;
        if failures >= FAILURES_BEFORE_LOCK {
            let doublings = u32::try_from(failures - FAILURES_BEFORE_LOCK).unwrap_or(0).min(8);
            users::lock(&mut tx, &email, now + (FIRST_LOCK * 2_i32.pow(doublings)).min(LONGEST_LOCK)).await?;
        }
        tx.commit().await?;
        return Err(wrong());
    };
    users::forget_failures(&mut tx, &email).await?;
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let granted = sessions::start(&app, &mut tx, &user, agent).await?.ok_or_else(wrong)?;
    tx.commit().await?;
    Ok((sessions::set_cookies(&app, jar, &granted), Json(granted.session)))
}

fn wrong() -> Error {
    Error::unauthenticated("wrong_credentials", "The address or the password is wrong, or the account is disabled")
}

/// Get a new access token for the refresh cookie, which is replaced. A refresh token that is used twice ends the session.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", responses(
    (status = 200, body = Session), (status = 401, body = Problem), (status = 409, body = Problem, description = "Another tab was faster: use its cookie")))]
pub async fn refresh(State(app): State<App>, jar: CookieJar) -> Result<(CookieJar, Json<Session>)> {
    let token = jar
        .get(REFRESH_COOKIE)
        .map(|cookie| cookie.value().to_owned())
        .ok_or_else(|| Error::unauthenticated("not_signed_in", "There is no session here; sign in"))?;
    let mut tx = app.db.begin().await?;
    let outcome = sessions::refresh(&app, &mut tx, &token).await?;
    tx.commit().await?;
    match outcome {
        Refreshed::Granted(granted) => Ok((sessions::set_cookies(&app, jar, &granted), Json(granted.session))),
        Refreshed::Refused(error) => Err(error),
    }
}

/// Sign out: the session ends here and at the gateway.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", responses((status = 204)))]
pub async fn logout(State(app): State<App>, jar: CookieJar) -> Result<(CookieJar, StatusCode)> {
    if let Some(token) = jar.get(REFRESH_COOKIE) {
        let mut tx = app.db.begin().await?;
        if let Some(session) = sessions::find_by_token(&mut tx, token.value()).await? {
            sessions::end(&app, &mut tx, session, "signed_out").await?;
        }
        tx.commit().await?;
    }
    Ok((sessions::clear_cookies(&app, jar), StatusCode::NO_CONTENT))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", responses((status = 200, body = User), (status = 401, body = Problem)))]
pub async fn get_me(State(app): State<App>, caller: Caller<Viewer>) -> Result<Json<User>> {
    let mut conn = app.db.acquire().await?;
    let user = users::find(&mut conn, caller.user_id).await?.filter(|user| !user.disabled);
    user.map(|user| Json(user.into()))
        .ok_or_else(|| Error::unauthenticated("not_signed_in", "This account no longer exists or is disabled"))
}

/// The public keys of access tokens. Ask again when a token names a key that is not among them.
#[utoipa::path(get, path = "/api/v1/auth/jwks.json", tag = "auth", responses(
    (status = 200, body = KeySet), (status = 304, description = "Nothing changed since the `ETag` in `If-None-Match`")))]
pub async fn get_keys(State(app): State<App>) -> Result<([(header::HeaderName, &'static str); 2], Json<KeySet>)> {
    let now = app.clock.now();
    let keys = app.keys.latest(&app.db, now).await?.public(now);
    let headers = [(header::CACHE_CONTROL, "public, max-age=300"), (SURROGATE_KEY, CacheTag::AUTH_KEYS.as_str())];
    Ok((headers, Json(keys)))
}
