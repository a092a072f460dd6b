//! `quantapilot backup`: everything that a new machine needs to go on: the database, n8n's workflows, the secrets. One encrypted file each time.
//!
//! It needs no other program: it runs in the same small image as everything else (`docs/adr/0006-backups-by-copy.md`).

mod archive;
mod create;
mod database;
mod folder;
mod restore;
mod secrets;
mod settle;
mod workflows;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use common::clock::Clock;
use common::config::Reader;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub use create::Create;
pub use restore::Restore;

use crate::output::{Failure, Output};

/// Back up, and bring back.
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Write an encrypted backup, read it back to check it, and remove old ones.
    Create(Create),
    /// List the backups of a directory, the newest first.
    List(List),
    /// Read a backup from its beginning to its end and compare every checksum.
    Verify(Verify),
    /// Bring back the secrets, the database and the workflows of a backup.
    Restore(Restore),
}

/// Where backups are.
#[derive(Debug, Args)]
pub struct Folder {
    /// The directory of the backups.
    #[arg(long, value_name = "DIRECTORY", default_value = "backups")]
    dir: PathBuf,
}

/// List the backups of a directory, the newest first.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    folder: Folder,
    /// Fail when the newest is older than so many hours, or when there is none: the health check of whatever makes them.
    #[arg(long, value_name = "HOURS")]
    max_age: Option<u32>,
}

/// Read a backup from its beginning to its end and compare every checksum.
#[derive(Debug, Args)]
pub struct Verify {
    /// The backup; without it the newest of --dir.
    file: Option<PathBuf>,
    #[command(flatten)]
    folder: Folder,
}

/// What a backup is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Files of the secrets' directory.
    Secrets,
    /// Every table of QuantaPilot's database.
    Database,
    /// n8n's workflows.
    Workflows,
}

impl Backup {
    /// Runs it.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        match self {
            Self::Create(create) => create.run(output).await,
            Self::List(list) => list.run(output),
            Self::Verify(verify) => verify.run(output),
            Self::Restore(restore) => restore.run(output).await,
        }
    }
}

impl List {
    fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let dir = &self.folder.dir;
        let backups = folder::list(dir)?;
        let text = if backups.is_empty() {
            format!("No backups in {}: `quantapilot backup create` makes one.", dir.display())
        } else {
            backups.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        output.result(&json!({ "backups": backups }), text)?;
        let Some(hours) = self.max_age else { return Ok(ExitCode::SUCCESS) };
        let limit = Clock::system().now() - Duration::from_hours(hours.into());
        if backups.first().is_some_and(|newest| newest.created_at >= limit) {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::new(format!("there is no backup of the last {hours} hours in `{}`", dir.display()))
            .hint("run `quantapilot backup create` by hand and read what it says"))
    }
}

fn line(backup: &folder::Listed) -> String {
    let what = backup.description.as_ref().map_or_else(
        || "no description beside it".to_owned(),
        |it| {
            format!(
                "version {}, {} rows, {} workflows, {} secrets",
                it.made_by,
                it.rows.unwrap_or(0),
                it.workflows.unwrap_or(0),
                it.secrets.unwrap_or(0)
            )
        },
    );
    format!("{}  {:>9}  {what}", backup.file.display(), size(backup.bytes))
}

impl Verify {
    fn run(&self, output: Output) -> Result<ExitCode, Failure> {
        let file = choose(self.file.as_deref(), &self.folder.dir)?;
        let passphrases = passphrases()?;
        let manifest = verify(&file, &passphrases, |_, _| Ok(()))?;
        let rows: u64 = manifest.database.iter().flat_map(|schema| &schema.tables).map(|table| table.rows).sum();
        let text = format!(
            "{} is whole: made {} by version {}, {} entries, {rows} rows, {} workflows, {} secrets.",
            file.display(),
            manifest.created_at,
            manifest.made_by,
            manifest.entries.len(),
            manifest.workflows.unwrap_or(0),
            manifest.secrets.as_ref().map_or(0, Vec::len),
        );
        output.result(&json!({ "file": file, "manifest": manifest }), text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Feeds a file to a hash, piece by piece, and answers how many bytes there were.
fn hash_all(mut file: std::fs::File, hash: &mut Sha256) -> std::io::Result<u64> {
    use std::io::Read as _;
    let mut piece = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(bytes);
        }
        hash.update(&piece[..length]);
        bytes += length as u64;
    }
}

/// The file as a whole against its description, then every entry against the manifest, and whether this program can bring it back.
fn verify(
    file: &Path,
    passphrases: &[SecretString],
    each: impl FnMut(&str, Vec<u8>) -> Result<(), Failure>,
) -> Result<archive::Manifest, Failure> {
    let description = std::fs::read(folder::beside(file)).ok();
    let description: Option<folder::Description> = description.and_then(|text| serde_json::from_slice(&text).ok());
    if let Some(description) = description {
        let mut hash = Sha256::new();
        let copied = std::fs::File::open(file).and_then(|file| hash_all(file, &mut hash));
        let bytes = copied.map_err(|error| Failure::new(format!("cannot read `{}`: {error}", file.display())))?;
        if (bytes, hex::encode(hash.finalize())) != (description.bytes, description.sha256) {
            return Err(Failure::new(format!(
                "`{}` is damaged or ends early: its checksum is not the one beside it",
                file.display()
            ))
            .hint("take another backup; `quantapilot backup list` shows them"));
        }
    }
    let manifest = archive::read(file, passphrases, each)?;
    if let Some(schema) = &manifest.database {
        database::check(schema)?;
    }
    Ok(manifest)
}

/// When the newest backup of a directory was made.
pub(crate) fn newest(dir: &Path) -> Result<Option<time::OffsetDateTime>, Failure> {
    Ok(folder::list(dir)?.first().map(|backup| backup.created_at))
}

/// The named backup, or the newest.
fn choose(file: Option<&Path>, dir: &Path) -> Result<PathBuf, Failure> {
    if let Some(file) = file {
        return Ok(file.to_owned());
    }
    let newest = folder::list(dir)?.into_iter().next();
    newest.map(|backup| backup.file).ok_or_else(|| {
        Failure::new(format!("there is no backup in `{}`", dir.display())).hint("--dir names another directory")
    })
}

/// `BACKUP_PASSPHRASE` or `BACKUP_PASSPHRASE_FILE`: one a line, the first encrypts, each may decrypt.
fn passphrases() -> Result<Vec<SecretString>, Failure> {
    let mut env = Reader::from_env();
    let text = env.rotating_secret("BACKUP_PASSPHRASE", 12);
    env.finish()?;
    let lines = text.expose().lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(|line| SecretString::from(line.to_owned())).collect())
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}
