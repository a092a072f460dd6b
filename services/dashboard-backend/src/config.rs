//! Every setting of this service.

use std::path::PathBuf;
use std::time::Duration;

use common::config::{ConfigError, Reader, Secret, Shared};
use common::telemetry::Telemetry;
use url::Url;

/// The port unless `BIND` says otherwise.
pub const PORT: u16 = 3004;

/// The settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// What every service has.
    pub shared: Shared,
    /// Logs.
    pub telemetry: Telemetry,
    /// Signing people in.
    pub identity: IdentityConfig,
    /// Starting workflow executions.
    pub carriers: CarrierConfig,
    /// What new projects start with.
    pub projects: ProjectConfig,
    /// What a run is thought to take before there were any.
    pub budgets: BudgetConfig,
    /// `SANDBOX_PUBLIC_URL` (default `SANDBOX_URL`): where people open the sandbox's page.
    pub sandbox_public_url: Option<Url>,
}

/// Signing people in.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// `JWT_SIGNING_KEY` (default: made at first start, kept in the database): Ed25519 private key as PKCS #8 PEM. Further blocks are only
    /// published, so that what they signed is still accepted; a file is read again when it changes.
    pub signing_key: Option<Secret>,
    /// `SETUP_OPEN` (default false): the first account needs no set-up link. For machines that nobody else reaches.
    pub setup_open: bool,
    /// `DASHBOARD_ACCESS_TOKEN_SECONDS` (default 900): how long an access token is good for.
    pub access_seconds: i64,
    /// `DASHBOARD_SESSION_DAYS` (default 30): how long a session lasts.
    pub session_days: i64,
}

/// Starting workflow executions.
#[derive(Clone, Debug)]
pub struct CarrierConfig {
    /// `N8N_API_KEY`: to ask n8n about executions. Without it a lost one is noticed late.
    pub n8n_api_key: Option<Secret>,
    /// `N8N_API_KEY_FILE`: read each time, because the file appears only once n8n has been set up.
    pub n8n_api_key_file: Option<PathBuf>,
    /// `N8N_EDITOR_URL` (default `N8N_URL`): where people open n8n.
    pub n8n_editor_url: Url,
    /// `RECONCILE_SECONDS` (default 15, with a sandbox 5): how often lost executions are looked for.
    pub reconcile: Duration,
}

/// What new projects start with.
#[derive(Clone, Copy, Debug)]
pub struct ProjectConfig {
    /// `DASHBOARD_MAX_FIX_ITERATIONS` (default 3): how often red results go back to the developer before people are asked.
    pub max_fix_iterations: i32,
    /// `DASHBOARD_AGENT_DEADLINE_SECONDS` (default 3600): how long one agent run may take.
    pub agent_deadline_seconds: i32,
    /// `DASHBOARD_CHECKS_DEADLINE_SECONDS` (default 1800): how long the checks of a commit may take.
    pub checks_deadline_seconds: i32,
}

/// What a run of an agent is thought to take while its role has too little history to tell.
#[derive(Clone, Copy, Debug)]
pub struct BudgetConfig {
    /// `DASHBOARD_RUN_ESTIMATE_CENTS` (default 100): US cents that are set aside for a run before it starts.
    pub run_cents: u32,
    /// `DASHBOARD_RUN_ESTIMATE_TOKENS` (default 500000): tokens that are set aside for a run before it starts.
    pub run_tokens: u32,
}

impl Config {
    /// From the process environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(Reader::from_env())
    }

    /// From a reader.
    pub fn read(mut env: Reader) -> Result<Self, ConfigError> {
        let shared = Shared::read(&mut env, PORT);
        let default_reconcile = if shared.sandbox_url.is_some() { 5 } else { 15 };
        // The file is read lazily, so only its path is taken here; `optional_secret` would insist on the file.
        let n8n_api_key_file: Option<PathBuf> = env.optional("N8N_API_KEY_FILE");
        let n8n_api_key = if n8n_api_key_file.is_some() { None } else { env.optional_secret("N8N_API_KEY") };
        let config = Self {
            telemetry: Telemetry::read(&mut env),
            identity: IdentityConfig {
                signing_key: env.optional_secret("JWT_SIGNING_KEY"),
                setup_open: env.or("SETUP_OPEN", false),
                access_seconds: env.or("DASHBOARD_ACCESS_TOKEN_SECONDS", 900),
                session_days: env.or("DASHBOARD_SESSION_DAYS", 30),
            },
            carriers: CarrierConfig {
                n8n_api_key,
                n8n_api_key_file,
                n8n_editor_url: env.or("N8N_EDITOR_URL", shared.n8n_url.clone()),
                reconcile: Duration::from_secs(env.or("RECONCILE_SECONDS", default_reconcile)),
            },
            projects: ProjectConfig {
                max_fix_iterations: env.or("DASHBOARD_MAX_FIX_ITERATIONS", 3),
                agent_deadline_seconds: env.or("DASHBOARD_AGENT_DEADLINE_SECONDS", 3600),
                checks_deadline_seconds: env.or("DASHBOARD_CHECKS_DEADLINE_SECONDS", 1800),
            },
            budgets: BudgetConfig {
                run_cents: env.or("DASHBOARD_RUN_ESTIMATE_CENTS", 100),
                run_tokens: env.or("DASHBOARD_RUN_ESTIMATE_TOKENS", 500_000),
            },
            sandbox_public_url: env.optional("SANDBOX_PUBLIC_URL").or_else(|| shared.sandbox_url.clone()),
            shared,
        };
        if let Some(key) = &config.identity.signing_key
            && let Err(error) = crate::identity::rotation::Ring::from_pems(key.expose())
        {
            env.problem(format!("JWT_SIGNING_KEY is not an Ed25519 private key in PKCS #8 PEM: {error} (`openssl genpkey -algorithm ed25519` makes one)"));
        }
        if config.carriers.reconcile.is_zero() {
            env.problem("RECONCILE_SECONDS must be 1 or more (example: RECONCILE_SECONDS=15)");
        }
        if config.identity.access_seconds < 60 || config.identity.session_days < 1 {
            env.problem("DASHBOARD_ACCESS_TOKEN_SECONDS must be 60 or more and DASHBOARD_SESSION_DAYS 1 or more");
        }
        if config.projects.agent_deadline_seconds < 1
            || config.projects.checks_deadline_seconds < 1
            || config.projects.max_fix_iterations < 0
        {
            env.problem(
                "the DASHBOARD_…_DEADLINE_SECONDS must be 1 or more, and DASHBOARD_MAX_FIX_ITERATIONS 0 or more",
            );
        }
        env.finish()?;
        Ok(config)
    }
}
