//! What can be set from outside. Every field has a default that works on a laptop.

use std::{net::SocketAddr, path::PathBuf};

/// Settings of one sandbox.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where HTTP is served. Port 0 picks a free one.
    pub http: SocketAddr,
    /// Where mail is taken. Port 0 picks a free one.
    pub smtp: SocketAddr,
    /// Where state is kept. Without one a temporary directory is used and removed at the end.
    pub data_dir: Option<PathBuf>,
    /// The address others reach this sandbox by, when it is not the one it listens on.
    pub public_url: Option<String>,
    /// The address people open its pages by, when programs use another: in containers the two differ.
    pub web_url: Option<String>,
    pub github: GithubSettings,
    /// The one bot token the Telegram stand-in accepts.
    pub telegram_token: String,
    /// The one API key the Cursor stand-in accepts.
    pub cursor_api_key: String,
}

/// The accounts of the GitHub stand-in.
#[derive(Debug, Clone)]
pub struct GithubSettings {
    /// Token of `bot_login`, which may do everything.
    pub token: String,
    pub bot_login: String,
    /// Token of `demo_login`, the person whose repositories the demo makes.
    pub demo_token: String,
    pub demo_login: String,
    /// Requests a token may make in an hour.
    pub rate_limit: u64,
    /// Longest time a workflow job may run.
    pub job_timeout_seconds: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            http: SocketAddr::from(([127, 0, 0, 1], 0)),
            smtp: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: None,
            public_url: None,
            web_url: None,
            github: GithubSettings::default(),
            telegram_token: "1000000001:sandbox-telegram-bot-token-000000000".to_owned(),
            cursor_api_key: "crsr_sandbox".to_owned(),
        }
    }
}

impl Default for GithubSettings {
    fn default() -> Self {
        Self {
            token: "sandbox-github-token".to_owned(),
            bot_login: "quantapilot-bot".to_owned(),
            demo_token: "sandbox-demo-token".to_owned(),
            demo_login: "demo".to_owned(),
            rate_limit: 5_000,
            job_timeout_seconds: 300,
        }
    }
}
