//! Every setting of this service.

use std::str::FromStr;
use std::time::Duration;

use common::config::{ConfigError, Reader, Secret, Shared};
use common::credentials::CredentialFiles;
use common::sandbox::Mode;
use common::telemetry::Telemetry;
use url::Url;

use crate::github::{Credentials, Settings};

/// The port unless `BIND` says otherwise.
pub const PORT: u16 = 3002;

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    pub shared: Shared,
    pub telemetry: Telemetry,
    pub mode: Mode,
    pub github: Settings,
    pub webhook: Webhook,
    pub start: Start,
    pub pace: Pace,
    pub documents: Documents,
    /// Those that came from a folder.
    pub credentials: CredentialFiles,
}

/// Webhooks.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// `GITHUB_WEBHOOK_SECRET` (16 characters or more): signs deliveries. Without it the door is closed. Deliveries signed with further
    /// lines of it still count, and a file is read again when it changes (`quantapilot init --rotate github_webhook_secret`).
    pub secret: Option<Secret>,
    /// `GITHUB_WEBHOOK_URL`: where GitHub reaches our door from outside, for example `https://pilot.example.org/webhooks/github`.
    /// When set, every repository we work on gets a webhook of ours, and a removed or broken one is repaired.
    pub url: Option<Url>,
    /// `GITHUB_KEEP_DELIVERIES_DAYS` (default 30; 0: for ever): how long webhooks stay after they were worked on. Failed ones stay until they are replayed.
    pub keep: Option<Duration>,
}

/// Which repositories become projects.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// `GITHUB_START_FORKS` (default `false`).
    pub forks: bool,
    /// `GITHUB_START_TEMPLATES` (default `false`).
    pub templates: bool,
    /// `GITHUB_START_OWNERS`: only repositories of these owners, comma-separated. Default: all we can see.
    pub owners: Vec<String>,
    /// `GITHUB_START_TOPIC`: only repositories with this topic. Default: none needed.
    pub topic: Option<String>,
    /// `GITHUB_START_GRACE_SECONDS` (default 3600): repositories created this long before our very first round still count as new.
    pub grace: Duration,
}

/// What becomes of problems that the check of the documents finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// They fail the check.
    Require,
    /// They are shown, and fail nothing.
    Report,
    /// Nothing is checked.
    Off,
}

impl FromStr for Policy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "require" => Ok(Self::Require),
            "report" => Ok(Self::Report),
            "off" => Ok(Self::Off),
            _ => Err("it is `require`, `report` or `off`"),
        }
    }
}

/// The check of documents on pull requests of projects.
#[derive(Debug, Clone, Copy)]
pub struct Documents {
    /// `GITHUB_DOCUMENT_CHECKS` (default `require`): on pull requests that we opened. Problems go back to the developer like red CI.
    pub own: Policy,
    /// `GITHUB_FOREIGN_DOCUMENT_CHECKS` (default `report`): on pull requests that others open in a project's repository.
    pub foreign: Policy,
}

/// How often we look.
#[derive(Debug, Clone)]
pub struct Pace {
    /// `GITHUB_POLL_SECONDS` (default 60): between two looks at the list of repositories. An unchanged list costs nothing.
    pub poll: Duration,
    /// `GITHUB_CHECKS_POLL_SECONDS` (default 10): between two looks at running checks, when no webhook tells.
    pub checks: Duration,
    /// `GITHUB_CHECKS_GRACE_SECONDS` (default 10): how long a check may take to appear in a repository without workflow files.
    pub checks_grace: Duration,
}

impl Config {
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(Reader::from_env())
    }

    /// Read every setting, then report every problem at once.
    pub fn read(mut env: Reader) -> Result<Self, ConfigError> {
        let shared = Shared::read(&mut env, PORT);
        let telemetry = Telemetry::read(&mut env);
        let (api_url, credentials) = github(&mut env, &shared);
        let mode = shared.mode_of(&api_url);
        let sandboxed = mode == Mode::Sandbox;
        let webhook = Webhook {
            secret: env.optional_rotating_secret("GITHUB_WEBHOOK_SECRET", 16),
            // The sandbox reaches the gateway as we do.
            url: env.optional("GITHUB_WEBHOOK_URL").or_else(|| {
                sandboxed
                    .then(|| shared.services.api_gateway.join("/webhooks/github").expect("a path of ours is valid"))
            }),
            keep: env.keep_days("GITHUB_KEEP_DELIVERIES_DAYS", 30),
        };
        if webhook.url.is_some() && webhook.secret.is_none() {
            env.problem(
                "GITHUB_WEBHOOK_URL is set but GITHUB_WEBHOOK_SECRET is not: unsigned deliveries are not accepted",
            );
        }
        let default_gap = if api_url.host_str() == Some("api.github.com") { 1000 } else { 0 };
        let github = Settings {
            credentials,
            // `GITHUB_WRITE_GAP_MILLISECONDS`: GitHub asks for about a second between changes; a server of one's own needs none.
            write_gap: Duration::from_millis(env.or("GITHUB_WRITE_GAP_MILLISECONDS", default_gap)),
            patience: Duration::from_secs(25),
            api_url,
        };
        let start = Start {
            forks: env.or("GITHUB_START_FORKS", false),
            templates: env.or("GITHUB_START_TEMPLATES", false),
            owners: list(&env.or("GITHUB_START_OWNERS", String::new())),
            topic: env.optional("GITHUB_START_TOPIC"),
            grace: Duration::from_secs(env.or("GITHUB_START_GRACE_SECONDS", 3600)),
        };
        let mut seconds = |name: &str, default: u64| {
            let value = env.or(name, default);
            if !(1..=3600).contains(&value) {
                env.problem(format!("{name} must be between 1 and 3600 seconds (example: {name}={default})"));
            }
            Duration::from_secs(value)
        };
        let pace = Pace {
            poll: seconds("GITHUB_POLL_SECONDS", if sandboxed { 5 } else { 60 }),
            checks: seconds("GITHUB_CHECKS_POLL_SECONDS", if sandboxed { 2 } else { 10 }),
            checks_grace: seconds("GITHUB_CHECKS_GRACE_SECONDS", 10),
        };
        let documents = Documents {
            own: env.or("GITHUB_DOCUMENT_CHECKS", Policy::Require),
            foreign: env.or("GITHUB_FOREIGN_DOCUMENT_CHECKS", Policy::Report),
        };
        let credentials = env.finish()?;
        Ok(Self { shared, telemetry, mode, github, webhook, start, pace, documents, credentials })
    }
}

/// Where GitHub is and who we are there; without credentials it is the sandbox, if there is one.
fn github(env: &mut Reader, shared: &Shared) -> (Url, Credentials) {
    // `GITHUB_API_URL` (default `https://api.github.com`): GitHub Enterprise as `https://host/api/v3`, or the sandbox.
    let api_url: Option<Url> = env.optional("GITHUB_API_URL");
    let known =
        ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_TOKEN"].map(|name| env.optional_secret(name).is_some());
    match &shared.sandbox_url {
        Some(sandbox) if known == [false; 3] && api_url.as_ref().is_none_or(|url| url.origin() == sandbox.origin()) => {
            (sandbox.clone(), Credentials::Token(Secret::new(common::sandbox::GITHUB_TOKEN)))
        }
        _ => {
            let api_url = api_url.unwrap_or_else(|| "https://api.github.com".parse().expect("the default is a URL"));
            (api_url, credentials(env))
        }
    }
}

/// `GITHUB_APP_ID` with `GITHUB_APP_PRIVATE_KEY`, or `GITHUB_TOKEN`.
fn credentials(env: &mut Reader) -> Credentials {
    let app_id: Option<u64> = env.optional("GITHUB_APP_ID");
    let app_key = env.optional_secret("GITHUB_APP_PRIVATE_KEY");
    // `GITHUB_TOKEN`: a token that may read and write the repositories; or use an App.
    let token = env.optional_secret("GITHUB_TOKEN");
    match (app_id, app_key, token) {
        (Some(id), Some(key), _) => Credentials::App { id, key },
        (None, None, Some(token)) => Credentials::Token(token),
        (Some(_), None, _) => {
            env.problem("GITHUB_APP_ID is set but GITHUB_APP_PRIVATE_KEY is not: put the App's PEM file in GITHUB_APP_PRIVATE_KEY_FILE");
            Credentials::Token(Secret::new(""))
        }
        (None, Some(_), _) => {
            env.problem("GITHUB_APP_PRIVATE_KEY is set but GITHUB_APP_ID is not (example: GITHUB_APP_ID=123456)");
            Credentials::Token(Secret::new(""))
        }
        (None, None, None) => {
            env.problem("GITHUB_TOKEN is not set (example: GITHUB_TOKEN=github_pat_…; or GITHUB_APP_ID with GITHUB_APP_PRIVATE_KEY_FILE)");
            Credentials::Token(Secret::new(""))
        }
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(extra: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let base = [
            ("DATABASE_URL", "postgres://localhost/x"),
            ("SERVICE_TOKEN_SECRET", "0123456789abcdef0123456789abcdef"),
            ("N8N_INBOUND_TOKEN", "0123456789abcdef"),
        ];
        let all: Vec<(String, String)> =
            base.iter().chain(extra).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::read(Reader::from_lookup(move |name| all.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone())))
    }

    #[test]
    fn a_token_is_enough_and_the_gap_depends_on_the_host() {
        let config = read(&[("GITHUB_TOKEN", "t")]).unwrap();
        assert_eq!(config.github.write_gap, Duration::from_secs(1));
        assert_eq!(config.pace.poll, Duration::from_secs(60));
        let local = read(&[
            ("GITHUB_TOKEN", "t"),
            ("GITHUB_API_URL", "http://localhost:3900"),
            ("GITHUB_START_OWNERS", "ada, grace"),
        ]);
        let local = local.unwrap();
        assert_eq!(local.github.write_gap, Duration::ZERO);
        assert_eq!(local.start.owners, ["ada", "grace"]);
    }

    #[test]
    fn every_problem_names_its_variable() {
        let wrong = [
            ("GITHUB_WEBHOOK_URL", "https://x.example/webhooks/github"),
            ("GITHUB_POLL_SECONDS", "0"),
            ("GITHUB_APP_ID", "7"),
        ];
        let text = read(&wrong).unwrap_err().to_string();
        for name in ["GITHUB_WEBHOOK_SECRET", "GITHUB_POLL_SECONDS", "GITHUB_APP_PRIVATE_KEY"] {
            assert!(text.contains(name), "{name} is missing in: {text}");
        }
        assert!(read(&[]).unwrap_err().to_string().contains("GITHUB_TOKEN"));
    }

    #[test]
    fn without_credentials_the_sandbox_plays_github() {
        let sandbox = ("SANDBOX_URL", "http://sandbox:3900");
        let played = read(&[sandbox, ("GITHUB_WEBHOOK_SECRET", "0123456789abcdef")]).unwrap();
        assert_eq!((played.mode, played.github.api_url.as_str()), (Mode::Sandbox, "http://sandbox:3900/"));
        assert_eq!(played.webhook.url.unwrap().as_str(), "http://api-gateway:3000/webhooks/github");
        assert_eq!(played.pace.poll, Duration::from_secs(5));

        let live = read(&[sandbox, ("GITHUB_TOKEN", "t")]).unwrap();
        assert_eq!((live.mode, live.github.api_url.as_str()), (Mode::Live, "https://api.github.com/"));
        assert_eq!((live.webhook.url, live.pace.poll), (None, Duration::from_secs(60)));

        let text = read(&[sandbox, ("GITHUB_API_URL", "https://ghe.example.org/api/v3")]).unwrap_err().to_string();
        assert!(text.contains("GITHUB_TOKEN is not set"), "an address without credentials is a mistake: {text}");
    }
}
