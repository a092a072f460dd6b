//! `quantapilot init`: every secret as a file of its own, readable by its owner only. What exists is never touched, and nothing is printed
//! but names. `--rotate` and `--retire` are in `rotate`.

mod containers;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use rand::RngCore as _;
use serde::Serialize;

use crate::output::{Failure, Output};
use crate::rotate::Rotate;

/// Make every secret that is missing, as files that only you can read; rotate those that are there.
#[derive(Debug, Args)]
pub struct Init {
    /// Where the files go.
    #[arg(long, default_value = "secrets", value_name = "DIRECTORY")]
    dir: PathBuf,
    /// Give each file to the user of the container that reads it, as docker-compose.yml names them. Needs root.
    #[arg(long)]
    containers: bool,
    /// A folder with credentials (`github_token`, `cursor_api_key`, …) that are brought in for the containers.
    #[arg(long, value_name = "DIRECTORY", requires = "containers")]
    given: Option<PathBuf>,
    /// A directory that backups, or the metrics about them, are written into: given to the user of the container that makes them.
    #[arg(long, value_name = "DIRECTORY", requires = "containers")]
    for_backups: Vec<PathBuf>,
    #[command(flatten)]
    rotate: Rotate,
}

/// The secrets that are plain random text: file name, bytes of randomness, what it is for.
pub(crate) const RANDOM: [(&str, usize); 16] = [
    ("service_token_secret", 32), // SERVICE_TOKEN_SECRET: tokens between the services
    ("n8n_inbound_token", 32),    // N8N_INBOUND_TOKEN: may start workflows
    ("n8n_encryption_key", 32),   // N8N_ENCRYPTION_KEY: n8n's credentials
    ("postgres_password", 24),    // POSTGRES_PASSWORD
    ("redis_password", 24),       // REDIS_PASSWORD
    // Of the roles in Postgres, one for each process.
    ("cursor_integration_database_password", 24),
    ("github_integration_database_password", 24),
    ("notification_database_password", 24),
    ("dashboard_backend_database_password", 24),
    ("n8n_database_password", 24),
    ("postgres_exporter_database_password", 24),
    ("github_webhook_secret", 32),   // GITHUB_WEBHOOK_SECRET: signs GitHub's deliveries
    ("telegram_webhook_secret", 32), // TELEGRAM_WEBHOOK_SECRET: only with webhooks instead of polling
    ("alertmanager_token", 32),      // ALERTMANAGER_TOKEN: lets Alertmanager hand in alerts
    ("grafana_admin_password", 24),  // GF_SECURITY_ADMIN_PASSWORD
    ("backup_passphrase", 32),       // BACKUP_PASSPHRASE: keep a copy elsewhere, or a backup is of no use
];

/// n8n asks for a digit and a capital letter in its owner's password; hexadecimal may lack both.
pub(crate) const OWNER_PREFIX: &str = "Qp1-";
pub(crate) const OWNER_PASSWORD: &str = "n8n_owner_password";
pub(crate) const OWNER_HASH: &str = "n8n_owner_password_hash";
/// The exporter wants its password by address, in JSON.
const EXPORTER_PASSWORDS: &str = "redis_exporter_passwords.json";
const EXPORTER_ADDRESS: &str = "redis://redis:6379";
/// n8n's own cost.
pub(crate) const BCRYPT_COST: u32 = 10;

/// Every file that `init` makes.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    RANDOM.iter().map(|(name, _)| *name).chain([OWNER_PASSWORD, OWNER_HASH, EXPORTER_PASSWORDS])
}

#[derive(Debug, Default, Serialize)]
struct Report {
    directory: PathBuf,
    created: Vec<String>,
    kept: Vec<String>,
    /// Given credentials that are new or other than before.
    taken: Vec<&'static str>,
    /// Credentials that are no longer given.
    withdrawn: Vec<&'static str>,
}

impl Init {
    /// Makes what is missing, or rotates what is there.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        if self.rotate.is_wanted() {
            let rotated = self.rotate.run(&self.dir, output).await?;
            if self.containers {
                containers::hand_over(&self.dir)?;
            }
            return Ok(rotated);
        }
        make_dir(&self.dir)?;
        let took_passphrase = match &self.given {
            // Before one is made: a new machine then has this one alone.
            Some(given) => containers::take_passphrase(given, &self.dir)?,
            None => false,
        };
        let mut report = init(&self.dir, self.containers)?;
        if self.containers {
            containers::hand_over(&self.dir)?;
            containers::hand_over_for_backups(&self.for_backups)?;
        }
        if let Some(given) = &self.given {
            let given = containers::take_given(given, &self.dir)?;
            (report.taken, report.withdrawn) = (given.taken, given.withdrawn);
            if took_passphrase {
                report.taken.push("backup_passphrase");
            }
        }
        let counts = format!(
            "{}: {} secret(s) made, {} kept.",
            report.directory.display(),
            report.created.len(),
            report.kept.len()
        );
        let made = report.created.iter().map(|name| format!("  made {name}"));
        let taken = report.taken.iter().map(|name| format!("  took {name}"));
        let withdrawn = report.withdrawn.iter().map(|name| format!("  took {name} away: it is no longer given"));
        let text = std::iter::once(counts).chain(made).chain(taken).chain(withdrawn).collect::<Vec<_>>().join("\n");
        output.result(&report, text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn make_dir(dir: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("cannot make the directory `{}`", dir.display()))
}

fn init(dir: &Path, containers: bool) -> anyhow::Result<Report> {
    let mut report = Report { directory: dir.to_owned(), ..Report::default() };
    for (name, bytes) in RANDOM {
        report.add(name, write_new(dir, name, || Ok(random(bytes)))?);
    }
    report.add(OWNER_PASSWORD, write_new(dir, OWNER_PASSWORD, || Ok(format!("{OWNER_PREFIX}{}", random(16))))?);
    let hash = || -> anyhow::Result<String> {
        let path = dir.join(OWNER_PASSWORD);
        let password = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(bcrypt::hash(password.trim_end(), BCRYPT_COST)?)
    };
    report.add(OWNER_HASH, write_new(dir, OWNER_HASH, hash)?);
    let passwords = || -> anyhow::Result<String> {
        let path = dir.join("redis_password");
        let password = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        Ok(serde_json::json!({ EXPORTER_ADDRESS: password.trim_end() }).to_string())
    };
    report.add(EXPORTER_PASSWORDS, write_new(dir, EXPORTER_PASSWORDS, passwords)?);
    // In containers every file has its own readers; see there.
    for name in report.kept.iter().filter(|_| !containers) {
        close(&dir.join(name))?;
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, name: &str, created: bool) {
        if created { self.created.push(name.to_owned()) } else { self.kept.push(name.to_owned()) }
    }
}

pub(crate) fn random(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    rand::rng().fill_bytes(&mut buffer);
    hex::encode(buffer)
}

/// Writes a file that did not exist, whole or not at all: it is named only once its text is there. `false` when there was one.
fn write_new(dir: &Path, name: &str, text: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<bool> {
    let path = dir.join(name);
    if path.try_exists()? {
        return Ok(false);
    }
    let unfinished = dir.join(format!(".{name}.{}", std::process::id()));
    let result = (|| -> anyhow::Result<bool> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(text()?.as_bytes())?;
        file.sync_all()?;
        match fs::hard_link(&unfinished, &path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false), // somebody was faster: theirs stays
            Err(error) => Err(error.into()),
        }
    })();
    let _ = fs::remove_file(&unfinished);
    result.with_context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a file that may exist, whole or not at all.
fn write_over(dir: &Path, name: &str, text: &[u8]) -> anyhow::Result<()> {
    let unfinished = dir.join(format!(".{name}.{}", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&unfinished, dir.join(name))
    };
    write()
        .inspect_err(|_| drop(fs::remove_file(&unfinished)))
        .with_context(|| format!("cannot write `{}`", dir.join(name).display()))
}

/// A secret that others can read is no secret.
fn close(path: &Path) -> anyhow::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))
            .with_context(|| format!("cannot close `{}` to others", path.display()))?;
    }
    Ok(())
}
