//! `quantapilot backup create`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use common::auth::ServiceTokens;
use common::clients::Peer;
use common::clock::Clock;
use common::config::{self, Reader, ServiceUrls};
use serde_json::json;
use time::OffsetDateTime;

use super::archive::{FORMAT, Manifest, Writer};
use super::folder::{self, Description, Unfinished};
use super::{Folder, Part, database, passphrases, secrets, size, workflows};
use crate::output::{Failure, Output};
use crate::services::ISSUER;

/// After a failure of a scheduled backup.
const TRY_AGAIN: Duration = Duration::from_mins(10);

/// Write an encrypted backup, read it back to check it, and remove old ones.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    folder: Folder,
    /// How many backups stay; older ones are removed once a new one is whole.
    #[arg(long, default_value_t = 14, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    /// Only this part; give it more than once for several (default: all, workflows if n8n can be asked).
    #[arg(long = "part", value_name = "PART")]
    parts: Vec<Part>,
    /// Where the secrets' files are.
    #[arg(long, value_name = "DIRECTORY", default_value = "secrets")]
    secrets_dir: PathBuf,
    /// Where n8n's API key is kept.
    #[arg(long, value_name = "FILE", default_value = "secrets/n8n_api_key")]
    api_key_file: PathBuf,
    /// Write `quantapilot_backup.prom` there, for node-exporter's textfile collector.
    #[arg(long, value_name = "DIRECTORY")]
    textfile_dir: Option<PathBuf>,
    /// Stay and make one every so many hours, counted from the newest that is there.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u32).range(1..=744))]
    every: Option<u32>,
}

/// What was made.
struct Made {
    file: PathBuf,
    description: Description,
    removed: Vec<PathBuf>,
    skipped: Vec<String>,
    took: Duration,
}

impl Create {
    /// Makes one, or one every so often until it is told to end.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let Some(hours) = self.every else {
            let made = self.create(output).await?;
            report(&made, output)?;
            return Ok(ExitCode::SUCCESS);
        };
        let stop = common::shutdown::on_signal();
        let every = Duration::from_hours(u64::from(hours));
        loop {
            let newest = folder::list(&self.folder.dir)?.first().map(|backup| backup.created_at);
            let age = newest.map(|at| Clock::system().now() - at);
            let mut pause = age.map_or(Duration::ZERO, |age| every.saturating_sub(age.try_into().unwrap_or_default()));
            if pause.is_zero() {
                match self.create(output).await {
                    Ok(made) => report(&made, output)?,
                    Err(failure) => {
                        output.failed(&failure);
                        output.note(format_args!("trying again in {} minutes", TRY_AGAIN.as_secs() / 60));
                        pause = TRY_AGAIN;
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn create(&self, output: Output) -> Result<Made, Failure> {
        let start = Instant::now();
        let passphrases = passphrases()?;
        let wanted = |part: Part| self.parts.is_empty() || self.parts.contains(&part);
        let mut env = Reader::from_env();
        let database_url = if wanted(Part::Database) { Some(config::database_url(&mut env)) } else { None };
        env.finish()?;

        let now = Clock::system().now();
        let (unfinished, file) = Unfinished::create(&self.folder.dir, now)?;
        let path = unfinished.path().to_owned();
        let full = |error: &std::io::Error| folder::writing(&path, error);
        let mut archive = Writer::create(file, &passphrases[0]).map_err(|error| full(&error))?;
        let mut manifest = Manifest {
            format: FORMAT,
            created_at: now.replace_nanosecond(0).unwrap_or(now),
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            database: None,
            workflows: None,
            secrets: None,
            entries: Vec::new(),
        };
        let mut skipped = Vec::new();
        if wanted(Part::Secrets) {
            let files = secrets::read(&self.secrets_dir)?;
            for (name, text) in &files {
                archive.add(&format!("secrets/{name}"), text).map_err(|error| full(&error))?;
            }
            manifest.secrets = Some(files.into_keys().collect());
        }
        if wanted(Part::Workflows) {
            match workflows::fetch(&self.api_key_file).await {
                Ok(found) => {
                    for (id, workflow) in &found {
                        let text = serde_json::to_vec_pretty(workflow).map_err(anyhow::Error::from)?;
                        archive.add(&format!("workflows/{id}.json"), &text).map_err(|error| full(&error))?;
                    }
                    manifest.workflows = Some(found.len());
                }
                // The database matters most: it is not given up because n8n is away.
                Err(failure) if self.parts.is_empty() => {
                    skipped.push(format!("workflows are not in it: {}", failure.message()));
                }
                Err(failure) => return Err(failure),
            }
        }
        if let Some(url) = &database_url {
            manifest.database = Some(database::dump(url, &mut archive, full).await?);
        }
        let written = archive.finish(&mut manifest).map_err(|error| full(&error))?;
        // A backup that was never read is a hope.
        super::archive::read(&path, &passphrases[..1], |_, _| Ok(()))?;
        let description = Description::of(&manifest, &written);
        let file = unfinished.keep(&description)?;
        let removed = folder::prune(&self.folder.dir, usize::try_from(self.keep).unwrap_or(usize::MAX))?;
        let made = Made { file, description, removed, skipped, took: start.elapsed() };
        if let Some(dir) = &self.textfile_dir {
            write_metrics(dir, &made, now)?;
        }
        tell_dashboard(&made, output).await;
        Ok(made)
    }
}

fn report(made: &Made, output: Output) -> Result<(), Failure> {
    for line in &made.skipped {
        output.note(format_args!("warning: {line}"));
    }
    let what = &made.description;
    let removed = if made.removed.is_empty() { String::new() } else { format!(" Removed {} old.", made.removed.len()) };
    output.result(
        &json!({ "file": made.file, "description": what, "removed": made.removed, "skipped": made.skipped }),
        format!(
            "{} ({}): {} rows, {} workflows, {} secrets, read back and whole, {:.1} s.{removed}",
            made.file.display(),
            size(what.bytes),
            what.rows.unwrap_or(0),
            what.workflows.unwrap_or(0),
            what.secrets.unwrap_or(0),
            made.took.as_secs_f64()
        ),
    )
}

/// For node-exporter, which may run as somebody else.
fn write_metrics(dir: &Path, made: &Made, now: OffsetDateTime) -> Result<(), Failure> {
    let path = dir.join("quantapilot_backup.prom");
    let text = format!(
        "# HELP quantapilot_backup_last_success_timestamp_seconds When the last whole backup was begun.\n\
         # TYPE quantapilot_backup_last_success_timestamp_seconds gauge\n\
         quantapilot_backup_last_success_timestamp_seconds {}\n\
         # HELP quantapilot_backup_last_size_bytes How large it is.\n\
         # TYPE quantapilot_backup_last_size_bytes gauge\n\
         quantapilot_backup_last_size_bytes {}\n\
         # HELP quantapilot_backup_last_duration_seconds How long it took.\n\
         # TYPE quantapilot_backup_last_duration_seconds gauge\n\
         quantapilot_backup_last_duration_seconds {:.3}\n",
        now.unix_timestamp(),
        made.description.bytes,
        made.took.as_secs_f64(),
    );
    std::fs::create_dir_all(dir)
        .and_then(|()| folder::replace(&path, text.as_bytes(), 0o644))
        .map_err(|error| folder::writing(&path, &error))
}

/// So that the health page can say how old the newest backup is. The backup is there whether or not anybody hears of it.
async fn tell_dashboard(made: &Made, output: Output) {
    let mut env = Reader::from_env();
    let Some(secret) = env.optional_rotating_secret("SERVICE_TOKEN_SECRET", 32) else { return };
    let url = ServiceUrls::read(&mut env).dashboard_backend;
    if env.finish().is_err() {
        return;
    }
    let dashboard = Peer::new("dashboard-backend", url, ServiceTokens::new(ISSUER, &secret, Clock::system()));
    let body = json!({
        "created_at": made.description.created_at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default(),
        "bytes": made.description.bytes,
    });
    if let Err(error) = dashboard.tell("/internal/v1/backups", &body).await {
        output.note(format_args!("note: the dashboard was not told: {error}"));
    }
}
