//! A tree of files, wherever it is: in memory, in a directory, in a git revision.

use std::{borrow::Cow, collections::BTreeMap, io};

#[cfg(feature = "cli")]
mod directory;
#[cfg(feature = "cli")]
mod git;

#[cfg(feature = "cli")]
pub use directory::Directory;
#[cfg(feature = "cli")]
pub use git::Revision;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    File,
    /// Holds its target as written. It is never followed on disk, only resolved by name inside the tree.
    Symlink(String),
    /// Devices, sockets, submodules, names that are not UTF-8: known to exist, never read.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Relative, with `/` between the parts.
    pub path: String,
    pub size: u64,
    pub kind: Kind,
}

/// Read access to files. Implementations answer only for what they list.
pub trait Tree: Sync {
    fn entries(&self) -> Cow<'_, [Entry]>;

    fn read(&self, path: &str) -> io::Result<Cow<'_, [u8]>>;

    /// The text of a file, or nothing when it is missing or unreadable.
    fn text(&self, path: &str) -> Option<String> {
        self.read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A tree in memory: path to bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), bytes.into());
    }

    #[must_use]
    pub fn with(mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.insert(path, bytes);
        self
    }
}

impl<P: Into<String>, B: Into<Vec<u8>>> FromIterator<(P, B)> for Files {
    fn from_iter<I: IntoIterator<Item = (P, B)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect())
    }
}

impl Tree for Files {
    fn entries(&self) -> Cow<'_, [Entry]> {
        self.0
            .iter()
            .map(|(path, bytes)| Entry { path: path.clone(), size: bytes.len() as u64, kind: Kind::File })
            .collect()
    }

    fn read(&self, path: &str) -> io::Result<Cow<'_, [u8]>> {
        self.0
            .get(path)
            .map(|bytes| Cow::Borrowed(bytes.as_slice()))
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("`{path}` is not in the tree")))
    }
}
