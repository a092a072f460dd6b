//! What the handlers share.

use std::ops::Deref;
use std::sync::Arc;

use common::auth::{AuthState, ServiceTokens};
use common::clients::Peer;
use common::clients::notification::NotificationClient;
use common::clock::Clock;
use common::health::Remembered;
use common::http::client::Client;
use common::redis::Redis;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::SERVICE;
use crate::carriers::n8n::N8n;
use crate::config::Config;
use crate::identity::passwords::Passwords;
use crate::identity::rotation::Keys;
use crate::live::Feed;

/// The only state type.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What is in it.
pub struct Inner {
    /// Settings.
    pub config: Config,
    /// Postgres.
    pub db: PgPool,
    /// Redis; may be away.
    pub redis: Redis,
    /// Time.
    pub clock: Clock,
    /// Tokens between services.
    pub tokens: ServiceTokens,
    /// Keys of the tokens that people get.
    pub keys: Keys,
    /// Hashing, a few at a time.
    pub passwords: Passwords,
    /// n8n.
    pub n8n: N8n,
    /// Whether it was well lately.
    pub n8n_reached: Remembered,
    /// notification.
    pub notification: NotificationClient,
    /// Everything else that is asked whether it is well.
    pub probe: Client,
    /// The live feed.
    pub feed: Feed,
    /// Ends streams when the process stops.
    pub stop: CancellationToken,
}

impl App {
    /// Opens everything lazily: what is away at start is waited for, not died of.
    pub fn connect(config: Config, stop: CancellationToken) -> anyhow::Result<Self> {
        let db = common::db::connect(&config.shared.database_url, config.shared.database_max_connections)?;
        Self::with(config, db, Clock::system(), stop)
    }

    /// The same on a given pool and clock.
    pub fn with(config: Config, db: PgPool, clock: Clock, stop: CancellationToken) -> anyhow::Result<Self> {
        let redis = common::redis::connect(&config.shared.redis_url)?;
        let tokens = ServiceTokens::new(SERVICE, &config.shared.service_token_secret, clock.clone());
        let notification =
            NotificationClient(Peer::new("notification", config.shared.services.notification.clone(), tokens.clone()));
        let n8n = N8n::new(&config);
        let n8n_reached = Remembered::new(clock.clone());
        let keys = Keys::new(config.identity.signing_key.as_ref())?;
        let probe = Client::with_timeout("probe", std::time::Duration::from_secs(3));
        let passwords = Passwords::new();
        let feed = Feed::new();
        Ok(Self(Arc::new(Inner {
            config,
            db,
            redis,
            clock,
            tokens,
            keys,
            passwords,
            n8n,
            n8n_reached,
            notification,
            probe,
            feed,
            stop,
        })))
    }
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl AuthState for App {
    fn tokens(&self) -> &ServiceTokens {
        &self.tokens
    }
}
