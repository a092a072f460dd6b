//! Postgres and Redis.

use std::time::Duration;

use common::config::Secret;

use super::Finding;

/// Answers, and is migrated as far as this program knows.
pub(super) async fn database(url: Option<&Secret>) -> Finding {
    const NAME: &str = "database";
    const HINT: &str = "check DATABASE_URL, then run `quantapilot migrate`";
    let Some(url) = url else { return Finding::skipped(NAME, "DATABASE_URL is not set") };
    let pool = match common::db::connect(url, 1) {
        Ok(pool) => pool,
        Err(error) => return Finding::failed(NAME, error.to_string(), HINT),
    };
    match tokio::time::timeout(Duration::from_secs(6), common::db::check(&pool)).await {
        Ok(Ok(())) => Finding::ok(NAME, "answers and is up to date"),
        Ok(Err(error)) => Finding::failed(NAME, format!("{error:#}"), HINT),
        Err(_) => Finding::failed(NAME, "did not answer within 6 s", HINT),
    }
}

/// Answers. QuantaPilot works without it, slower.
pub(super) async fn redis(url: Option<&Secret>) -> Finding {
    const NAME: &str = "redis";
    const HINT: &str = "check REDIS_URL and whether Redis runs";
    let default = Secret::new("redis://127.0.0.1:6379");
    let redis = match common::redis::connect(url.unwrap_or(&default)) {
        Ok(redis) => redis,
        Err(error) => return Finding::failed(NAME, error.to_string(), HINT),
    };
    match tokio::time::timeout(Duration::from_secs(5), redis.ping()).await {
        Ok(Ok(())) => Finding::ok(NAME, "answers"),
        Ok(Err(error)) => Finding::failed(NAME, format!("{error:#}"), HINT),
        Err(_) => Finding::failed(NAME, "did not answer within 5 s", HINT),
    }
}
