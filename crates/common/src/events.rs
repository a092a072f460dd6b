//! What services tell each other: events for dashboard-backend, ended sessions and outdated answers for the gateway. What must not be lost is
//! one job in the transaction in which it happened; Redis only makes it quick.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::clients::dashboard::{DashboardClient, EventReport};
use crate::jobs::{self, Attempt, Job, JobError};
use crate::redis::Redis;

/// The channel on which dashboard-backend says that something of a project changed.
pub const CHANGED_CHANNEL: &str = "qp:events:changed";
/// The channel on which dashboard-backend says whose tokens are no longer good: `<session id>`, `key:<API key id>`, or
/// `user:<user id>:<Unix seconds>` for everything of a user that was issued before then.
pub const REVOKED_CHANNEL: &str = "qp:auth:revoked";
/// The sorted set of the same, each with the Unix seconds until which a token of it may still be good.
pub const REVOCATIONS_SET: &str = "qp:auth:revocations";
/// The channel on which the gateway hears which cached answers are outdated: one tag, or `*`.
pub const PURGE_CHANNEL: &str = "qp:cache:purge";
/// The header in which an answer names its tags, with spaces between.
pub const SURROGATE_KEY: http::HeaderName = http::HeaderName::from_static("surrogate-key");

/// Posts an event to dashboard-backend, which keeps each `key` once. Register it with a `DashboardClient`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReportEvent(pub EventReport);

impl Job for ReportEvent {
    const QUEUE: &'static str = "events.report";
    const MAX_ATTEMPTS: i32 = 30;
    type Context = DashboardClient;

    async fn run(&self, dashboard: &DashboardClient, _attempt: Attempt) -> Result<(), JobError> {
        dashboard.report_event(&self.0).await.map_err(JobError::from_call)
    }
}

/// What cached answers have in common, so that they are dropped together: lower-case letters, digits, `:`, `_` and `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheTag(&'static str);

impl CacheTag {
    /// Whether the installation has its first account.
    pub const SETUP: Self = Self::new("setup");
    /// The public keys of access tokens.
    pub const AUTH_KEYS: Self = Self::new("auth:keys");
    /// The dashboard's own files.
    pub const APP: Self = Self::new("app");
    /// Everything.
    pub const EVERYTHING: Self = Self::new("*");

    /// A tag of that name; a name with other characters does not compile.
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let fits = matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b':' | b'_' | b'-')
                || (bytes[at] == b'*' && bytes.len() == 1);
            assert!(fits, "a tag is lower-case letters, digits, `:`, `_` and `-`");
            at += 1;
        }
        assert!(!bytes.is_empty(), "a tag has a name");
        Self(name)
    }

    /// The name, as it stands in `Surrogate-Key`.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// Drops every cached answer that carries `tag`, once the caller's transaction has committed.
pub async fn purge_cache(conn: &mut PgConnection, tag: CacheTag, now: OffsetDateTime) -> sqlx::Result<()> {
    jobs::enqueue(conn, &PurgeCache { tag: tag.as_str().to_owned() }, now).await
}

/// Tells gateways to drop cached answers. Register it with a `Redis`. A gateway that is away then has nothing cached in its process,
/// and Redis, which holds the cache, cannot be away without it.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeCache {
    /// Which.
    pub tag: String,
}

impl Job for PurgeCache {
    const QUEUE: &'static str = "cache.purge";
    const MAX_ATTEMPTS: i32 = 30;
    type Context = Redis;

    fn key(&self) -> Option<String> {
        Some(self.tag.clone())
    }

    async fn run(&self, redis: &Redis, _attempt: Attempt) -> Result<(), JobError> {
        use ::redis::AsyncCommands as _;
        redis.connection().publish::<_, _, ()>(PURGE_CHANNEL, &self.tag).await?;
        Ok(())
    }
}
