//! `quantapilot init --rotate` and `--retire`: new secrets for old ones.
//!
//! Where both sides of a secret are ours, nothing stops meanwhile: the file gets a new first line, the line before stays accepted until it is
//! retired, and whoever reads the file looks at it again when it changes.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use common::config::{Reader, Secret};
use common::rotation::SEEN_AFTER;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::init;
use crate::n8n::{Api, N8n};
use crate::output::{Failure, Output};
use crate::{services, workflows};

/// No token between services is good for longer than five minutes; clocks may differ.
const TOKENS_ARE_OVER: Duration = Duration::from_mins(6);
const SERVICE_TOKEN_SECRET: &str = "service_token_secret";
const GITHUB_WEBHOOK_SECRET: &str = "github_webhook_secret";
/// Not a file: dashboard-backend keeps it in the database.
const JWT_SIGNING_KEY: &str = "jwt_signing_key";

/// Rotation.
#[derive(Debug, Args)]
pub struct Rotate {
    /// Put a new secret in the place of this one, without a gap where that is possible: `service_token_secret`,
    /// `github_webhook_secret`, `jwt_signing_key` (`all` means these three); `backup_passphrase`, `n8n_owner_password`,
    /// `n8n_inbound_token`, `telegram_webhook_secret`. The one before stays accepted until it is retired.
    #[arg(long = "rotate", value_name = "NAME")]
    renewed: Vec<String>,
    /// Accept only the newest `service_token_secret` or `github_webhook_secret` from now on (`all` means both).
    #[arg(long = "retire", value_name = "NAME", conflicts_with = "renewed")]
    retired: Vec<String>,
    /// Do not wait for what was signed to expire: the old secret is known to others. A few seconds are waited for even so, until every service
    /// goes by the new one.
    #[arg(long)]
    now: bool,
    /// How long a new signing key is only published before it signs (default 600).
    #[arg(long, value_name = "SECONDS")]
    publish_seconds: Option<i64>,
    /// Where n8n's API key is kept, to renew the token that n8n has.
    #[arg(long, value_name = "FILE", default_value = "secrets/n8n_api_key")]
    api_key_file: PathBuf,
}

/// One secret that was dealt with.
#[derive(Debug, Serialize)]
struct Done {
    name: String,
    what: &'static str,
    /// What is left for the operator to do.
    next: String,
}

/// What dashboard-backend says of a new signing key.
#[derive(Deserialize)]
struct Rotated {
    kid: String,
    active_from: String,
    old_until: Option<String>,
}

impl Rotate {
    /// Whether anything is to be rotated or retired.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.renewed.is_empty() || !self.retired.is_empty()
    }

    /// Rotates or retires, one after the other; the first that fails ends it.
    pub(crate) async fn run(self, dir: &Path, output: Output) -> Result<ExitCode, Failure> {
        let mut done = Vec::new();
        for name in names(&self.renewed, &[SERVICE_TOKEN_SECRET, GITHUB_WEBHOOK_SECRET, JWT_SIGNING_KEY]) {
            done.push(self.rotate_one(dir, name).await?);
        }
        for name in names(&self.retired, &[SERVICE_TOKEN_SECRET, GITHUB_WEBHOOK_SECRET]) {
            done.push(self.retire_one(dir, name).await?);
        }
        let line = |one: &Done| {
            let end = if one.next.is_empty() { "." } else { ": " };
            format!("{} {}{end}{}", one.name, one.what, one.next)
        };
        let text = done.iter().map(line).collect::<Vec<_>>().join("\n");
        output.result(&json!({ "done": done }), text)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn rotate_one(&self, dir: &Path, name: &str) -> Result<Done, Failure> {
        match name {
            SERVICE_TOKEN_SECRET => {
                prepend_when_seen(dir, name).await?;
                let renewed = self.renew_n8n(dir).await.map_err(|failure| {
                    Failure::new(format!("the services use the new secret, but n8n still has a token of the old one: {}", failure.message()))
                        .hint("run `quantapilot workflows import` before you retire the old secret; until then both are accepted")
                })?;
                let next = if renewed {
                    "n8n has a new token; in six minutes or later run `quantapilot init --retire service_token_secret`"
                } else {
                    "N8N_URL is not set, so run `quantapilot workflows import`, then `quantapilot init --retire service_token_secret`"
                };
                Ok(Done { name: name.to_owned(), what: "has a new first line", next: next.to_owned() })
            }
            GITHUB_WEBHOOK_SECRET => {
                prepend_when_seen(dir, name).await?;
                let next = "our own webhooks get it within ten minutes (set it by hand on an App or an organization's webhook), then run `quantapilot init --retire github_webhook_secret`";
                Ok(Done { name: name.to_owned(), what: "has a new first line", next: next.to_owned() })
            }
            JWT_SIGNING_KEY => self.rotate_signing_key().await,
            "backup_passphrase" => {
                prepend(dir, name, 32)?;
                let next = "new backups are encrypted to the first line, older ones still need the others: keep a copy of the whole file elsewhere";
                Ok(Done { name: name.to_owned(), what: "has a new first line", next: next.to_owned() })
            }
            init::OWNER_PASSWORD => {
                let password = format!("{}{}", init::OWNER_PREFIX, init::random(16));
                let hash = bcrypt::hash(&password, init::BCRYPT_COST).map_err(anyhow::Error::from)?;
                replace(&dir.join(init::OWNER_PASSWORD), &password)?;
                replace(&dir.join(init::OWNER_HASH), &hash)?;
                Ok(Done { name: name.to_owned(), what: "was replaced, with its hash", next: "restart n8n".to_owned() })
            }
            "n8n_inbound_token" => {
                replace(&dir.join(name), &init::random(32))?;
                let next = "restart the services, then run `quantapilot workflows import`; what they could not start meanwhile they try again";
                Ok(Done { name: name.to_owned(), what: "was replaced", next: next.to_owned() })
            }
            "telegram_webhook_secret" => {
                replace(&dir.join(name), &init::random(32))?;
                let next = "restart notification, which tells Telegram";
                Ok(Done { name: name.to_owned(), what: "was replaced", next: next.to_owned() })
            }
            "n8n_encryption_key" => Err(Failure::new(
                "`n8n_encryption_key` cannot be rotated: n8n would no longer read its own credentials",
            )
            .hint("docs/operations.md says how to begin with a new n8n")),
            other if init::names().any(|known| known == other) => Err(Failure::new(format!(
                "`{other}` cannot be rotated from here: the server that asks for it holds it too"
            ))
            .hint("docs/operations.md says how to change it on both sides")),
            other => Err(Failure::usage(format!("there is no secret `{other}`"))
                .hint(format!("there are {JWT_SIGNING_KEY}, {}", init::names().collect::<Vec<_>>().join(", ")))),
        }
    }

    async fn retire_one(&self, dir: &Path, name: &str) -> Result<Done, Failure> {
        if ![SERVICE_TOKEN_SECRET, GITHUB_WEBHOOK_SECRET].contains(&name) {
            return Err(Failure::usage(format!("`{name}` is not kept beside a newer one"))
                .hint("--retire takes service_token_secret, github_webhook_secret or all"));
        }
        let path = dir.join(name);
        let lines = lines(&path)?;
        let [newest, rest @ ..] = lines.as_slice() else { return Err(empty(&path)) };
        if rest.is_empty() {
            return Ok(Done { name: name.to_owned(), what: "has no older line", next: String::new() });
        }
        if !self.now && age(&path)? < TOKENS_ARE_OVER {
            return Err(Failure::new(format!(
                "`{name}` was rotated less than {} minutes ago: what the old one signed may still be under way",
                TOKENS_ARE_OVER.as_secs() / 60
            ))
            .hint("wait, or add --now when the old one is known to others"));
        }
        seen(&path).await?;
        if name == SERVICE_TOKEN_SECRET {
            // Whatever happened since: n8n must not be left with a token of the old one.
            self.renew_n8n(dir).await?;
        }
        replace(&path, newest)?;
        Ok(Done { name: name.to_owned(), what: "accepts only its newest line now", next: String::new() })
    }

    async fn rotate_signing_key(&self) -> Result<Done, Failure> {
        let mut env = Reader::from_env();
        let dashboard = services::dashboard(&mut env);
        env.finish()?;
        let body = json!({ "publish_seconds": self.publish_seconds, "drop_old": self.now });
        let rotated: Rotated = dashboard.post("/internal/v1/signing-keys/rotate", &body).await?;
        let next = match rotated.old_until {
            Some(until) => format!(
                "the new key {} signs from {}, the old one is accepted until {until}",
                rotated.kid, rotated.active_from
            ),
            None => format!(
                "the new key {} signs now; people whose token the old one signed renew it by themselves",
                rotated.kid
            ),
        };
        Ok(Done { name: JWT_SIGNING_KEY.to_owned(), what: "was rotated", next })
    }

    /// Gives n8n a token of the newest secret. `false` when nobody said where n8n is.
    async fn renew_n8n(&self, dir: &Path) -> Result<bool, Failure> {
        let mut env = Reader::from_env();
        let Some(url) = env.optional::<Url>("N8N_URL") else {
            env.finish()?;
            return Ok(false);
        };
        let inbound = env.secret("N8N_INBOUND_TOKEN", 16);
        env.finish()?;
        let key = fs::read_to_string(&self.api_key_file)
            .with_context(|| format!("cannot read n8n's API key in `{}`", self.api_key_file.display()))?;
        let path = dir.join(SERVICE_TOKEN_SECRET);
        let newest = lines(&path)?.into_iter().next().ok_or_else(|| empty(&path))?;
        let api = Api::new(&N8n::new(url), Secret::new(key.trim()));
        workflows::put_credentials(&api, &inbound, &Secret::new(newest)).await?;
        Ok(true)
    }
}

fn names<'a>(wanted: &'a [String], all: &'a [&'a str]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for name in wanted {
        let these: &[&str] = if name == "all" { all } else { &[name.as_str()] };
        for one in these {
            if !names.contains(one) {
                names.push(one);
            }
        }
    }
    names
}

fn empty(path: &Path) -> Failure {
    Failure::new(format!("`{}` holds no secret", path.display())).hint("remove it and run `quantapilot init`")
}

/// How long ago a file was written; nothing when its time lies ahead of the clock.
fn age(path: &Path) -> anyhow::Result<Duration> {
    let changed = fs::metadata(path).and_then(|file| file.modified());
    let changed = changed.with_context(|| format!("cannot tell when `{}` was changed", path.display()))?;
    Ok(changed.elapsed().unwrap_or_default())
}

fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Waits until every service goes by the file as it is. A line that is taken away before might still be the one that another service, which has
/// not looked at the file yet, signs with.
async fn seen(path: &Path) -> anyhow::Result<()> {
    tokio::time::sleep(SEEN_AFTER.saturating_sub(age(path)?)).await;
    Ok(())
}

/// A new first line for services that read the file while they run. When it pushes out the last line, not at once.
async fn prepend_when_seen(dir: &Path, name: &str) -> Result<(), Failure> {
    let path = dir.join(name);
    if lines(&path)?.len() > 1 {
        seen(&path).await?;
    }
    prepend(dir, name, 32)
}

/// A new first line; of the older ones only the newest stays, but for passphrases, of which each may still be needed.
fn prepend(dir: &Path, name: &str, bytes: usize) -> Result<(), Failure> {
    let path = dir.join(name);
    let before = lines(&path)?;
    if before.is_empty() {
        return Err(empty(&path));
    }
    let keep = if name == "backup_passphrase" { before.len() } else { 1 };
    let mut text = init::random(bytes);
    for line in &before[..keep] {
        text.push('\n');
        text.push_str(line);
    }
    text.push('\n');
    Ok(replace(&path, &text)?)
}

/// Replaces a file whole, with the mode and owner that it had: somebody may read it at any moment.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let unfinished = path.with_extension(format!("{}.new", std::process::id()));
    let write = || -> std::io::Result<()> {
        let before = fs::metadata(path)?;
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        std::os::unix::fs::fchown(&file, Some(before.uid()), Some(before.gid()))?;
        file.set_permissions(fs::Permissions::from_mode(before.permissions().mode() & 0o640))?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    let written = write();
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written.with_context(|| format!("cannot replace `{}`", path.display()))
}
