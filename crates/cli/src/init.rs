//! `quantapilot init`: every secret as a file of its own, readable by its owner only. What exists is never touched, and nothing is printed
//! but names.

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

/// Make every secret that is missing, as files that only you can read.
#[derive(Debug, Args)]
pub struct Init {
    /// Where the files go.
    #[arg(long, default_value = "secrets", value_name = "DIRECTORY")]
    dir: PathBuf,
}

/// The secrets that are plain random text: file name, bytes of randomness, what it is for.
const RANDOM: [(&str, usize); 9] = [
    ("service_token_secret", 32),    // SERVICE_TOKEN_SECRET: tokens between the services
    ("n8n_inbound_token", 32),       // N8N_INBOUND_TOKEN: may start workflows
    ("n8n_encryption_key", 32),      // N8N_ENCRYPTION_KEY: n8n's credentials
    ("postgres_password", 24),       // POSTGRES_PASSWORD
    ("redis_password", 24),          // REDIS_PASSWORD
    ("github_webhook_secret", 32),   // GITHUB_WEBHOOK_SECRET: signs GitHub's deliveries
    ("telegram_webhook_secret", 32), // TELEGRAM_WEBHOOK_SECRET: only with webhooks instead of polling
    ("grafana_admin_password", 24),  // GF_SECURITY_ADMIN_PASSWORD
    ("alertmanager_token", 32),      // ALERTMANAGER_TOKEN: hands in alerts
];

/// n8n asks for a digit and a capital letter in its owner's password; hexadecimal may lack both.
const OWNER_PREFIX: &str = "Qp1-";
const OWNER_PASSWORD: &str = "n8n_owner_password";
const OWNER_HASH: &str = "n8n_owner_password_hash";
/// n8n's own cost.
const BCRYPT_COST: u32 = 10;

/// Every file that `init` makes.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    RANDOM.iter().map(|(name, _)| *name).chain([OWNER_PASSWORD, OWNER_HASH])
}

#[derive(Debug, Serialize)]
struct Report {
    directory: PathBuf,
    created: Vec<String>,
    kept: Vec<String>,
}

impl Init {
    /// Makes what is missing.
    pub fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let report = init(&self.dir)?;
        let counts = format!(
            "{}: {} secret(s) made, {} kept.",
            report.directory.display(),
            report.created.len(),
            report.kept.len()
        );
        let made = report.created.iter().map(|name| format!("  made {name}"));
        let text = std::iter::once(counts).chain(made).collect::<Vec<_>>().join("\n");
        output.result(&report, text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn init(dir: &Path) -> anyhow::Result<Report> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("cannot make the directory `{}`", dir.display()))?;
    let mut report = Report { directory: dir.to_owned(), created: Vec::new(), kept: Vec::new() };
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
    for name in report.kept.clone() {
        close(&dir.join(&name))?;
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, name: &str, created: bool) {
        if created { self.created.push(name.to_owned()) } else { self.kept.push(name.to_owned()) }
    }
}

fn random(bytes: usize) -> String {
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

/// A secret that others can read is no secret.
fn close(path: &Path) -> anyhow::Result<()> {
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))
            .with_context(|| format!("cannot close `{}` to others", path.display()))?;
    }
    Ok(())
}
