//! Tells the gateway that a session has ended.

use common::ids::SessionId;
use common::jobs::{Attempt, Job, JobError};
use redis::AsyncCommands as _;
use serde::{Deserialize, Serialize};

use crate::app::App;

/// Ended sessions whose tokens may still be good, with the time until then.
const REVOCATIONS: &str = "qp:auth:revocations";
/// Where gateways listen.
const REVOKED: &str = "qp:auth:revoked";

/// Publishes the end of a session.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishRevocation {
    /// Which.
    pub session_id: SessionId,
    /// Unix seconds until which a token of it may still be good.
    pub until: i64,
}

impl Job for PublishRevocation {
    const QUEUE: &'static str = "dashboard-backend.publish_revocation";
    type Context = App;

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now().unix_timestamp();
        if self.until <= now {
            return Ok(()); // its tokens are over by themselves
        }
        let mut redis = app.redis.connection();
        let session = self.session_id.to_string();
        redis.zadd::<_, _, _, ()>(REVOCATIONS, &session, self.until).await?;
        redis.zrembyscore::<_, _, _, ()>(REVOCATIONS, 0, now).await?;
        redis.publish::<_, _, ()>(REVOKED, &session).await?;
        Ok(())
    }
}
