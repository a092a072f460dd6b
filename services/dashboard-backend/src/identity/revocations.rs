//! Telling gateways that something ended before it expired: a row for whoever asks, and a job that tells at once.

use std::fmt;

use common::ids::{ApiKeyId, SessionId, UserId};
use common::{Result, jobs};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::app::App;
use crate::jobs::publish_revocation::PublishRevocation;
use crate::store::revocations;

/// Clocks may differ by this much, and a gateway may have been asked for a verdict just before.
const MARGIN: Duration = Duration::seconds(60);

/// What ended.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// A session: every token with its id.
    Session(SessionId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// Everything of a user that was issued before this second: tokens that speak of an old role, remembered verdicts on keys.
    UserBefore(UserId, i64),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => id.fmt(f),
            Self::ApiKey(id) => write!(f, "key:{id}"),
            Self::UserBefore(id, second) => write!(f, "user:{id}:{second}"),
        }
    }
}

/// Keeps that it ended, and tells after the commit.
pub async fn revoke(app: &App, conn: &mut PgConnection, subject: Subject, now: OffsetDateTime) -> Result<()> {
    // The longest that a token can still be good for; verdicts on keys are remembered for less.
    let until = now + Duration::seconds(app.config.identity.access_seconds) + MARGIN;
    let subject = subject.to_string();
    revocations::insert(conn, &subject, until, now).await?;
    jobs::enqueue(conn, &PublishRevocation { subject, until: until.unix_timestamp() }, now).await?;
    Ok(())
}
