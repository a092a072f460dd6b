//! Redis: only what may be lost. Absence degrades and is logged, it never fails a request.

use std::time::Duration;

use anyhow::Context as _;
use redis::AsyncCommands as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::config::Secret;

/// A shared connection that reconnects by itself. Not for blocking commands: one such stalls all others.
#[derive(Clone)]
pub struct Redis {
    client: redis::Client,
    manager: ConnectionManager,
}

/// Opens the connection lazily: a Redis that is away at start does not stop the service.
pub fn connect(url: &Secret) -> anyhow::Result<Redis> {
    let client = redis::Client::open(url.expose())
        .map_err(|error| anyhow::anyhow!("REDIS_URL is not valid: {}", error.category()))?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(Some(Duration::from_secs(2)))
        .set_max_delay(Duration::from_secs(2));
    let manager = ConnectionManager::new_lazy_with_config(client.clone(), config)
        .context("cannot set up the Redis connection")?;
    Ok(Redis { client, manager })
}

impl Redis {
    /// The multiplexed connection, for commands of your own.
    pub fn connection(&self) -> ConnectionManager {
        self.manager.clone()
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> anyhow::Result<()> {
        let mut connection = self.connection();
        redis::cmd("PING").query_async::<()>(&mut connection).await?;
        Ok(())
    }

    /// Tells whoever listens that something changed. Lost when Redis is away.
    pub async fn publish(&self, channel: &str, message: &str) {
        if let Err(error) = self.connection().publish::<_, _, ()>(channel, message).await {
            tracing::warn!(channel, %error, "nobody was told: Redis is away");
        }
    }

    /// A connection of its own for listening.
    pub async fn subscriber(&self) -> anyhow::Result<redis::aio::PubSub> {
        Ok(self.client.get_async_pubsub().await?)
    }
}
