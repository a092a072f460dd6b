//! The secrets' files, in and out.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::init;
use crate::output::Failure;

/// Of no use inside: who reads it there knows it already.
const LEFT_OUT: &str = "backup_passphrase";

/// Credentials that people gave, as `init --given` names them.
const GIVEN: [&str; 5] = ["github_token", "github_app_private_key", "cursor_api_key", "telegram_bot_token", "smtp_url"];

/// Every file of the directory by name.
pub(super) fn read(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let unreadable = |error: io::Error| {
        Failure::new(format!("cannot read the secrets in `{}`: {error}", dir.display()))
            .hint("--secrets-dir names the directory, --part database leaves the secrets out")
    };
    let mut files = BTreeMap::new();
    for name in names(dir).map_err(unreadable)? {
        let path = dir.join(&name);
        match fs::metadata(&path) {
            Ok(file) if file.is_file() => {
                files.insert(name, fs::read(path).map_err(unreadable)?);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unreadable(error)),
            _ => {}
        }
    }
    Ok(files)
}

/// What there is, or, where one may read files but not look around, what there could be.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    let kept = |name: &String| !name.starts_with('.') && name != LEFT_OUT;
    match fs::read_dir(dir) {
        Ok(entries) => {
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            Ok(names.collect::<io::Result<Vec<_>>>()?.into_iter().filter(kept).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Ok(init::names().chain(GIVEN).map(str::to_owned).filter(kept).collect())
        }
        Err(error) => Err(error),
    }
}

/// What became of the files.
#[derive(Debug, Default, serde::Serialize)]
pub(super) struct Restored {
    pub(super) written: Vec<String>,
    pub(super) kept: Vec<String>,
}

/// Writes what is missing. What is there and different stays, and is an error, unless `force`.
pub(super) fn write(dir: &Path, files: &BTreeMap<String, Vec<u8>>, force: bool) -> Result<Restored, Failure> {
    let different: Vec<&str> = files
        .iter()
        .filter(|(name, text)| fs::read(dir.join(name)).is_ok_and(|there| there != **text))
        .map(|(name, _)| name.as_str())
        .collect();
    if !different.is_empty() && !force {
        return Err(Failure::new(format!(
            "`{}` holds other secrets of these names: {}",
            dir.display(),
            different.join(", ")
        ))
        .hint("restore into an empty directory, or add --force to replace them (a Postgres that was made with the other password keeps it)"));
    }
    let mut restored = Restored::default();
    let mut write = || -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        for (name, text) in files {
            let path = dir.join(name);
            if fs::read(&path).is_ok_and(|there| there == *text) {
                restored.kept.push(name.clone());
                continue;
            }
            let unfinished = dir.join(format!(".{name}.restored"));
            let mut file =
                fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
            file.write_all(text)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            restored.written.push(name.clone());
        }
        Ok(())
    };
    write().map_err(|error| super::folder::writing(dir, &error))?;
    Ok(restored)
}
