//! Redis: there, of a known version, and behind a password.

use std::time::Duration;

use common::redis::Redis;

use crate::{Finding, Version};

const OLDEST: Version = Version(6, 2, 0);
const LIMIT: Duration = Duration::from_secs(5);

/// Looks through a connection that is there. QuantaPilot works without Redis, slower and with fewer protections.
pub async fn look(redis: &Redis) -> Vec<Finding> {
    const FIX: &str = "check REDIS_URL and whether Redis runs; until then limits are counted in each gateway alone";
    match tokio::time::timeout(LIMIT, redis.ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return away(&format!("{error:#}"), FIX),
        Err(_) => return away(&format!("no answer within {} s", LIMIT.as_secs()), FIX),
    }
    let info: Result<String, _> = redis::cmd("INFO").arg("server").query_async(&mut redis.connection()).await;
    let version = match info.as_deref().ok().and_then(field("redis_version:")) {
        Some(text) => match text.parse::<Version>() {
            Ok(version) if version < OLDEST => Finding::critical(
                "versions.redis",
                format!("Redis {text} is too old"),
                format!("use Redis {OLDEST} or newer"),
            ),
            _ => Finding::ok("versions.redis", format!("Redis {text}")),
        },
        None => Finding::skipped("versions.redis", "it does not say its version"),
    };
    vec![Finding::ok("redis.reachable", "it answers"), version]
}

fn away(why: &str, fix: &str) -> Vec<Finding> {
    vec![Finding::warning("redis.reachable", why, fix), Finding::skipped("versions.redis", "Redis does not answer")]
}

fn field(name: &str) -> impl Fn(&str) -> Option<&str> {
    move |info| info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}
