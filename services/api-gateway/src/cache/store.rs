//! Redis, as far as kept answers go. Slow or away, there are none.

use std::time::Duration;

use redis::AsyncCommands as _;

/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_millis(100);
const PREFIX: &str = "qp:cache:answer:";
const TAGS: &str = "qp:cache:tag:";

/// Redis does not answer.
#[derive(Debug, thiserror::Error)]
#[error("Redis does not answer in time")]
pub(super) struct Away;

#[derive(Clone)]
pub(super) struct Store {
    redis: common::redis::Redis,
    control: tokio::runtime::Handle,
}

impl Store {
    pub(super) fn new(redis: common::redis::Redis, control: tokio::runtime::Handle) -> Self {
        Self { redis, control }
    }

    pub(super) async fn get(&self, key: String) -> Result<Option<Vec<u8>>, Away> {
        let mut connection = self.redis.connection();
        let call = async move { connection.get::<_, Option<Vec<u8>>>(format!("{PREFIX}{key}")).await };
        let answer = self.control.spawn(async move { tokio::time::timeout(PATIENCE, call).await }).await;
        answer.ok().and_then(Result::ok).and_then(Result::ok).ok_or(Away)
    }

    /// Writes in the background: nobody waits for it.
    pub(super) fn put(&self, entries: Vec<(String, Vec<u8>)>, seconds: u64, tags: Vec<String>) {
        let mut connection = self.redis.connection();
        self.control.spawn(async move {
            let mut pipe = redis::pipe();
            for (key, bytes) in &entries {
                let key = format!("{PREFIX}{key}");
                pipe.set_ex(&key, bytes.as_slice(), seconds).ignore();
                for tag in &tags {
                    let tag = format!("{TAGS}{tag}");
                    pipe.sadd(&tag, &key).ignore();
                    pipe.expire(&tag, 24 * 3600).ignore();
                }
            }
            if let Err(error) = pipe.query_async::<()>(&mut connection).await {
                tracing::debug!(%error, "an answer was not kept");
            }
        });
    }

    /// Drops what carries a tag, or everything.
    pub(super) async fn purge(&self, tag: &str) -> redis::RedisResult<()> {
        let mut connection = self.redis.connection();
        if tag != "*" {
            let tag = format!("{TAGS}{}", tag.to_ascii_lowercase());
            let mut keys: Vec<String> = connection.smembers(&tag).await?;
            keys.push(tag);
            return redis::cmd("UNLINK").arg(keys).query_async(&mut connection).await;
        }
        let mut cursor = 0_u64;
        loop {
            let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(format!("{PREFIX}*"))
                .arg("COUNT")
                .arg(500)
                .query_async(&mut connection)
                .await?;
            if !keys.is_empty() {
                redis::cmd("UNLINK").arg(keys).query_async::<()>(&mut connection).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    pub(super) fn purge_soon(&self, tag: &'static str) {
        let store = self.clone();
        self.control.spawn(async move {
            if let Err(error) = store.purge(tag).await {
                tracing::debug!(%error, "cannot drop kept answers");
            }
        });
    }
}
