//! What every handler and job has at hand.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use common::auth::{AuthState, ServiceTokens};
use common::clients::Peer;
use common::clients::dashboard::DashboardClient;
use common::clock::Clock;
use common::http::client::Client;
use sqlx::PgPool;

use crate::SERVICE;
use crate::config::Config;
use crate::github::Github;
use crate::webhooks::secrets::WebhookSecrets;

/// The state of the service; clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The parts of [`App`].
pub struct Inner {
    pub config: Config,
    pub db: PgPool,
    pub clock: Clock,
    pub github: Github,
    /// What deliveries are signed with; none closes the door.
    pub webhook_secrets: Option<WebhookSecrets>,
    pub tokens: ServiceTokens,
    pub dashboard: DashboardClient,
    /// n8n may withhold an answer while it is full; a silence of 10 s means "unknown", not "failed".
    pub n8n: Client,
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

impl App {
    /// Connects lazily: nothing has to be up yet.
    pub fn connect(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let db = common::db::connect(&config.shared.database_url, config.shared.database_max_connections)?;
        Self::with_database(config, db, clock)
    }

    /// With a pool that is there already.
    pub fn with_database(config: Config, db: PgPool, clock: Clock) -> anyhow::Result<Self> {
        common::http::client::install_crypto();
        let tokens = ServiceTokens::new(SERVICE, &config.shared.service_token_secret, clock.clone());
        let dashboard_url = config.shared.services.dashboard_backend.clone();
        Ok(Self(Arc::new(Inner {
            github: Github::new(&config.github, clock.clone())?,
            webhook_secrets: config.webhook.secret.as_ref().map(WebhookSecrets::new).transpose()?,
            dashboard: DashboardClient(Peer::new("dashboard-backend", dashboard_url, tokens.clone())),
            n8n: Client::with_timeout("n8n", Duration::from_secs(10)),
            tokens,
            config,
            db,
            clock,
        })))
    }
}
