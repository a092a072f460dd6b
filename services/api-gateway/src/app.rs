//! The state of the gateway.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use common::auth::ServiceTokens;
use common::clock::Clock;
use http::HeaderValue;
use ipnet::IpNet;
use url::Url;

use crate::auth::Keys;
use crate::config::Config;
use crate::limit::Limiter;
use crate::proxy::Upstream;
use crate::table::{Service, Table};

/// What every request needs.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// See [`App`].
pub struct Inner {
    /// Routes.
    pub table: Table,
    /// The time.
    pub clock: Clock,
    /// Signs identities.
    pub tokens: ServiceTokens,
    /// Verifies people's tokens.
    pub keys: Keys,
    /// Counts.
    pub limiter: Limiter,
    /// Redis, for revocations.
    pub redis: common::redis::Redis,
    /// Sends.
    pub upstream: Upstream,
    /// Where services are.
    pub services: HashMap<Service, Url>,
    /// Browsers may call from these.
    pub cors_origins: Vec<HeaderValue>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether TLS stands in front.
    pub hsts: bool,
    /// Room for requests.
    pub room: Arc<tokio::sync::Semaphore>,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Everything but the network: peers may come later.
    pub fn connect(config: &Config) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let redis = common::redis::connect(&config.redis_url)?;
        let urls = &config.services;
        let services = HashMap::from([
            (Service::CursorIntegration, urls.cursor_integration.clone()),
            (Service::GithubIntegration, urls.github_integration.clone()),
            (Service::Notification, urls.notification.clone()),
            (Service::DashboardBackend, urls.dashboard_backend.clone()),
        ]);
        Ok(Self(Arc::new(Inner {
            table: config.table.clone(),
            tokens: ServiceTokens::new("api-gateway", &config.service_token_secret, clock.clone()),
            keys: Keys::new(clock.clone()),
            limiter: Limiter::new(redis.clone(), clock.clone()),
            clock,
            redis,
            upstream: Upstream::new(),
            services,
            cors_origins: config.cors_origins.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            hsts: config.hsts,
            room: Arc::new(tokio::sync::Semaphore::new(config.max_in_flight)),
        })))
    }
}
