//! Tells gateways at once that something ended before it expired. Without Redis they read the same from `auth_revocations`.

use common::events::{REVOCATIONS_SET, REVOKED_CHANNEL};
use common::jobs::{Attempt, Job, JobError};
use redis::AsyncCommands as _;
use serde::{Deserialize, Serialize};

use crate::app::App;

/// Publishes the end of a session, an API key, or everything of a user.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishRevocation {
    /// Which, as `identity::revocations::Subject` writes it. Called `session_id` by jobs of older versions.
    #[serde(alias = "session_id")]
    pub subject: String,
    /// Unix seconds until which a token of it may still be good.
    pub until: i64,
}

impl Job for PublishRevocation {
    const QUEUE: &'static str = "dashboard-backend.publish_revocation";
    // Tries as long as it matters, which is until `until`.
    const MAX_ATTEMPTS: i32 = 1000;
    type Context = App;

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now().unix_timestamp();
        if self.until <= now {
            return Ok(()); // its tokens are over by themselves
        }
        let mut redis = app.redis.connection();
        redis.zadd::<_, _, _, ()>(REVOCATIONS_SET, &self.subject, self.until).await?;
        redis.zrembyscore::<_, _, _, ()>(REVOCATIONS_SET, 0, now).await?;
        redis.publish::<_, _, ()>(REVOKED_CHANNEL, &self.subject).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_of_an_older_version_is_still_understood() {
        let old = serde_json::json!({"session_id": "0199d6ff-0000-7000-8000-000000000000", "until": 1_773_750_000});
        let job: PublishRevocation = serde_json::from_value(old).unwrap();
        assert_eq!(job.subject, "0199d6ff-0000-7000-8000-000000000000");
    }
}
