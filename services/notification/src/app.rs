//! What every handler and job has at hand.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use common::auth::{AuthState, ServiceTokens};
use common::clients::Peer;
use common::clients::dashboard::DashboardClient;
use common::clock::Clock;
use sqlx::PgPool;

use crate::SERVICE;
use crate::config::Config;
use crate::handlers::approval_page::Nonces;
use crate::jobs::{Mailed, Taken};
use crate::mail::Mailer;
use crate::store::MessageId;
use crate::telegram::Bot;
use crate::templates::Templates;
use crate::unwritten::Unwritten;

/// The state of the service; clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The parts of [`App`].
pub struct Inner {
    pub config: Config,
    pub db: PgPool,
    pub clock: Clock,
    pub tokens: ServiceTokens,
    pub dashboard: DashboardClient,
    pub templates: Templates,
    /// None: the channel is off.
    pub telegram: Option<Bot>,
    /// None: the channel is off.
    pub mailer: Option<Mailer>,
    pub nonces: Nonces,
    /// By the entry of the outbox.
    pub taken: Unwritten<i64, Taken>,
    /// By the message: what the mail server answered.
    pub mailed: Unwritten<MessageId, Mailed>,
    /// How long the confirm page waits for the ruling before it says "being recorded".
    pub page_patience: Duration,
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
        Self::with_database(config, db, clock, Duration::from_secs(3))
    }

    /// With a pool that is there already.
    pub fn with_database(config: Config, db: PgPool, clock: Clock, page_patience: Duration) -> anyhow::Result<Self> {
        common::http::client::install_crypto();
        let tokens = ServiceTokens::new(SERVICE, &config.shared.service_token_secret, clock.clone());
        let dashboard_url = config.shared.services.dashboard_backend.clone();
        Ok(Self(Arc::new(Inner {
            dashboard: DashboardClient(Peer::new("dashboard-backend", dashboard_url, tokens.clone())),
            templates: Templates::load()?,
            telegram: config.telegram.as_ref().map(Bot::new).transpose()?,
            mailer: config.smtp.as_ref().map(|smtp| Mailer::new(smtp, &config.shared.public_url)).transpose()?,
            nonces: Nonces::new(&config.shared.service_token_secret.oldest()),
            taken: Unwritten::default(),
            mailed: Unwritten::default(),
            page_patience,
            tokens,
            config,
            db,
            clock,
        })))
    }

    /// The public address, when phones and mail programs can open it.
    pub fn public_https(&self) -> bool {
        self.config.shared.public_url.scheme() == "https"
    }

    /// An address below the public one.
    pub fn public(&self, path: &str) -> String {
        format!("{}{path}", self.config.shared.public_url.as_str().trim_end_matches('/'))
    }
}
