//! What the sandbox accepts, for integrations without credentials of their own. Nothing here is secret: a sandbox holds nothing real and is
//! reached by nobody outside the machine or its private network.

use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

/// Of the account that may do everything on the sandbox's GitHub.
pub const GITHUB_TOKEN: &str = "sandbox-github-token";
/// Of the sandbox's bot.
pub const TELEGRAM_BOT_TOKEN: &str = "1000000001:sandbox-telegram-bot-token-000000000";
/// Of the sandbox's agents.
pub const CURSOR_API_KEY: &str = "crsr_sandbox";
/// Where the sandbox takes mail.
pub const SMTP_PORT: u16 = 3925;

/// Who is at the other end of an integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The real service.
    Live,
    /// The sandbox plays it.
    Sandbox,
    /// Nobody: it has no credentials.
    Off,
}

/// Whether `url` leads to the sandbox.
pub fn mode_of(url: &Url, sandbox: Option<&Url>) -> Mode {
    if sandbox.is_some_and(|sandbox| sandbox.origin() == url.origin()) { Mode::Sandbox } else { Mode::Live }
}
