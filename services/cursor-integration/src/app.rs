//! What every handler and job has at hand.

use std::ops::Deref;
use std::sync::Arc;

use common::auth::{AuthState, ServiceTokens};
use common::clients::Peer;
use common::clients::dashboard::DashboardClient;
use common::clients::github::GithubClient;
use common::clock::Clock;
use sqlx::PgPool;

use crate::SERVICE;
use crate::agents::answer::Answers;
use crate::agents::backend::AgentBackend;
use crate::agents::cursor_cloud::CursorCloud;
use crate::agents::prompt::Prompts;
use crate::config::Config;

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
    pub github: GithubClient,
    pub backend: Box<dyn AgentBackend>,
    pub prompts: Prompts,
    pub answers: Answers,
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
        let services = &config.shared.services;
        let peer = |name, url: &url::Url| Peer::new(name, url.clone(), tokens.clone());
        Ok(Self(Arc::new(Inner {
            dashboard: DashboardClient(peer("dashboard-backend", &services.dashboard_backend)),
            github: GithubClient(peer("github-integration", &services.github_integration)),
            backend: Box::new(CursorCloud::new(&config.cursor, clock.clone())),
            prompts: Prompts::built_in()?,
            answers: Answers::built_in()?,
            tokens,
            config,
            db,
            clock,
        })))
    }
}
