//! The folder of backups: names that sort by time, a description beside each, and how many are kept.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::archive::{Manifest, Written};
use super::database::Schema;
use crate::output::Failure;

const PREFIX: &str = "quantapilot-";
const SUFFIX: &str = ".backup.age";
const STAMP: time::format_description::StaticFormatDescription =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// What stands beside a backup: no secret, and enough to choose one without its passphrase.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Description {
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
    pub(super) made_by: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// The newest migration.
    pub(super) schema: Option<i64>,
    pub(super) rows: Option<u64>,
    pub(super) workflows: Option<usize>,
    pub(super) secrets: Option<usize>,
}

/// One backup in the folder.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    pub(super) file: PathBuf,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
    pub(super) bytes: u64,
    pub(super) description: Option<Description>,
}

impl Description {
    pub(super) fn of(manifest: &Manifest, written: &Written) -> Self {
        Self {
            created_at: manifest.created_at,
            made_by: manifest.made_by.clone(),
            bytes: written.bytes,
            sha256: written.sha256.clone(),
            schema: manifest.database.as_ref().and_then(Schema::newest_migration),
            rows: manifest.database.as_ref().map(|schema| schema.tables.iter().map(|table| table.rows).sum()),
            workflows: manifest.workflows,
            secrets: manifest.secrets.as_ref().map(Vec::len),
        }
    }
}

/// A file that is being written; gone again unless it is kept.
pub(super) struct Unfinished {
    path: PathBuf,
    target: PathBuf,
}

impl Unfinished {
    pub(super) fn create(dir: &Path, now: OffsetDateTime) -> Result<(Self, File), Failure> {
        let make = || -> io::Result<(Self, File)> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
            let name = format!("{PREFIX}{}{SUFFIX}", now.format(STAMP).map_err(io::Error::other)?);
            let (target, path) = (dir.join(&name), dir.join(format!(".{name}.unfinished")));
            if target.exists() {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a backup of this second is there"));
            }
            // One that was killed left its own behind.
            for entry in fs::read_dir(dir)?.flatten() {
                if entry.file_name().to_string_lossy().ends_with(".unfinished") {
                    fs::remove_file(entry.path())?;
                }
            }
            let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            Ok((Self { path, target }, file))
        };
        make().map_err(|error| writing(dir, &error))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, with the description beside it.
    pub(super) fn keep(self, description: &Description) -> Result<PathBuf, Failure> {
        let target = self.target.clone();
        let keep = || -> io::Result<()> {
            replace(&beside(&target), &serde_json::to_vec_pretty(description)?, 0o600)?;
            fs::rename(&self.path, &target)?;
            File::open(target.parent().unwrap_or(Path::new(".")))?.sync_all()
        };
        keep().map_err(|error| writing(&target, &error))?;
        Ok(target)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Why something could not be written, with what to do about it.
pub(super) fn writing(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new(format!("cannot write `{}`: {error}", path.display()));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failure.hint("the disk is full: make room or keep fewer with --keep; backups that were there are untouched")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            failure.hint("the user that runs this must be able to write there: check owner and mode of the directory")
        }
        _ => failure,
    }
}

/// The description's file.
pub(super) fn beside(backup: &Path) -> PathBuf {
    backup.with_extension("json")
}

/// Writes a small file whole or not at all.
pub(super) fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}

/// Every backup, the newest first.
pub(super) fn list(dir: &Path) -> Result<Vec<Listed>, Failure> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::new(format!("cannot read `{}`: {error}", dir.display()))),
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let stamp = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
        let Some(at) = stamp.and_then(|stamp| PrimitiveDateTime::parse(stamp, STAMP).ok()) else { continue };
        let file = entry.path();
        let description = fs::read(beside(&file)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let bytes = entry.metadata().map_or(0, |meta| meta.len());
        found.push(Listed { file, created_at: at.assume_utc(), bytes, description });
    }
    found.sort_by_key(|backup| std::cmp::Reverse(backup.created_at));
    Ok(found)
}

/// Removes all but the newest `keep`.
pub(super) fn prune(dir: &Path, keep: usize) -> Result<Vec<PathBuf>, Failure> {
    let mut removed = Vec::new();
    for old in list(dir)?.into_iter().skip(keep.max(1)) {
        fs::remove_file(&old.file).map_err(|error| writing(&old.file, &error))?;
        let _ = fs::remove_file(beside(&old.file));
        removed.push(old.file);
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_closed_directory_say_what_to_do() {
        let hint = |kind: io::ErrorKind| format!("{:?}", writing(Path::new("backups"), &io::Error::from(kind)));
        assert!(hint(io::ErrorKind::StorageFull).contains("the disk is full"));
        assert!(hint(io::ErrorKind::PermissionDenied).contains("owner and mode"));
    }
}
