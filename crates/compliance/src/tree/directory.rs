//! A directory on disk, as git would see it: ignored files are left out, links are not followed.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use ignore::{WalkBuilder, WalkState};

use super::{Entry, Kind, Tree};

pub struct Directory {
    root: PathBuf,
    entries: Vec<Entry>,
}

impl Directory {
    /// Lists the directory once; files that appear later are not seen.
    pub fn open(root: &Path) -> io::Result<Self> {
        if !fs::metadata(root)?.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                format!("`{}` is not a directory", root.display()),
            ));
        }
        let found = Mutex::new(Vec::new());
        // Only what the tree itself says decides: no ignore file above it, no personal one, so two machines agree.
        WalkBuilder::new(root)
            .hidden(false)
            .parents(false)
            .ignore(false)
            .git_global(false)
            .git_exclude(false)
            .require_git(false)
            .follow_links(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build_parallel()
            .run(|| {
                Box::new(|item| {
                    // A directory that cannot be listed is like an empty one: the check goes on with the rest.
                    let Ok(item) = item else { return WalkState::Continue };
                    if let Some(entry) = entry(root, &item)
                        && let Ok(mut found) = found.lock()
                    {
                        found.push(entry);
                    }
                    WalkState::Continue
                })
            });
        let mut entries = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root: root.to_path_buf(), entries })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
}

fn entry(root: &Path, item: &ignore::DirEntry) -> Option<Entry> {
    let kind = item.file_type()?;
    if kind.is_dir() {
        return None;
    }
    let relative = item.path().strip_prefix(root).ok()?;
    let mut path = String::new();
    let mut readable = true;
    for part in relative.components() {
        let name = part.as_os_str().to_string_lossy();
        readable &= matches!(name, Cow::Borrowed(_));
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(&name);
    }
    if path.is_empty() {
        return None;
    }
    let kind = if kind.is_symlink() {
        Kind::Symlink(fs::read_link(item.path()).ok()?.to_string_lossy().replace('\\', "/"))
    } else if kind.is_file() && readable {
        Kind::File
    } else {
        Kind::Other
    };
    Some(Entry { path, size: 0, kind })
}

impl Tree for Directory {
    fn entries(&self) -> Cow<'_, [Entry]> {
        Cow::Borrowed(&self.entries)
    }

    fn read(&self, path: &str) -> io::Result<Cow<'_, [u8]>> {
        let outside = || io::Error::new(io::ErrorKind::PermissionDenied, format!("`{path}` is not in the tree"));
        let index = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).map_err(|_| outside())?;
        if self.entries[index].kind != Kind::File {
            return Err(outside());
        }
        let full = self.root.join(path);
        // Listed as a regular file; a link put in its place since then is refused, not followed.
        if !fs::symlink_metadata(&full)?.is_file() {
            return Err(outside());
        }
        fs::read(full).map(Cow::Owned)
    }
}
